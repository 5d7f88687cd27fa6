"""Running it: first and second start, stopping, health, limits, TLS, the command line, keys and configuration."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e.certificates import certificate
from e2e.running import Gateway, alive, until

SLOW = "/pace 60\n/words 20"


@pytest.fixture
def make() -> Iterator[Callable[..., Gateway]]:
    """Gateways of one test's own, not started."""
    made: list[Gateway] = []

    def one(config: str = "", **more: Any) -> Gateway:
        made.append(Gateway(config, **more))
        return made[-1]

    yield one
    for gateway in made:
        gateway.close()


# Start and stop.


def test_a_first_start_shows_its_keys_once_and_a_line_that_works(
    make: Callable[..., Gateway], skip_or_fail: Callable[[str], None]
) -> None:
    gateway = make(keys=False).start()
    first = gateway.log()
    assert len(re.findall(r"gpa_\w+", first)) == 1
    (runtime,) = set(re.findall(r"\bgp_\w+", first))
    (line,) = [line.strip() for line in first.splitlines() if line.strip().startswith("curl ")]
    if shutil.which("curl") is None:
        skip_or_fail("curl is not here")
    said = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True, timeout=20).stdout
    assert json.loads(said)["choices"][0]["message"]["content"] == "Hello, gate."
    answer = gateway.chat(key=runtime)
    assert answer.status_code == 200
    gateway.stop()

    gateway.start()
    second = gateway.log()[len(first) :]
    assert "gp_" not in second
    assert "gpa_" not in second
    gateway.admin_key = re.findall(r"gpa_\w+", first)[0]
    assert gateway.chat(key=runtime).status_code == 200
    assert gateway.step(answer)["outcome"] == "answered"
    for path in gateway.data.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, f"others may read {path}"
        assert path.is_dir() or runtime.encode() not in path.read_bytes(), f"the key stands in {path}"


class _Listener(threading.Thread):
    """Reads a long stream from beginning to end."""

    def __init__(self, gateway: Gateway, text: str = SLOW) -> None:
        super().__init__(daemon=True)
        self.gateway, self.text = gateway, text
        self.got = b""
        self.trace_id = ""
        self.failure: Exception | None = None
        self.start()
        until(lambda: b"word1" in self.got)

    def run(self) -> None:
        body = {"model": "sandbox/echo", "stream": True, "messages": [{"role": "user", "content": self.text}]}
        headers = {"authorization": f"Bearer {self.gateway.runtime_key}"}
        url = f"{self.gateway.base_url}/v1/chat/completions"
        try:
            with httpx.stream("POST", url, json=body, headers=headers, timeout=20) as answer:
                self.trace_id = answer.headers["x-gatepost-trace-id"]
                for piece in answer.iter_raw():
                    self.got += piece
        except httpx.HTTPError as error:
            self.failure = error


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_running_calls_finish(make: Callable[..., Gateway], number: int) -> None:
    gateway = make(json.dumps({"server": {"drain_seconds": 10}})).start()
    listener = _Listener(gateway)
    gateway.signal(number)
    until(lambda: not _reachable(gateway))
    assert b"[DONE]" not in listener.got
    listener.join(10)
    assert listener.failure is None
    assert listener.got.endswith(b"data: [DONE]\n\n")
    assert gateway.process is not None
    assert gateway.process.wait(10) == 0
    assert not [pid for pid in gateway._children if alive(pid)]
    gateway.process = None
    gateway.start()
    (step,) = gateway.trace(listener.trace_id)["steps"]
    assert (step["outcome"], step["estimated"]) == ("answered", False)


def test_a_terminal_that_closes_is_a_stop_as_well(make: Callable[..., Gateway]) -> None:
    gateway = make().start()
    listener = _Listener(gateway)
    # A terminal tells all of its processes.
    for pid in (gateway.control_pid(), gateway.pid):
        os.kill(pid, signal.SIGHUP)
    listener.join(10)
    assert listener.failure is None
    assert listener.got.endswith(b"data: [DONE]\n\n")
    assert gateway.process is not None
    assert gateway.process.wait(10) == 0
    gateway.process = None
    gateway.start()
    assert gateway.trace(listener.trace_id)["steps"][0]["outcome"] == "answered"


def test_what_says_that_a_terminal_may_close_goes_on(make: Callable[..., Gateway]) -> None:
    gateway = make()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        gateway.start()
    finally:
        signal.signal(signal.SIGHUP, before)
    gateway.signal(signal.SIGHUP)
    assert gateway.chat().status_code == 200
    assert gateway.ready()


def test_no_answer_without_its_record_when_the_journal_is_removed(make: Callable[..., Gateway]) -> None:
    gateway = make().start()
    assert gateway.step(gateway.chat())["outcome"] == "answered"
    shutil.rmtree(gateway.data / "journal")
    assert gateway.request("GET", "/health/ready").status_code == 503
    answer = gateway.chat()
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "records_unavailable")
    assert "start the gateway again" in answer.text
    assert "start the gateway again" in gateway.request("GET", "/health").json()["parts"]["journal"]
    assert "gatepost_ready 0" in gateway.request("GET", "/metrics").text
    process = gateway.process
    assert process is not None
    process.terminate()
    process.wait(20)
    gateway.process = None
    gateway.start()
    assert gateway.step(gateway.chat())["outcome"] == "answered"
    assert "the journal is not here" in gateway.log()


def test_records_that_take_nothing_in_are_a_word_on_health(make: Callable[..., Gateway]) -> None:
    gateway = make().start()
    assert gateway.get("/health")["status"] == "healthy"
    os.kill(gateway.control_pid(), signal.SIGSTOP)
    answer = gateway.chat()
    segment = max((gateway.data / "journal").glob("*.gpj"))
    whole = segment.read_bytes()
    segment.write_bytes(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
    os.kill(gateway.control_pid(), signal.SIGCONT)
    until(lambda: gateway.get("/health")["parts"]["records"] != "ok")
    health = gateway.get("/health")
    assert (health["status"], health["ready"]) == ("degraded", True)
    assert "damaged" in health["parts"]["records"]
    assert str(gateway.data) not in json.dumps(health)
    segment.write_bytes(whole)
    until(lambda: gateway.get("/health")["parts"]["records"] == "ok")
    assert gateway.step(answer)["outcome"] == "answered"


def test_a_configuration_that_is_gone_is_not_made_anew(make: Callable[..., Gateway]) -> None:
    gateway = make().start()
    gateway.chat()
    gateway.stop()
    kept = gateway.folder / "kept"
    kept.mkdir()
    for path in gateway.data.glob("config.db*"):
        path.rename(kept / path.name)
    with pytest.raises(AssertionError, match=r"config.db` is gone or empty.*restore it from a backup"):
        gateway.start()
    said = gateway.run("keys", "list", code=1).stderr
    assert "restore it from a backup" in said
    for path in kept.iterdir():
        path.rename(gateway.data / path.name)
    gateway.start()


def _reachable(gateway: Gateway) -> bool:
    try:
        socket.create_connection(("127.0.0.1", gateway.port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_stop_waits_no_longer_than_it_is_told(make: Callable[..., Gateway]) -> None:
    gateway = make(json.dumps({"server": {"drain_seconds": 1}})).start()
    listener = _Listener(gateway, "/pace 100\n/words 200")
    began = time.monotonic()
    gateway.stop(seconds=8)
    assert 0.5 < time.monotonic() - began < 6
    listener.join(5)
    assert b"[DONE]" not in listener.got
    gateway.start()
    (step,) = gateway.trace(listener.trace_id)["steps"]
    assert step["outcome"] in ("abandoned", "interrupted")
    assert gateway.get("/health")["open_holds"] == 0


def test_the_control_plane_comes_back_and_calls_go_on(make: Callable[..., Gateway]) -> None:
    gateway = make().start()
    old = gateway.control_pid()
    gateway.signal(0)
    subprocess.run(["/bin/kill", "-9", str(old)], check=True)
    statuses = [gateway.chat().status_code for _ in range(20)]
    assert set(statuses) == {200}
    until(lambda: gateway.children() and gateway.children()[0] != old and gateway.ready())
    until(lambda: gateway.request("GET", "/api/v1/traces").status_code == 200)
    assert len(gateway.get("/api/v1/traces?limit=200")["items"]) == 20


# What operators ask.


def test_health_and_version(gateway: Gateway) -> None:
    version = gateway.get("/version")["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", version)
    assert gateway.get("/up") == {"status": "ok", "version": version}
    health = gateway.get("/health")
    assert (health["status"], health["version"]) == ("healthy", version)
    assert health["parts"] == {"journal": "ok", "control": "ok", "records": "ok"}
    assert gateway.get("/health/live")["status"] == "ok"
    assert gateway.get("/health/ready")["status"] == "ok"
    config = gateway.get("/api/v1/sdk/config", key=gateway.runtime_key)
    assert config == {"features": {"offline_testing": False}, "version": version, "project": "default"}
    for path in ("/up", "/health", "/version", "/openapi.json", "/nowhere"):
        answer = httpx.get(gateway.base_url + path)
        assert answer.headers["x-request-id"], path
        assert answer.headers["content-type"].startswith("application/json"), path


def test_the_api_describes_itself(gateway: Gateway) -> None:
    document = httpx.get(f"{gateway.base_url}/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for path in ("/api/v1/traces", "/api/v1/models", "/api/v1/keys", "/api/v1/versions", "/v1/chat/completions"):
        assert path in document["paths"], path


def test_every_page_wants_a_key(gateway: Gateway) -> None:
    pages = ("/api/v1/traces", "/api/v1/models", "/api/v1/keys", "/api/v1/versions", "/api/v1/projects", "/v1/models")
    for path in (*pages, "/api/v1/sdk/config"):
        bare = httpx.get(gateway.base_url + path)
        assert bare.status_code == 401, path
        assert "missing_key" in bare.text
    for path in ("/api/v1/keys", "/api/v1/versions"):
        answer = gateway.request("GET", path, key=gateway.runtime_key)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path


def test_logs_are_json_lines(make: Callable[..., Gateway]) -> None:
    gateway = make().start()
    assert gateway.chat(text="/error 500 on purpose").status_code == 502
    gateway.stop()
    lines = [line for line in gateway.log().splitlines() if not line.startswith("gatepost is listening")]
    said = [json.loads(line) for line in lines]
    assert said, "a failed call left no line"
    assert {"time", "level", "logger", "message"} <= set(said[0])
    assert said[0]["code"] == "upstream_failed"


# Limits, over a real socket.

TIGHT = {
    "server": {
        "limits": {
            "body_bytes": 10_000, "header_bytes": 4_096, "header_count": 20, "header_seconds": 0.4, "body_seconds": 0.4,
        }
    }
}  # fmt: skip


@pytest.fixture(scope="module")
def tight(gateways: Callable[..., Gateway]) -> Gateway:
    return gateways(json.dumps(TIGHT))


def _speak(gateway: Gateway, *pieces: bytes) -> tuple[int, dict[str, str], Any]:
    """(status, headers, JSON) of what is answered to these bytes, a moment between them."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as sock:
        for number, piece in enumerate(pieces):
            if number:
                time.sleep(0.05)
            try:
                sock.sendall(piece)
            except OSError:
                break
        said = b""
        while b"\r\n\r\n" not in said:
            got = sock.recv(65536)
            assert got, f"closed without an answer: {said!r}"
            said += got
        head, _, body = said.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers["content-length"]):
            body += sock.recv(65536)
    return int(first.split(" ")[1]), headers, json.loads(body)


def _head(gateway: Gateway, *lines: str) -> bytes:
    usual = ["POST /v1/chat/completions HTTP/1.1", "host: gate", f"authorization: Bearer {gateway.runtime_key}"]
    return ("\r\n".join([*usual, "content-type: application/json", *lines]) + "\r\n\r\n").encode()


def _body(text: str = "Hi") -> bytes:
    return json.dumps({"model": "sandbox/echo", "messages": [{"role": "user", "content": text}]}).encode()


def _requests(gateway: Gateway) -> dict[str, tuple[tuple[bytes, ...], int, str]]:
    long = _body("x" * 11_000)
    nested = b'{"model":"sandbox/echo","messages":' + b"[" * 2_000 + b"]" * 2_000 + b"}"
    return {
        "long body": ((_head(gateway, f"content-length: {len(long)}"), long), 413, "body_too_large"),
        "long chunked body": (
            (_head(gateway, "transfer-encoding: chunked"), b"%x\r\n%b\r\n0\r\n\r\n" % (len(long), long)),
            413,
            "body_too_large",
        ),
        "long header": ((_head(gateway, "x-long: " + "y" * 5_000),), 431, "headers_too_large"),
        "many headers": ((_head(gateway, *(f"x-{n}: y" for n in range(30))),), 431, "headers_too_large"),
        "endless header": ((b"POST / HTTP/1.1\r\nx-long: ", *[b"y" * 1_000] * 6), 431, "headers_too_large"),
        "no HTTP": ((b"BREW coffee please\r\n\r\n",), 400, "invalid_request"),
        "slow head": ((b"POST /v1/chat/completions HTTP/1.1\r\nhost: gate\r\n",), 408, "request_timeout"),
        "slow body": ((_head(gateway, "content-length: 100"), b'{"model":'), 408, "request_timeout"),
        "no JSON": ((_head(gateway, "content-length: 4"), b"{..."), 400, "invalid_json"),
        "deep JSON": ((_head(gateway, f"content-length: {len(nested)}"), nested), 400, "json_too_deep"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "long body", "long chunked body", "long header", "many headers", "endless header", "no HTTP", "slow head",
        "slow body", "no JSON", "deep JSON",
    ],
)  # fmt: skip
def test_what_passes_a_limit_is_refused(tight: Gateway, name: str) -> None:
    pieces, status, code = _requests(tight)[name]
    said, headers, page = _speak(tight, *pieces)
    assert said == status
    assert page["error"]["code"] == code
    assert page["error"]["message"]
    assert headers["x-request-id"]
    assert headers["content-type"] == "application/json"
    assert tight.chat().status_code == 200


def test_unknown_paths_and_methods(gateway: Gateway) -> None:
    wrong = {
        ("GET", "/nowhere"): (404, "not_found"),
        ("GET", "/v1/chat/completions"): (405, "method_not_allowed"),
        ("DELETE", "/v1/models/sandbox"): (405, "method_not_allowed"),
        ("GET", "/api/v1/nowhere"): (404, "not_found"),
    }
    for (method, path), (status, code) in wrong.items():
        answer = gateway.request(method, path)
        page = answer.json()
        assert answer.status_code == status, path
        assert (page["error"]["code"] if path.startswith("/v1/") else page["code"]) == code


# TLS.


def test_tls(make: Callable[..., Gateway], tmp_path: Path) -> None:
    certificate(tmp_path)
    gateway = make(json.dumps({"server": {"tls": {"cert": "cert.pem", "key": "key.pem"}}}), folder=tmp_path)
    gateway.scheme = "https"
    gateway.start()
    trusted = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    with httpx.Client(verify=trusted, base_url=gateway.base_url) as client:
        assert client.get("/up").json()["status"] == "ok"
        body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "sealed"}], "stream": True}
        answer = client.post(
            "/v1/chat/completions", json=body, headers={"authorization": f"Bearer {gateway.runtime_key}"}
        )
        assert answer.text.endswith("data: [DONE]\n\n")
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{gateway.port}/up", timeout=3)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(tmp_path / "cert.pem")
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("127.0.0.1", gateway.port)) as sock,
        old.wrap_socket(sock, server_hostname="localhost") as secure,
    ):
        assert secure.version() in ("TLSv1.2", "TLSv1.3")


# Configuration that cannot be.


def _refused_start(gateway: Gateway) -> str:
    process = gateway.launch()
    code = process.wait(20)
    gateway.process = None
    assert code == 1, gateway.log()
    assert "Traceback" not in gateway.log(), gateway.log()
    return gateway.log()


def test_a_wrong_file_stops_the_start_with_every_mistake(make: Callable[..., Gateway]) -> None:
    gateway = make(
        "server:\n  listn: 127.0.0.1:1\nmodels:\n"
        "  - {id: one, identifier: x, provider: opena, base_url: http://127.0.0.1:1}\n"
        "  - {id: two, identifier: y, provider: openai, api_key: sk-literal}\n"
        "fallbacks: {one: [tow]}\n"
    )
    said = _refused_start(gateway)
    for words in (
        "gatepost.yaml:2:", "`listn`", "did you mean `listen`?", "gatepost.yaml:4:", "did you mean `openai`?",
        "gatepost.yaml:5:", "api_key",
    ):  # fmt: skip
        assert words in said, said
    assert "sk-literal" not in said
    assert not (gateway.data / "config.db").exists(), "something was applied"


def test_names_that_mean_nothing_stop_the_start(make: Callable[..., Gateway]) -> None:
    gateway = make(
        "models:\n  - {id: alpha, identifier: x, provider: openai}\nfallbacks:\n  alpha: [alhpa2]\n"
        "projects:\n  - {id: default, default_model: alpah}\n"
    )
    said = _refused_start(gateway)
    for words in ("gatepost.yaml:4:", "`alhpa2` is not declared", "gatepost.yaml:6:", "did you mean `alpha`?"):
        assert words in said, said


def test_a_wrong_environment_stops_the_start(make: Callable[..., Gateway]) -> None:
    gateway = make(env={"GATEPOST_LISTN": "127.0.0.1:1", "GATEPOST_RUNTIME_KEY": "short"})
    said = _refused_start(gateway)
    assert "`GATEPOST_LISTN`: did you mean `GATEPOST_LISTEN`?" in said
    assert "`GATEPOST_RUNTIME_KEY` must be at least" in said


def test_an_address_in_use_stops_the_start(make: Callable[..., Gateway]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gateway = make(port=taken.getsockname()[1])
        said = _refused_start(gateway)
    assert f"cannot listen on `127.0.0.1:{gateway.port}`" in said
    assert "GATEPOST_LISTEN" in said


def test_more_workers_than_one_need_another_database(make: Callable[..., Gateway]) -> None:
    done = make().run("serve", "--workers", "2", code=2)
    assert "PostgreSQL" in done.stderr


# The command line beside the running server.


def test_traces_and_explain(gateway: Gateway) -> None:
    answer = gateway.chat(text="what happened?", headers={"x-gatepost-property-team": "red"})
    trace_id = answer.headers["x-gatepost-trace-id"]
    assert trace_id in gateway.run("traces").stdout
    page = gateway.run_json("traces", "--property", "team:red")
    assert [row["id"] for row in page["items"]] == [trace_id]
    shown = gateway.run_json("traces", trace_id)
    assert shown["steps"][0]["model"] == "sandbox/echo"
    story = gateway.run("explain", trace_id).stdout
    for words in (trace_id, "sandbox/echo", "answered with 200", "team=red", "cost"):
        assert words in story
    missing = gateway.run("explain", "0192d3a0-0000-7000-8000-00000000dead", code=1)
    assert "there is no trace" in missing.stderr


def test_the_command_line_needs_no_key_on_the_machine_itself(make: Callable[..., Gateway]) -> None:
    gateway = make(keys=False).start()
    (runtime,) = set(re.findall(r"\bgp_\w+", gateway.log()))
    gateway.chat(key=runtime)
    assert len(gateway.run_json("traces")["items"]) == 1


def test_a_key_from_the_cradle_to_the_grave(gateway: Gateway) -> None:
    made = gateway.run_json("keys", "create", "one more")
    key, key_id = made["key"], made["id"]
    assert key.startswith(f"gp_{key_id}_")
    assert gateway.chat(key=key).status_code == 200
    listed = gateway.run("keys", "list").stdout
    assert key_id in listed
    assert key not in listed
    for action, status, code in (
        ("pause", 401, "key_paused"),
        ("resume", 200, None),
        ("revoke", 401, "key_revoked"),
    ):
        gateway.run("keys", action, key_id)
        answer = gateway.chat(key=key)
        assert answer.status_code == status, action
        assert code is None or answer.json()["error"]["code"] == code
    assert gateway.run("keys", "resume", key_id, code=1).stderr


def test_a_revoked_key_is_refused_at_once(gateway: Gateway) -> None:
    """The answer to a write comes when the data plane serves it; another process may take a second."""
    for action, code in (("pause", "key_paused"), ("revoke", "key_revoked")):
        made = gateway.post("/api/v1/keys", {"name": action, "kind": "runtime", "project": "default"}).json()
        assert gateway.chat(key=made["key"]).status_code == 200
        done = gateway.post(f"/api/v1/keys/{made['id']}/{action}")
        assert done.status_code == 200
        answer = gateway.chat(key=made["key"])
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)


def test_models_by_command(gateway: Gateway) -> None:
    gateway.run(
        "models", "add", "by-hand", "--provider", "openai", "--base-url", "http://127.0.0.1:9/v1",
        "--input-cost-per-1k", "0.5", "--output-cost-per-1k", "1",
    )  # fmt: skip
    listed = gateway.get("/v1/models", key=gateway.runtime_key)["data"]
    (mine,) = [model for model in listed if model["id"] == "by-hand"]
    assert mine["pricing"]["input_per_1k_usd"] == 0.5
    assert gateway.run_json("models", "show", "by-hand")["managed_by"] == "api"
    gateway.run("models", "remove", "by-hand")
    assert gateway.request("GET", "/v1/models/by-hand", key=gateway.runtime_key).status_code == 404


def test_apply_and_rollback(gateway: Gateway) -> None:
    before = gateway.get("/api/v1/versions")["items"][0]["number"]
    revoked = gateway.post("/api/v1/keys", {"name": "gone", "kind": "runtime", "project": "default"}).json()
    file = gateway.folder / "next.yaml"
    file.write_text("models:\n  - {id: applied, identifier: a, provider: internal, base_url: http://127.0.0.1:9/x}\n")
    dry = gateway.run("apply", "-f", str(file), "--dry-run", code=None)
    assert "applied" in dry.stdout
    assert gateway.request("GET", "/v1/models/applied", key=gateway.runtime_key).status_code == 404
    done = gateway.run_json("apply", "-f", str(file))
    assert done["number"] == before + 1
    assert gateway.request("GET", "/v1/models/applied", key=gateway.runtime_key).status_code == 200
    answer = gateway.chat()
    assert gateway.step(answer)["config_version"] == done["number"]
    owned = gateway.request("DELETE", "/api/v1/models/applied")
    assert (owned.status_code, owned.json()["code"]) == (409, "managed_by_file")
    gateway.post(f"/api/v1/keys/{revoked['id']}/revoke")

    difference = gateway.run("versions", "diff", str(before), str(done["number"])).stdout
    assert "applied" in difference
    gateway.run("versions", "rollback", str(before))
    assert gateway.request("GET", "/v1/models/applied", key=gateway.runtime_key).status_code == 404
    assert gateway.chat(key=revoked["key"]).json()["error"]["code"] == "key_revoked", "a rollback revived a key"
    numbers = [item["number"] for item in gateway.run_json("versions", "list")["items"]]
    assert numbers[0] == before + 2

    file.write_text("models:\n  - {id: bad, identifier: a, provider: nobody}\n")
    refused = gateway.run("apply", "-f", str(file), code=1)
    assert "next.yaml:2:" in refused.stderr
    assert gateway.get("/api/v1/versions")["items"][0]["number"] == before + 2


def test_a_call_in_flight_keeps_its_configuration(gateway: Gateway) -> None:
    listener = _Listener(gateway, "/pace 40\n/words 15")
    before = gateway.get("/health")["config_version"]
    entry = {"id": "meanwhile", "identifier": "m", "provider": "internal", "base_url": "http://127.0.0.1:9/x"}
    assert gateway.post("/api/v1/models", entry).status_code == 201
    assert gateway.get("/health")["config_version"] == before + 1
    listener.join(10)
    assert listener.got.endswith(b"data: [DONE]\n\n")
    assert gateway.trace(listener.trace_id)["steps"][0]["config_version"] == before
    gateway.request("DELETE", "/api/v1/models/meanwhile")


def test_doctor_and_backup(gateway: Gateway) -> None:
    gateway.chat()
    done = gateway.run("doctor", code=None)
    assert done.returncode in (0, 2), done.stdout
    assert "healthy" in done.stdout
    copy = gateway.folder / "copy"
    gateway.run("backup", str(copy))
    for name in ("config.db", "records.db"):
        with sqlite3.connect(copy / name) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
    assert not (copy / "master.key").exists(), "the key lies beside what it seals"
    assert list((copy / "journal").glob("*.gpj"))
    assert gateway.chat().status_code == 200


def test_a_backup_can_be_started(make: Callable[..., Gateway], gateway: Gateway, tmp_path: Path) -> None:
    answer = gateway.chat(text="remember me")
    gateway.run("backup", str(tmp_path / "data"))
    shutil.copy2(gateway.data / "master.key", tmp_path / "data" / "master.key")
    other = make(folder=tmp_path).start()
    assert other.step(answer)["outcome"] == "answered"


def test_init_writes_a_file_that_starts(make: Callable[..., Gateway]) -> None:
    gateway = make()
    (gateway.folder / "gatepost.yaml").unlink()
    gateway.run("init")
    assert "gatepost.yaml" in gateway.run("init", code=1).stderr
    gateway.start()
    assert gateway.chat().status_code == 200


def test_work_for_administrators_breaks_no_call(gateway: Gateway) -> None:
    ended = threading.Event()
    statuses: list[int] = []

    def administer(number: int) -> None:
        while not ended.is_set():
            entry = {
                "id": f"busy-{number}",
                "identifier": "b",
                "provider": "internal",
                "base_url": "http://127.0.0.1:9",
            }
            statuses.append(gateway.post("/api/v1/models", entry).status_code)
            for path in ("/api/v1/traces?limit=200", "/api/v1/models", "/openapi.json", "/api/v1/projects"):
                statuses.append(gateway.request("GET", path).status_code)
            statuses.append(gateway.request("DELETE", f"/api/v1/models/busy-{number}").status_code)

    workers = [threading.Thread(target=administer, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    try:
        calls = [gateway.chat(stream=number % 2 == 0).status_code for number in range(60)]
    finally:
        ended.set()
        for worker in workers:
            worker.join(20)
    assert set(calls) == {200}
    assert set(statuses) <= {200, 201, 204}
    assert len(statuses) > 20


def test_what_is_counted_can_be_scraped(make: Callable[..., Gateway]) -> None:
    gateway = make().start()
    for _ in range(3):
        assert gateway.chat().status_code == 200
    gateway.chat("gpt-nobody-has", key=gateway.runtime_key)
    page = httpx.get(f"{gateway.base_url}/metrics").text
    assert 'gatepost_requests_total{provider="sandbox",model="sandbox/echo",status="success"} 3' in page
    assert 'gatepost_request_latency_ms_count{provider="sandbox"} 3' in page
    assert "gpt-nobody-has" not in page
    size = next(line for line in page.splitlines() if line.startswith("gatepost_journal_bytes"))
    assert float(size.split()[1]) > 0
    forwarded = httpx.get(f"{gateway.base_url}/metrics", headers={"x-forwarded-for": "203.0.113.9"})
    assert forwarded.status_code == 401
