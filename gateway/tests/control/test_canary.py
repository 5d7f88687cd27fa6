"""No secret in any version, diff, listing, error, description or repr: each route is asked, and no canary sings."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.api import TABLE

from .house import ADMIN, RUNTIME, ask, make

CANARIES = ("canary-api", "canary-env", "canary-file", "canary-other", "canary-openai")
TEXT = """
models:
  - {id: f, identifier: x, provider: openai, api_key: {env: SOME_KEY}}
  - {id: g, identifier: x, provider: openai, api_key: {file: key}}
"""


def silent(text: str) -> None:
    for canary in (*CANARIES, ADMIN, RUNTIME):
        assert canary not in text, canary
        assert canary.split("_")[-1] not in text, canary


def test_no_canary_sings(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "key").write_text("canary-file")
    variables = {"SOME_KEY": "canary-env", "OPENAI_API_KEY": "canary-openai"}

    async def go() -> None:
        plane = make(tmp_path, TEXT, variables=variables)
        entry = {"id": "a", "identifier": "x", "provider": "openai", "api_key": "canary-api"}
        replies = [
            await ask(plane, "POST", "/api/v1/models", entry),
            await ask(plane, "POST", "/api/v1/models", entry),
            await ask(plane, "POST", "/api/v1/models", {**entry, "id": "b", "provider": "canary-other"[:0] + "x"}),
            await ask(
                plane, "POST", "/api/v1/models", {**entry, "id": "b", "additional_config": {"secret": "canary-other"}}
            ),
            await ask(plane, "POST", "/api/v1/models", {**entry, "id": "b", "api_key": ["canary-other"]}),
            await ask(plane, "POST", "/api/v1/models", {**entry, "id": "b", "api_key": "canary-other***"}),
            await ask(plane, "PUT", "/api/v1/models/a", {**entry, "api_key": "canary-other"}),
            await ask(plane, "POST", "/api/v1/apply", {"document": "models: [{id: z, api_key: canary-other}]"}),
            await ask(
                plane,
                "POST",
                "/api/v1/apply",
                {"document": "models: [{id: z, api_key: canary-other}", "x": "canary-api"},
            ),
            await ask(plane, "GET", "/api/v1/keys", key=ADMIN + "-canary-other"),
        ]
        for line in TABLE:
            if line.method == "GET":
                path = line.path.replace("{number}", "3").replace("{before}", "1").replace("{after}", "4")
                for name in ("a", "f", "g", "default"):
                    replies.append(await ask(plane, "GET", path.replace("{id}", name)))
        replies.append(await ask(plane, "POST", "/api/v1/versions/1/rollback"))
        for reply in replies:
            silent(reply.body.decode() + repr(reply.headers))
        silent(repr(plane.document()) + repr(plane.settings) + repr(plane.configuration.document))
        plane.close()

    asyncio.run(go())
    silent(caplog.text)
    for path in (tmp_path / "data").rglob("*"):
        data = path.read_bytes()
        for canary in CANARIES:
            assert canary.encode() not in data, path


def test_a_new_key_is_shown_once_and_stored_nowhere(tmp_path: Path) -> None:
    async def go() -> str:
        plane = make(tmp_path)
        key = (await ask(plane, "POST", "/api/v1/keys", {"name": "x"})).json["key"]
        for path in ("/api/v1/keys", "/api/v1/versions/1", "/openapi.json"):
            assert key not in (await ask(plane, "GET", path)).body.decode()
        plane.close()
        return str(key)

    secret: Any = asyncio.run(go()).rpartition("_")[2]
    for path in (tmp_path / "data").rglob("*"):
        assert secret.encode() not in path.read_bytes(), path
