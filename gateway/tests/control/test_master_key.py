"""How the master key stands is told to operators, and never the key."""

import asyncio
from pathlib import Path
from typing import Any

from gatepost_gateway.storage.master import MasterKeys
from gatepost_gateway.storage.vault import FILE

from .house import RUNTIME, Reply, ask, make

PATH = "/api/v1/master-key"


def told(folder: Path, **how: Any) -> tuple[Reply, tuple[str, ...]]:
    async def go() -> tuple[Reply, tuple[str, ...]]:
        plane = make(folder)
        try:
            return await ask(plane, "GET", PATH, **how), plane.warnings
        finally:
            plane.close()

    return asyncio.run(go())


def test_how_it_stands_is_told_without_the_key(tmp_path: Path) -> None:
    reply, warnings = told(tmp_path)
    assert (reply.json["state"], reply.json["keys"], warnings) == ("one_key", 1, ())
    MasterKeys(tmp_path / "data", None).begin()
    reply, warnings = told(tmp_path)
    assert (reply.json["state"], reply.json["keys"]) == ("unfinished", 2)
    assert "rotate-master" in warnings[0]
    for key in (tmp_path / "data" / FILE).read_text().split():
        assert key not in reply.body.decode() + warnings[0]


def test_only_operators_ask(tmp_path: Path) -> None:
    assert told(tmp_path, key=None)[0].status == 401
    assert told(tmp_path, key=RUNTIME)[0].status in (401, 403)
