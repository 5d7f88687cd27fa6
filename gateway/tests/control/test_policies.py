"""The rules of the admin API: each change is a version, and the data plane is told."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from .house import RUNTIME, Served, ask, make

FILE = (
    "policies: {chain: [{name: declared, kind: keyword, terms: [a]}]}\nprojects: [{id: shop}]\nproxies: [{id: bot}]\n"
)
PATH = "/api/v1/policies"
RULE = {"name": "guard", "kind": "agent-firewall", "settings": {"blocked_tools": ["delete_*"]}}


def run(folder: Path, story: Any, text: str = FILE) -> None:
    async def go() -> None:
        served = Served()
        plane = make(folder, text, publish=served)
        try:
            await story(plane, served)
        finally:
            plane.close()

    asyncio.run(go())


def test_a_rule_comes_changes_and_goes(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        made = await ask(plane, "POST", PATH, RULE)
        assert (made.status, made.json["managed_by"], made.json["mode"]) == (201, "api", "enforce")
        assert [rule.name for rule in served.documents[-1].rules] == ["declared", "guard"]
        assert (await ask(plane, "POST", PATH, RULE)).json["code"] == "conflict"
        body = {**RULE, "mode": "observe", "project": "shop", "proxy": "bot"}
        changed = await ask(plane, "PUT", f"{PATH}/guard", body)
        assert (changed.json["mode"], changed.json["project"], changed.json["proxy"]) == ("observe", "shop", "bot")
        assert (await ask(plane, "GET", f"{PATH}/guard")).json == changed.json
        listed = (await ask(plane, "GET", PATH)).json["items"]
        assert [(one["name"], one["managed_by"]) for one in listed] == [("declared", "file"), ("guard", "api")]
        notes = {one["note"] for one in (await ask(plane, "GET", "/api/v1/versions")).json["items"]}
        assert {"policy guard added", "policy guard changed"} <= notes
        assert (await ask(plane, "DELETE", f"{PATH}/guard")).status == 204
        assert [rule.name for rule in served.documents[-1].rules] == ["declared"]
        assert (await ask(plane, "GET", f"{PATH}/guard")).status == 404

    run(tmp_path, story)


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        ({"kind": "agent-firewal"}, "kind", "did you mean `agent-firewall`?"),
        ({"settings": {"blocked": []}}, "settings.blocked", "unknown key"),
        ({"settings": {"blocked_tools": "x"}}, "settings.blocked_tools", "must be a list"),
        ({"operations": ["embeddings"]}, "operations[0]", "nothing to look at"),
        ({"project": "nowhere"}, "project", "does not exist"),
        ({"proxy": "nowhere"}, "proxy", "does not exist"),
        ({"mode": "watch"}, "mode", "is not one of"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_by_name(
    tmp_path: Path, change: dict[str, Any], where: str, words: str
) -> None:
    async def story(plane: Any, served: Served) -> None:
        told = len(served.documents)
        refused = await ask(plane, "POST", PATH, {**RULE, **change})
        assert refused.status == 422
        (problem,) = refused.json["errors"]
        assert problem["where"] == where
        assert words in problem["message"]
        assert len(served.documents) == told

    run(tmp_path, story)


def test_what_the_file_declares_is_changed_there(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        for method, body in (("PUT", {**RULE, "name": "declared"}), ("DELETE", None)):
            refused = await ask(plane, method, f"{PATH}/declared", body)
            assert (refused.status, refused.json["code"]) == (409, "managed_by_file")
        renamed = await ask(plane, "PUT", f"{PATH}/declared", RULE)
        assert (renamed.status, renamed.json["errors"][0]["where"]) == (422, "name")

    run(tmp_path, story)


def test_a_runtime_key_sees_no_rule(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        assert (await ask(plane, "GET", PATH, key=RUNTIME)).status == 403

    run(tmp_path, story)
