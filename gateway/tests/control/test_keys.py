import asyncio
from pathlib import Path
from typing import Any

from .house import ADMIN, RUNTIME, Served, ask, make


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000_000

    def micros(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1_000_000


def run(folder: Path, story: Any) -> None:
    async def go() -> None:
        clock, served = Hands(), Served()
        plane = make(folder, publish=served, clock=clock)
        try:
            await story(plane, served, clock)
        finally:
            plane.close()

    asyncio.run(go())


def test_a_key_lives_and_ends(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served, clock: Hands) -> None:
        made = await ask(plane, "POST", "/api/v1/keys", {"name": "app"})
        assert made.status == 201
        key = made.json["key"]
        assert key.startswith(f"gp_{made.json['id']}_")
        assert served.documents[-1].keys[-1].id == made.json["id"]
        path = f"/api/v1/keys/{made.json['id']}"
        expected = {"pause": "paused", "resume": "active", "revoke": "revoked"}
        for action, status in expected.items():
            assert (await ask(plane, "POST", f"{path}/{action}")).json["status"] == status
            reply = await ask(plane, "GET", "/api/v1/traces", key=key)
            assert reply.json["code"] == {"active": "records_unavailable"}.get(status, f"key_{status}")
        assert (await ask(plane, "POST", f"{path}/pause")).status == 409
        listed = (await ask(plane, "GET", "/api/v1/keys")).json["items"]
        assert listed[-1]["status"] == "revoked"
        assert key not in str(listed)

    run(tmp_path, story)


def test_a_key_has_rate_limits_of_its_own(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served, clock: Hands) -> None:
        made = await ask(plane, "POST", "/api/v1/keys", {"name": "app", "rate_limits": {"rpm": 60, "tpm": 9000}})
        assert made.json["rate_limits"] == {"rpm": 60, "tpm": 9000, "max_parallel_requests": None}
        (limit,) = (await ask(plane, "GET", "/api/v1/limits")).json["items"]
        assert (limit["id"], limit["scope"], limit["match"]) == (f"key:{made.json['id']}", "key", made.json["id"])
        assert (limit["managed_by"], limit["rate_limits"]) == ("api", made.json["rate_limits"])
        for wrong in ({"rpm": 0}, {"rps": 1}, {"tpm": "many"}):
            assert (await ask(plane, "POST", "/api/v1/keys", {"name": "x", "rate_limits": wrong})).status == 422
        admin = {"name": "x", "kind": "admin", "rate_limits": {"rpm": 1}}
        assert "makes no calls" in str((await ask(plane, "POST", "/api/v1/keys", admin)).json)

    run(tmp_path, story)


def test_a_key_ends_at_its_time(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served, clock: Hands) -> None:
        body = {"name": "short", "expires_at": "2027-01-15T08:00:01Z"}
        key = (await ask(plane, "POST", "/api/v1/keys", body)).json["key"]
        assert (await ask(plane, "GET", "/api/v1/traces", key=key)).status == 503
        clock.now += 1_000_000
        assert (await ask(plane, "GET", "/api/v1/traces", key=key)).json["code"] == "key_expired"
        assert (await ask(plane, "GET", "/api/v1/keys")).json["items"][-1]["status"] == "expired"
        assert (await ask(plane, "POST", "/api/v1/keys", body)).json["errors"][0]["message"] == "is over already"
        assert (await ask(plane, "POST", "/api/v1/keys", {"name": "x", "expires_at": "soon"})).status == 422

    run(tmp_path, story)


def test_a_rotated_key_goes_on_for_a_while(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served, clock: Hands) -> None:
        old = (await ask(plane, "POST", "/api/v1/keys", {"name": "app"})).json
        new = (await ask(plane, "POST", f"/api/v1/keys/{old['id']}/rotate", {"overlap_seconds": 60})).json
        assert new["name"] == "app"
        for key in (old, new):
            assert (await ask(plane, "GET", "/api/v1/traces", key=key["key"])).status == 503
        clock.now += 60_000_000
        assert (await ask(plane, "GET", "/api/v1/traces", key=old["key"])).json["code"] == "key_expired"
        last = (await ask(plane, "POST", f"/api/v1/keys/{new['id']}/rotate", {"overlap_seconds": 0})).json
        assert (await ask(plane, "GET", "/api/v1/traces", key=new["key"])).json["code"] == "key_revoked"
        assert (await ask(plane, "POST", f"/api/v1/keys/{last['id']}/rotate")).status == 201
        assert (await ask(plane, "POST", f"/api/v1/keys/{new['id']}/rotate")).status == 409

    run(tmp_path, story)


def test_refusals(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served, clock: Hands) -> None:
        for body, where in (
            ({"name": ""}, "name"),
            ({"name": "x", "project": "none"}, "project"),
            ({"name": "x", "proxy": "p"}, "proxy"),
        ):
            reply = await ask(plane, "POST", "/api/v1/keys", body)
            assert (reply.status, reply.json["errors"][0]["where"]) == (422, where)
        assert (await ask(plane, "POST", "/api/v1/keys/none/pause")).status == 404
        assert served.documents == []

    run(tmp_path, story)


def test_an_admin_key_administers(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served, clock: Hands) -> None:
        made = (await ask(plane, "POST", "/api/v1/keys", {"name": "boss", "kind": "admin"})).json
        assert made["key"].startswith("gpa_")
        assert (await ask(plane, "GET", "/api/v1/keys", key=made["key"])).status == 200
        assert (await ask(plane, "GET", "/api/v1/keys", key=RUNTIME)).status == 403
        assert (await ask(plane, "GET", "/api/v1/keys", key=ADMIN + "x")).json["code"] == "invalid_key"

    run(tmp_path, story)
