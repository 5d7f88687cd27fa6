import asyncio
from pathlib import Path

from .house import RUNTIME, ask, make


def test_it_says_how_it_is(tmp_path: Path) -> None:
    plane = make(tmp_path)
    page = asyncio.run(ask(plane, "GET", "/api/v1/health")).json
    assert (page["status"], page["config"], page["config_version"]) == ("healthy", "ok", 1)
    assert asyncio.run(ask(plane, "GET", "/api/v1/health", key=RUNTIME)).status == 403
    plane.close()
