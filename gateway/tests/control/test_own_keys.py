import asyncio
from pathlib import Path
from typing import Any

from gatepost_gateway.domain.snapshot import KeyState, RateLimits

from .house import ADMIN, RUNTIME, Served, ask, make

TWO = """
projects:
  - {id: default, name: Home, budgets: {daily_usd: 20}, rate_limits: {rpm: 60}}
  - {id: other}
"""


def run(folder: Path, story: Any, text: str = TWO) -> None:
    async def go() -> None:
        served = Served()
        plane = make(folder, text, publish=served)
        try:
            await story(plane, served)
        finally:
            plane.close()

    asyncio.run(go())


async def mint(plane: Any, key: str = RUNTIME, **body: Any) -> Any:
    reply = await ask(plane, "POST", "/v1/keys/api", {"name": "ci", **body}, key=key)
    assert reply.status == 201, reply.body
    return reply.json


def test_a_key_is_shown_once_and_served_at_once(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        made = await mint(plane, models=["gpt-4o-mini"], paths=["/v1/chat*"])
        assert set(made) == {
            "id", "name", "key_prefix", "status", "created_at", "last_used_at", "revoked_at", "expires_at", "models",
            "paths", "rate_limits", "api_key",
        }  # fmt: skip
        assert made["api_key"].startswith(made["key_prefix"] + "_")
        entry = served.documents[-1].keys[-1]
        assert (entry.id, entry.project, entry.models, entry.paths) == (
            made["id"],
            "default",
            ("gpt-4o-mini",),
            ("/v1/chat*",),
        )
        listed = (await ask(plane, "GET", "/v1/keys/api", key=RUNTIME)).json["items"]
        assert [one["name"] for one in listed] == ["from GATEPOST_RUNTIME_KEY", "ci"]
        assert made["api_key"].rpartition("_")[2] not in str(listed)

    run(tmp_path, story)


def test_a_key_is_paused_resumed_rotated_and_revoked(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        made = await mint(plane)
        path = f"/v1/keys/api/{made['id']}"
        for action, status in (("pause", "paused"), ("resume", "active")):
            assert (await ask(plane, "POST", f"{path}/{action}", key=RUNTIME)).json["status"] == status
        new = await ask(plane, "POST", f"{path}/rotate", {"overlap_seconds": 0}, key=RUNTIME)
        assert (new.status, new.json["name"], new.json["api_key"] != made["api_key"]) == (201, "ci", True)
        gone = await ask(plane, "DELETE", f"/v1/keys/api/{new.json['id']}", key=RUNTIME)
        assert (gone.status, gone.body) == (204, b"")
        states = {key.id: key.state for key in served.documents[-1].keys}
        assert (states[made["id"]], states[new.json["id"]]) == (KeyState.REVOKED, KeyState.REVOKED)
        listed = (await ask(plane, "GET", "/v1/keys/api", key=RUNTIME)).json["items"]
        assert listed[-1]["revoked_at"] >= listed[-1]["created_at"]
        assert (await ask(plane, "DELETE", "/v1/keys/api/none", key=RUNTIME)).status == 404

    run(tmp_path, story)


def test_another_projects_key_is_not_there(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        foreign = (await ask(plane, "POST", "/api/v1/keys", {"name": "x", "project": "other"})).json
        for method, tail in (("POST", "/pause"), ("POST", "/resume"), ("POST", "/rotate"), ("DELETE", "")):
            reply = await ask(plane, method, f"/v1/keys/api/{foreign['id']}{tail}", key=RUNTIME)
            assert (reply.status, reply.json["code"]) == (404, "not_found")
        admins = f"/v1/keys/api/{ADMIN.split('_')[1]}/pause"
        assert (await ask(plane, "POST", admins, key=RUNTIME)).status == 404
        assert len((await ask(plane, "GET", "/v1/keys/api", key=foreign["key"])).json["items"]) == 1

    run(tmp_path, story)


def test_what_an_operator_paused_only_an_operator_resumes(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        made = await mint(plane)
        await ask(plane, "POST", f"/api/v1/keys/{made['id']}/pause")
        path = f"/v1/keys/api/{made['id']}/resume"
        assert (await ask(plane, "POST", path, key=RUNTIME)).status == 403
        assert (await ask(plane, "POST", path)).json["status"] == "active"
        await ask(plane, "POST", f"/v1/keys/api/{made['id']}/pause", key=RUNTIME)
        assert (await ask(plane, "POST", path, key=RUNTIME)).status == 200

    run(tmp_path, story)


def test_a_key_with_limits_passes_them_on(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        end = "2099-01-01T00:00:00.000000Z"
        limited = await mint(plane, models=["a", "b"], paths=["/v1/*"], expires_at=end)
        key = limited["api_key"]
        child = await mint(plane, key, models=["a"], paths=["/v1/keys/*"])
        assert (child["models"], child["paths"], child["expires_at"]) == (["a"], ["/v1/keys/*"], end)
        same = await mint(plane, key)
        assert (same["models"], same["paths"]) == (["a", "b"], ["/v1/*"])
        for more in ({"models": ["c"]}, {"paths": ["/*"]}, {"expires_at": "2100-01-01T00:00:00Z"}):
            assert (await ask(plane, "POST", "/v1/keys/api", {"name": "x", **more}, key=key)).status == 403
        assert (await ask(plane, "POST", f"/v1/keys/api/{child['id']}/rotate", {}, key=key)).status == 403
        assert (await ask(plane, "POST", f"/v1/keys/api/{limited['id']}/rotate", {}, key=key)).status == 201

    run(tmp_path, story)


def test_a_key_with_rate_limits_makes_no_other_key(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        limited = await mint(plane, rate_limits={"rpm": 5, "max_parallel_requests": 2})
        assert limited["rate_limits"] == {"rpm": 5, "tpm": None, "max_parallel_requests": 2}
        assert served.documents[-1].keys[-1].rate_limits == RateLimits(5, None, 2)
        refused = await ask(plane, "POST", "/v1/keys/api", {"name": "x"}, key=limited["api_key"])
        assert (refused.status, "makes no other key" in refused.json["detail"]) == (403, True)
        turned = await ask(plane, "POST", f"/v1/keys/api/{limited['id']}/rotate", {}, key=limited["api_key"])
        assert turned.json["rate_limits"]["rpm"] == 5

    run(tmp_path, story)


def test_a_path_that_a_key_may_not_ask(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        key = (await mint(plane, paths=["/v1/me"]))["api_key"]
        assert (await ask(plane, "GET", "/v1/me", key=key)).status == 200
        refused = await ask(plane, "GET", "/v1/keys/api", key=key)
        assert (refused.status, refused.json["code"]) == (403, "path_not_allowed")
        assert refused.json["detail"] == refused.json["error"]
        assert (await ask(plane, "GET", "/api/v1/traces", key=key)).status == 403

    run(tmp_path, story)


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        for body in (
            {"name": ""},
            {"name": "x", "expires_at": "2020-01-01T00:00:00Z"},
            {"name": "x", "paths": ["v1"]},
            {"name": "x", "paths": ["/a*b"]},
            {"name": "x", "kind": "admin"},
        ):
            reply = await ask(plane, "POST", "/v1/keys/api", body, key=RUNTIME)
            assert (reply.status, isinstance(reply.json["detail"], str)) == (422, True), body

    run(tmp_path, story)


def test_who_am_i(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        page = (await ask(plane, "GET", "/v1/me", key=None, headers=[(b"x-api-key", RUNTIME.encode())])).json
        assert page == {
            "org_id": "default",
            "project_id": "default",
            "project_name": "Home",
            "key_prefix": "gp_runt1me",
            "rate_limit_per_min": 60,
            "daily_budget": 20.0,
            "monthly_budget": None,
            "configured_providers": [],
        }
        assert (await ask(plane, "GET", "/v1/me")).json["key_prefix"] == "gpa_adm1n"

    run(tmp_path, story)
