import asyncio
from pathlib import Path
from typing import Any

import pytest

from .house import Served, ask, make

GOOD = 'package gatepost.policy\ndeny contains "x" if input.model == "m"\n'
HERE = "/api/v1/projects/default/policies"
OFFICE = "/api/v1/projects/p/policies"


def run(folder: Path, story: Any, text: str | None = None) -> None:
    async def go() -> None:
        served = Served()
        plane = make(folder, text, publish=served)
        try:
            await story(plane, served)
        finally:
            plane.close()

    asyncio.run(go())


def test_a_policy_is_set_shown_changed_and_removed(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        assert (await ask(plane, "GET", HERE)).json == {"items": []}
        assert (await ask(plane, "GET", f"{HERE}/request")).status == 404
        made = await ask(plane, "PUT", f"{HERE}/request", {"source": GOOD, "mode": "observe"})
        assert made.status == 200
        assert made.json["reads"] == ["input.model"]
        assert made.json["packages"] == ["gatepost.policy"]
        (entry,) = served.documents[-1].projects[0].rego
        assert (entry.name, entry.mode, entry.source) == ("projects/default/request_policy", "observe", GOOD)
        await ask(plane, "PUT", f"{HERE}/response", {"source": GOOD, "on_error": "allow", "timeout_ms": 50})
        assert [one["stage"] for one in (await ask(plane, "GET", HERE)).json["items"]] == ["request", "response"]
        assert (await ask(plane, "GET", f"{HERE}/response")).json["timeout_ms"] == 50
        for stage in ("request", "response"):
            assert (await ask(plane, "DELETE", f"{HERE}/{stage}")).status == 204
        assert served.documents[-1].projects[0].rego == ()
        assert (await ask(plane, "DELETE", f"{HERE}/request")).status == 404

    run(tmp_path, story)


def test_mistakes_come_with_line_column_and_caret(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        told = len(served.documents)
        bad = {"source": "package gatepost.policy\n\ndeny := nowhere\n"}
        refused = await ask(plane, "PUT", f"{HERE}/request", bad)
        assert refused.status == 422
        (problem,) = refused.json["errors"]
        assert problem["where"] == "source:3:9"
        assert problem["message"].endswith("\ndeny := nowhere\n        ^")
        assert len(served.documents) == told

    run(tmp_path, story)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{HERE}/middle", {"source": GOOD}, 404),
        ("/api/v1/projects/none/policies/request", {"source": GOOD}, 404),
        (f"{HERE}/request", {"source": GOOD, "on_error": "allow"}, 400),
        (f"{HERE}/request", {"source": GOOD, "timeout_ms": 201}, 422),
        (f"{HERE}/request", {"source": "package a\np := 1\n"}, 422),
    ],
)
def test_what_is_refused(tmp_path: Path, path: str, body: Any, status: int) -> None:
    async def story(plane: Any, served: Served) -> None:
        assert (await ask(plane, "PUT", path, body)).status == status

    run(tmp_path, story)


def test_what_the_file_declares_is_changed_there(tmp_path: Path) -> None:
    (tmp_path / "p.rego").write_text(GOOD)

    async def story(plane: Any, served: Served) -> None:
        shown = (await ask(plane, "GET", f"{OFFICE}/request")).json
        assert (shown["managed_by"], shown["file"], shown["source"]) == ("file", "p.rego", GOOD)
        refused = await ask(plane, "PUT", f"{OFFICE}/request", {"source": GOOD})
        assert (refused.status, refused.json["code"]) == (409, "managed_by_file")
        assert (await ask(plane, "DELETE", f"{OFFICE}/request")).status == 409

    run(tmp_path, story, "projects:\n  - {id: p, request_policy: {file: p.rego}}\n")
