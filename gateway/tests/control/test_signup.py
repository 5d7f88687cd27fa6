import asyncio
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.signup import is_open
from gatepost_gateway.settings import load

from .house import Served, ask, make

WHO = {"email": "dev@acme.test", "org_name": "Acme", "project_name": "prod"}


def run(folder: Path, story: Any, text: str | None = None) -> None:
    async def go() -> None:
        served = Served()
        plane = make(folder, text, publish=served)
        try:
            await story(plane, served)
        finally:
            plane.close()

    asyncio.run(go())


async def sign(plane: Any, address: str = "10.0.0.1", **body: Any) -> Any:
    headers = [(b"x-gatepost-client", address.encode())]
    return await ask(plane, "POST", "/v1/signup", {**WHO, **body}, key=None, headers=headers)


def test_who_signs_up_has_an_organisation_a_project_and_a_key(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        got = await sign(plane)
        page = got.json
        assert (got.status, set(page)) == (201, {"org_id", "project_id", "email", "api_key", "message"})
        project = next(one for one in served.documents[-1].projects if one.id == page["project_id"])
        assert (project.org, project.name, project.own_keys_only) == (page["org_id"], "prod", True)
        me = (await ask(plane, "GET", "/v1/me", key=page["api_key"])).json
        assert (me["org_id"], me["project_id"], me["project_name"]) == (page["org_id"], page["project_id"], "prod")
        (owner,) = (await ask(plane, "GET", f"/api/v1/orgs/{page['org_id']}/members")).json["items"]
        assert (owner["email"], owner["role"]) == ("dev@acme.test", "owner")
        more = await ask(plane, "POST", f"/api/v1/orgs/{page['org_id']}/projects", {"name": "second"})
        assert more.json["own_keys_only"] is True

    run(tmp_path, story)


def test_an_address_may_not_sign_up_for_ever(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        assert [(await sign(plane)).status for _ in range(6)] == [201] * 5 + [429]
        refused = await sign(plane)
        assert int(refused.headers["retry-after"]) > 3000
        assert "detail" in refused.json
        assert (await sign(plane, "10.0.0.2")).status == 201

    run(tmp_path, story)


def test_it_is_closed_where_the_operator_says_so(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        got = await sign(plane)
        assert (got.status, got.json["code"]) == (403, "signup_closed")

    run(tmp_path, story, "server: {signup: false}\n")


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("{listen: 127.0.0.1:1}", True),
        ("{listen: '[::1]:1'}", True),
        ("{listen: localhost:1}", True),
        ("{listen: 0.0.0.0:1}", False),
        ("{listen: 10.0.0.1:1}", False),
        ("{listen: 0.0.0.0:1, signup: true}", True),
        ("{listen: 127.0.0.1:1, signup: false}", False),
        ("{listen: 127.0.0.1:1, trusted_proxies: [127.0.0.0/8]}", False),
        ("{listen: 127.0.0.1:1, trusted_proxies: [127.0.0.0/8], signup: true}", True),
    ],
)
def test_when_it_is_open(tmp_path: Path, server: str, expected: bool) -> None:
    (tmp_path / "gatepost.yaml").write_text(f"server: {server}\n")
    assert is_open(load(variables={}, folder=tmp_path)) is expected


@pytest.mark.parametrize("body", [{"email": "x"}, {"email": "a b@x.test"}, {"email": ""}, {"plan": "gold"}])
def test_nonsense_is_refused(tmp_path: Path, body: Any) -> None:
    async def story(plane: Any, served: Served) -> None:
        assert (await sign(plane, **body)).status == 422
        assert served.documents == []

    run(tmp_path, story)
