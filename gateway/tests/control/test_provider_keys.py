import asyncio
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.domain.snapshot import ProviderKind

from .house import RUNTIME, Served, ask, make
from .test_own_keys import TWO, mint

SECRET = "sk-canary-of-a-tenant"
AZURE = {"provider": "azure", "api_key": SECRET, "meta": {"endpoint": "https://x.test/", "deployment": "gpt-4o"}}


def run(folder: Path, story: Any, **more: Any) -> None:
    async def go() -> None:
        served = Served()
        plane = make(folder, TWO, publish=served, **more)
        try:
            await story(plane, served)
        finally:
            plane.close()

    asyncio.run(go())


async def bring(plane: Any, body: Any, key: str = RUNTIME) -> Any:
    return await ask(plane, "POST", "/v1/keys", body, key=key)


def test_a_key_is_sealed_and_served(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        reply = await bring(plane, {"provider": "openai", "api_key": SECRET})
        assert (reply.status, reply.body) == (204, b"")
        project = next(one for one in served.documents[-1].projects if one.id == "default")
        assert plane.vault.open(project.own_keys[ProviderKind.OPENAI]).reveal() == SECRET
        assert SECRET not in repr(served.documents[-1])
        assert (await ask(plane, "GET", "/v1/me", key=RUNTIME)).json["configured_providers"] == ["openai"]
        assert [one.project for one in served.documents[-1].inferred if "gpt-" in one.prefixes] == ["default"]
        await bring(plane, {"provider": "openai", "api_key": SECRET + "-2"})
        project = next(one for one in served.documents[-1].projects if one.id == "default")
        assert plane.vault.open(project.own_keys[ProviderKind.OPENAI]).reveal() == SECRET + "-2"
        assert (await ask(plane, "DELETE", "/v1/keys/openai", key=RUNTIME)).status == 204
        assert (await ask(plane, "DELETE", "/v1/keys/openai", key=RUNTIME)).status == 404
        assert (await ask(plane, "GET", "/v1/me", key=RUNTIME)).json["configured_providers"] == []

    run(tmp_path, story)
    for path in (tmp_path / "data").rglob("*"):
        assert SECRET.encode() not in path.read_bytes(), path


def test_it_is_the_projects_own(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        foreign = (await ask(plane, "POST", "/api/v1/keys", {"name": "x", "project": "other"})).json["key"]
        await bring(plane, {"provider": "gemini", "api_key": SECRET})
        assert (await ask(plane, "GET", "/v1/me", key=foreign)).json["configured_providers"] == []
        assert (await ask(plane, "DELETE", "/v1/keys/gemini", key=foreign)).status == 404

    run(tmp_path, story)


def test_it_outlives_a_restart(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        await bring(plane, {"provider": "anthropic", "api_key": SECRET})

    async def again(plane: Any, served: Served) -> None:
        assert (await ask(plane, "GET", "/v1/me", key=RUNTIME)).json["configured_providers"] == ["anthropic"]

    run(tmp_path, story)
    run(tmp_path, again)


def test_an_azure_key_brings_its_deployment(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        assert (await bring(plane, AZURE)).status == 204
        entry = plane.snapshot.called("default", "azure/gpt-4o")[0]
        assert (entry.base_url, entry.additional_config, entry.declared, entry.project) == (
            "https://x.test/openai/deployments/gpt-4o",
            {"api_version": "2024-10-21"},
            False,
            "default",
        )
        assert plane.snapshot.called("other", "azure/gpt-4o") == ()

    run(tmp_path, story)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**AZURE, "meta": {"deployment": "d"}}, 400),
        ({"provider": "azure", "api_key": SECRET}, 400),
        ({**AZURE, "meta": {"endpoint": "http://x.test", "deployment": "d"}}, 400),
        ({**AZURE, "meta": {"endpoint": "https://x.test", "deployment": "a/../b"}}, 422),
        ({"provider": "openai", "api_key": SECRET, "meta": {"deployment": "d"}}, 400),
        ({"provider": "openai", "api_key": "short"}, 422),
        ({"provider": "openai", "api_key": "with blanks in it"}, 400),
        ({"provider": "internal", "api_key": SECRET}, 422),
        ({"provider": "bedrock", "api_key": SECRET}, 400),
    ],
)
def test_what_cannot_be_kept_is_refused_without_its_secret(tmp_path: Path, body: Any, status: int) -> None:
    async def story(plane: Any, served: Served) -> None:
        reply = await bring(plane, body)
        assert reply.status == status
        assert isinstance(reply.json["detail"], str)
        assert body["api_key"].encode() not in reply.body

    run(tmp_path, story)


def test_bedrocks_key_is_a_pair_or_one_of_its_own(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        pair = '{"access_key_id": "AKIAX", "secret_access_key": "s3cret", "region": "eu-west-1"}'
        assert (await bring(plane, {"provider": "bedrock", "api_key": pair})).status == 204
        assert (await bring(plane, {"provider": "bedrock", "api_key": "ABSKQmVkcm9jaw=="})).status == 204
        assert (await bring(plane, {"provider": "bedrock", "api_key": "ABSK with blanks"})).status == 400

    run(tmp_path, story)


def test_a_key_with_limits_changes_nothing_for_the_others(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        key = (await mint(plane, models=["a"]))["api_key"]
        assert (await bring(plane, {"provider": "openai", "api_key": SECRET}, key)).status == 403
        await bring(plane, {"provider": "openai", "api_key": SECRET})
        assert (await ask(plane, "DELETE", "/v1/keys/openai", key=key)).status == 403

    run(tmp_path, story)
