import asyncio
from pathlib import Path
from typing import Any

from .house import ask, make

ORGS = "/api/v1/orgs"


def run(folder: Path, story: Any) -> None:
    async def go() -> None:
        plane = make(folder)
        try:
            await story(plane)
        finally:
            plane.close()

    asyncio.run(go())


async def member(plane: Any, role: str, org: str = "acme") -> tuple[str, str]:
    """(member id, its key)."""
    made = await ask(plane, "POST", f"{ORGS}/{org}/members", {"email": f"{role}@x.test", "role": role})
    path = f"{ORGS}/{org}/members/{made.json['id']}/keys"
    key = await ask(plane, "POST", path, {"name": role, "project": f"{org}-p"})
    assert key.json["member"] == made.json["id"]
    return made.json["id"], key.json["key"]


async def settle(plane: Any, org: str = "acme") -> None:
    assert (await ask(plane, "POST", ORGS, {"id": org, "name": "Acme"})).status == 201
    assert (await ask(plane, "POST", f"{ORGS}/{org}/projects", {"id": f"{org}-p", "name": "P"})).status == 201


def test_an_organisation_has_projects_and_members(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        await settle(plane)
        assert (await ask(plane, "POST", ORGS, {"id": "acme", "name": "x"})).status == 409
        taken = await ask(plane, "POST", f"{ORGS}/acme/projects", {"id": "default", "name": "x"})
        assert taken.status == 409
        listed = (await ask(plane, "GET", ORGS)).json["items"]
        assert [one["id"] for one in listed] == ["default", "acme"]
        (project,) = (await ask(plane, "GET", f"{ORGS}/acme/projects")).json["items"]
        assert project == {"id": "acme-p", "org": "acme", "name": "P", "own_keys_only": False}
        assert plane.snapshot.projects["acme-p"].org == "acme"
        made = (await ask(plane, "POST", "/api/v1/keys", {"name": "k", "project": "acme-p"})).json
        assert plane.snapshot.keys[made["id"]].org == "acme"

    run(tmp_path, story)


def test_only_an_owner_touches_owners(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        await settle(plane)
        owner_id, owner = await member(plane, "owner")
        _, admin = await member(plane, "admin")
        path = f"{ORGS}/acme/members"
        assert (await ask(plane, "POST", path, {"email": "b@x", "role": "owner"}, key=admin)).status == 403
        assert (await ask(plane, "PUT", f"{path}/{owner_id}", {"role": "viewer"}, key=admin)).status == 403
        assert (await ask(plane, "DELETE", f"{path}/{owner_id}", key=admin)).status == 403
        body = {"name": "k", "project": "acme-p"}
        assert (await ask(plane, "POST", f"{path}/{owner_id}/keys", body, key=admin)).status == 403
        assert (await ask(plane, "DELETE", f"{path}/{owner_id}", key=owner)).status == 409
        second = await ask(plane, "POST", path, {"email": "b@x", "role": "owner"}, key=owner)
        assert second.status == 201
        assert (await ask(plane, "POST", path, {"email": "b@x"}, key=owner)).status == 409
        assert (await ask(plane, "DELETE", f"{path}/{owner_id}", key=owner)).status == 204
        gone = await ask(plane, "GET", ORGS, key=owner)
        assert (gone.status, gone.json["code"]) == (401, "key_revoked")

    run(tmp_path, story)


def test_a_role_holds_from_its_change(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        await settle(plane)
        viewer_id, viewer = await member(plane, "viewer")
        assert (await ask(plane, "POST", "/v1/keys/api", {"name": "x"}, key=viewer)).status == 403
        changed = await ask(plane, "PUT", f"{ORGS}/acme/members/{viewer_id}", {"role": "member"})
        assert changed.json["role"] == "member"
        made = await ask(plane, "POST", "/v1/keys/api", {"name": "x"}, key=viewer)
        assert plane.snapshot.keys[made.json["id"]].project == "acme-p"
        assert (await ask(plane, "GET", "/api/v1/models", key=viewer)).status == 403

    run(tmp_path, story)


def test_a_members_key_is_for_a_project_of_its_organisation(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        await settle(plane)
        viewer_id, _ = await member(plane, "viewer")
        path = f"{ORGS}/acme/members/{viewer_id}/keys"
        for body in ({"project": "default"}, {"project": "acme-p", "expires_at": "2020-01-01T00:00:00Z"}):
            assert (await ask(plane, "POST", path, {"name": "k", **body})).status == 422
        assert (await ask(plane, "PUT", f"{ORGS}/acme/members/none", {"role": "viewer"})).status == 404

    run(tmp_path, story)
