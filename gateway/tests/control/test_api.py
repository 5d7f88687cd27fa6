import asyncio
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.api import MAX_BODY, TABLE
from gatepost_gateway.control.auth import PUBLIC
from gatepost_gateway.control.endpoint import Access

from .house import ADMIN, Reply, ask, make


def one(folder: Path, method: str, path: str, body: Any = None, **more: Any) -> Reply:
    async def go() -> Reply:
        plane = make(folder)
        try:
            return await ask(plane, method, path, body, **more)
        finally:
            plane.close()

    return asyncio.run(go())


@pytest.mark.parametrize("endpoint", TABLE, ids=lambda one: f"{one.method} {one.path}")
def test_every_route_but_the_named_ones_needs_a_key(tmp_path: Path, endpoint: Any) -> None:
    path = endpoint.path.replace("{", "").replace("}", "")
    reply = one(tmp_path, endpoint.method, path, key=None)
    public = (endpoint.method, endpoint.path) in PUBLIC
    assert (reply.status == 401) is not public
    assert public is (endpoint.access is Access.PUBLIC)
    if not public:
        assert reply.json["code"] == "missing_key"


def test_a_path_that_means_nothing_is_not_told_to_strangers(tmp_path: Path) -> None:
    assert one(tmp_path, "GET", "/api/v1/nothing", key=None).status == 401
    reply = one(tmp_path, "GET", "/api/v1/nothing")
    assert (reply.status, reply.json["code"]) == (404, "not_found")


def test_a_wrong_method_names_the_right_ones(tmp_path: Path) -> None:
    reply = one(tmp_path, "PUT", "/api/v1/keys")
    assert (reply.status, reply.json["code"]) == (405, "method_not_allowed")
    assert "GET or POST" in reply.json["error"]


def test_every_answer_carries_its_request_id(tmp_path: Path) -> None:
    given = one(tmp_path, "GET", "/api/v1/keys", headers=[(b"x-request-id", b"mine-1")])
    assert given.headers["x-request-id"] == "mine-1"
    refused = one(tmp_path, "GET", "/api/v1/keys", key="gp_no_no")
    assert refused.headers["x-request-id"] == refused.json["request_id"]
    strange = one(tmp_path, "GET", "/api/v1/keys", headers=[(b"x-request-id", b"\xff" * 10)])
    assert strange.headers["x-request-id"].isascii()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"\xff", 400, "invalid_json"),
        (b"[" * 100_000, 400, "invalid_json"),
        (b"[]", 422, "validation_failed"),
        (b" " * (MAX_BODY + 1), 413, "body_too_large"),
    ],
)
def test_bad_bodies(tmp_path: Path, body: bytes, status: int, code: str) -> None:
    reply = one(tmp_path, "POST", "/api/v1/keys", body)
    assert (reply.status, reply.json["code"]) == (status, code)


def test_unknown_fields_are_told_with_their_place(tmp_path: Path) -> None:
    reply = one(tmp_path, "POST", "/api/v1/keys", {"name": "x", "projct": "default", "kind": "admn"})
    assert reply.status == 422
    assert {(error["where"], error["message"]) for error in reply.json["errors"]} == {
        ("projct", "unknown key `projct`: did you mean `project`?"),
        ("kind", "`admn` is not one of `runtime`, `admin`: did you mean `admin`?"),
    }


def test_a_parameter_that_means_nothing_is_refused(tmp_path: Path) -> None:
    assert "unknown parameter `x`" in one(tmp_path, "GET", "/api/v1/keys?x=1").json["error"]
    assert one(tmp_path, "GET", "/api/v1/traces?limit=1&limit=2").status == 400


def test_a_bug_is_told_without_its_words(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> Reply:
        plane = make(tmp_path)
        plane.store._sql = {}  # type: ignore[assignment]
        return await ask(plane, "GET", "/api/v1/versions")

    reply = asyncio.run(go())
    assert (reply.status, reply.json["code"]) == (500, "internal_error")
    assert "version_list" not in reply.body.decode()
    assert "Traceback" in caplog.text or caplog.records[0].exc_info


def test_the_key_is_read_from_either_header(tmp_path: Path) -> None:
    assert one(tmp_path, "GET", "/api/v1/keys", key=None, headers=[(b"X-API-Key", ADMIN.encode())]).status == 200
    assert one(tmp_path, "GET", "/api/v1/keys", key=None, headers=[(b"authorization", b"Basic eA==")]).status == 401
