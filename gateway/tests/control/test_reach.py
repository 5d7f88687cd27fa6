import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.reach import InProcess, OverHttp, announced, path_of, reach
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.settings import Settings, load
from gatepost_gateway.storage.lock import acquire


def settings(folder: Path) -> Settings:
    return load(variables={"GATEPOST_DATA_DIR": str(folder / "data")}, folder=folder)


class Answers(http.server.BaseHTTPRequestHandler):
    """Tells what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        page = {"path": self.path, "key": self.headers["authorization"], "body": json.loads(body)}
        self._say(201, json.dumps(page).encode())

    def do_GET(self) -> None:
        self._say(200, b"<html>" if self.path == "/html" else b"")

    def _say(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *said: Any) -> None:
        return


@pytest.fixture
def url() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_over_http(url: str) -> None:
    way = OverHttp(url + "/gate", Secret("gpa_k"))
    status, page = way.call("POST", path_of("models", "a/b c"), {"x": 1}, (("property", "a:b"), ("property", "c")))
    assert status == 201
    assert page["path"] == "/gate/api/v1/models/a/b%20c?property=a%3Ab&property=c"
    assert (page["key"], page["body"]) == ("Bearer gpa_k", {"x": 1})
    assert way.call("GET", "/none") == (200, None)
    with pytest.raises(GatewayFault, match="not JSON"):
        OverHttp(url, Secret("k")).call("GET", "/html")


def test_in_this_process(tmp_path: Path) -> None:
    way = reach(settings(tmp_path), None, None, create=True)
    assert isinstance(way, InProcess)
    assert len(way.notices) == 2
    status, page = way.call("GET", path_of("keys"))
    assert (status, len(page["items"])) == (200, 2)
    assert way.call("GET", path_of("traces"), query=(("limit", "3"),)) == (200, {"items": [], "next_cursor": None})
    with pytest.raises(GatewayFault, match="does not say where it listens"):
        reach(settings(tmp_path), None, None)
    way.close()
    again = reach(settings(tmp_path), None, None)
    assert again.notices == []
    again.close()


def test_a_gateway_that_runs_is_asked(tmp_path: Path, url: str) -> None:
    reach(settings(tmp_path), None, None, create=True).close()
    (tmp_path / "data" / "server.json").write_text(json.dumps({"url": url, "pid": 1, "token": "gpa_local_t"}))
    with acquire(tmp_path / "data" / "lock"):
        way = reach(settings(tmp_path), None, None)
        assert way.call("POST", "/x", {})[1]["key"] == "Bearer gpa_local_t"
    said = announced(tmp_path / "data")
    assert said == {"url": url, "pid": 1}
    assert announced(tmp_path) is None


def test_nobody_is_there(tmp_path: Path) -> None:
    with pytest.raises(GatewayFault, match="there is no gateway in"):
        reach(settings(tmp_path), None, None)
    assert not (tmp_path / "data").exists()
    with pytest.raises(GatewayFault, match="no key for"):
        reach(settings(tmp_path), "http://x", None)
    with pytest.raises(GatewayFault, match="not the address"):
        reach(settings(tmp_path), "gopher://x", Secret("k"))
