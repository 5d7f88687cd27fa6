"""The authorisation matrix: every route of the table, asked by everyone. A route without a rule here fails."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.api import TABLE
from gatepost_gateway.control.plane import ControlPlane
from gatepost_gateway.control.roles import RIGHTS, SENIOR, Access, Station

from .house import ADMIN, RUNTIME, ask, make

EVERYBODY = {"operator", "runtime", "owner", "admin", "member", "viewer"}
MAY = {
    "public": {*EVERYBODY, "nobody"},
    "reader": EVERYBODY,
    "own_read": EVERYBODY,
    "own": EVERYBODY - {"viewer"},
    "org_read": EVERYBODY - {"runtime"},
    "org_write": {"operator", "owner", "admin"},
    "admin": {"operator"},
}
"""Written down a second time, so that no slip in the table opens a door."""
ROLES = ("owner", "admin", "member", "viewer")
TENANTS = """
projects: [{id: default, name: Default}]
"""


class Town:
    """Two organisations with everybody in them."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.plane: ControlPlane = make(folder, TENANTS)
        self.keys: dict[str, str | None] = {"operator": ADMIN, "nobody": None}
        self.ids: dict[str, str] = {}
        for org in ("home", "away"):
            self._settle(org)

    def _settle(self, org: str) -> None:
        self.ask("POST", "/api/v1/orgs", {"id": org, "name": org}, ADMIN)
        self.ask("POST", f"/api/v1/orgs/{org}/projects", {"id": f"{org}-p", "name": "p"}, ADMIN)
        made = self.ask("POST", "/api/v1/keys", {"name": "r", "project": f"{org}-p"}, ADMIN).json
        prefix = "" if org == "home" else "foreign "
        self.keys[prefix + "runtime"], self.ids[prefix + "key"] = made["key"], made["id"]
        for role in ROLES:
            member = self.ask("POST", f"/api/v1/orgs/{org}/members", {"email": f"{role}@x.test", "role": role}, ADMIN)
            path = f"/api/v1/orgs/{org}/members/{member.json['id']}/keys"
            key = self.ask("POST", path, {"name": role, "project": f"{org}-p"}, ADMIN)
            assert key.status == 201, key.body
            self.keys[prefix + role], self.ids[prefix + role] = key.json["key"], member.json["id"]

    def ask(self, method: str, path: str, body: Any, key: str | None) -> Any:
        return self.loop.run_until_complete(ask(self.plane, method, path, body, key=key))

    def close(self) -> None:
        self.plane.close()
        self.loop.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(tmp_path_factory.mktemp("town"))
    yield town
    town.close()


def path_of(endpoint: Any, id: str, member: str) -> str:
    path: str = endpoint.path.replace("{member}", member)
    for name in ("{id}", "{number}", "{before}", "{after}", "{name}", "{stage}"):
        path = path.replace(name, id)
    return path.replace("{", "").replace("}", "")


WHO = ("nobody", *(station.value for station in Station))


@pytest.mark.parametrize("endpoint", TABLE, ids=lambda one: f"{one.method} {one.path}")
def test_every_route_has_its_rule_for_everyone(town: Town, endpoint: Any) -> None:
    allowed = MAY[endpoint.access.value]
    for who in WHO:
        # An id that is nowhere: who may ask gets a 404, or hears that the empty body is none.
        reply = town.ask(endpoint.method, path_of(endpoint, "nowhere", "nowhere"), b"", town.keys[who])
        if who in allowed:
            assert reply.status not in (401, 403), (who, reply.body)
        else:
            assert reply.status == (401 if who == "nobody" else 403), (who, reply.body)


def test_the_table_gives_what_is_written_here() -> None:
    for station in Station:
        for access in Access:
            if access is not Access.PUBLIC:
                assert (access in RIGHTS[station]) is (station.value in MAY[access.value]), (station, access)
    assert {station.value for station in SENIOR} == {"operator", "owner"}


BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/api/v1/orgs/{id}/projects"): {"name": "x"},
    ("POST", "/api/v1/orgs/{id}/members"): {"email": "new@x.test"},
    ("PUT", "/api/v1/orgs/{id}/members/{member}"): {"role": "viewer"},
    ("PUT", "/api/v1/webhooks/{id}"): {"url": "https://x.test"},
    ("POST", "/api/v1/orgs/{id}/members/{member}/keys"): {"name": "x", "project": "home-p"},
}
OF_TENANTS = [one for one in TABLE if one.access in (Access.ORG_READ, Access.ORG_WRITE) and "{id}" in one.path]


@pytest.mark.parametrize("endpoint", OF_TENANTS, ids=lambda one: f"{one.method} {one.path}")
def test_another_organisations_owner_finds_nothing(town: Town, endpoint: Any) -> None:
    before = len(town.plane.keyring.identities.keys)
    path = path_of(endpoint, "home", town.ids["viewer"])
    reply = town.ask(endpoint.method, path, BODIES.get((endpoint.method, endpoint.path)), town.keys["foreign owner"])
    assert (reply.status, reply.json["code"]) == (404, "not_found")
    assert len(town.plane.keyring.identities.keys) == before


@pytest.mark.parametrize("who", ["foreign runtime", "foreign owner", "foreign admin", "foreign member"])
def test_another_projects_keys_are_not_there(town: Town, who: str) -> None:
    for endpoint in TABLE:
        if endpoint.access is Access.OWN and "/v1/keys/api/{id}" in endpoint.path:
            reply = town.ask(endpoint.method, path_of(endpoint, town.ids["key"], ""), None, town.keys[who])
            assert reply.status == 404, (endpoint.path, reply.body)
    items = town.ask("GET", "/v1/keys/api", None, town.keys[who]).json["items"]
    assert town.ids["key"] not in [one["id"] for one in items]
    assert town.ask("GET", "/v1/me", None, town.keys[who]).json["project_id"] == "away-p"


def test_a_key_of_the_default_project_is_in_no_organisation_of_others(town: Town) -> None:
    assert town.ask("GET", "/api/v1/orgs/home", None, RUNTIME).status == 403
