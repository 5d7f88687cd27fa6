import asyncio
from pathlib import Path
from typing import Any

from .house import RUNTIME, Served, ask, make

FIRST = "models:\n  - {id: a, identifier: x, provider: openai, input_cost_per_1k: 1, output_cost_per_1k: 2}\n"
SECOND = FIRST.replace("output_cost_per_1k: 2", "output_cost_per_1k: 3") + "projects: [{id: p}]\n"


def run(folder: Path, story: Any, **more: Any) -> None:
    async def go() -> None:
        served = Served()
        plane = make(folder, publish=served, **more)
        try:
            await story(plane, served)
        finally:
            plane.close()

    asyncio.run(go())


async def applied(plane: Any, text: str, **more: Any) -> Any:
    reply = await ask(plane, "POST", "/api/v1/apply", {"document": text, **more})
    assert reply.status == 200, reply.body
    return reply.json


def test_an_apply_makes_a_version_and_says_what_changed(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        assert (await applied(plane, FIRST))["number"] == 2
        done = await applied(plane, SECOND)
        assert done["number"] == 3
        assert [(one["path"], one["op"], one["from"], one["to"]) for one in done["changes"]] == [
            ("models.a.output_cost_per_1k", "change", "2", "3"),
            (
                "projects.p",
                "add",
                None,
                {
                    "id": "p",
                    "max_output_default": 4096,
                    "strict_translation": False,
                    "model_policy": "honour",
                    "store_bodies": False,
                    "body_bytes": 65536,
                },
            ),
        ]
        assert served.documents[-1].version == 3
        assert (await ask(plane, "GET", "/api/v1/versions/2/diff/3")).json == {"changes": done["changes"]}
        back = (await ask(plane, "GET", "/api/v1/versions/3/diff/2")).json["changes"]
        assert [one["op"] for one in back] == ["change", "remove"]

    run(tmp_path, story)


def test_the_same_file_again_is_no_version(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        await applied(plane, FIRST)
        done = await applied(plane, "# only a comment more\n" + FIRST)
        assert (done["number"], done["changes"]) == (2, [])
        assert len(served.documents) == 1

    run(tmp_path, story)


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        done = await applied(plane, FIRST, dry_run=True)
        assert (done["number"], done["dry_run"], len(done["changes"])) == (1, True, 1)
        assert served.documents == []
        assert [one["number"] for one in (await ask(plane, "GET", "/api/v1/versions")).json["items"]] == [1]

    run(tmp_path, story)


def test_a_wrong_file_is_not_half_applied(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        reply = await ask(plane, "POST", "/api/v1/apply", {"document": FIRST + "sever: {}\n", "name": "g.yaml"})
        assert reply.status == 422
        assert reply.json["errors"] == [
            {"where": "g.yaml:3:1", "message": "unknown key `sever`: did you mean `server`?"}
        ]
        assert (await ask(plane, "GET", "/api/v1/models")).json["items"] == []
        assert served.documents == []

    run(tmp_path, story)


def test_a_rollback_is_a_new_version_equal_to_the_old(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        await applied(plane, FIRST)
        await applied(plane, SECOND)
        done = await ask(plane, "POST", "/api/v1/versions/2/rollback")
        assert done.json["number"] == 4
        versions = {one["number"]: one for one in (await ask(plane, "GET", "/api/v1/versions")).json["items"]}
        assert versions[4]["digest"] == versions[2]["digest"]
        assert versions[4]["current"]
        assert not versions[3]["current"]
        assert versions[4]["note"] == "rollback to version 2"
        assert served.documents[-1].models[0].prices.output == 2 * 10**12
        assert (await ask(plane, "POST", "/api/v1/versions/99/rollback")).status == 404
        assert (await ask(plane, "GET", "/api/v1/versions/x")).status == 404

    run(tmp_path, story)


def test_a_rollback_revives_no_revoked_key(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        made = (await ask(plane, "POST", "/api/v1/keys", {"name": "k"})).json
        await applied(plane, FIRST)
        assert (await ask(plane, "POST", f"/api/v1/keys/{made['id']}/revoke")).json["status"] == "revoked"
        for number in (1, 2):
            assert (await ask(plane, "POST", f"/api/v1/versions/{number}/rollback")).status == 200
            assert {key.id: key.state.value for key in served.documents[-1].keys}[made["id"]] == "revoked"
            reply = await ask(plane, "GET", "/api/v1/traces", key=made["key"])
            assert (reply.status, reply.json["code"]) == (401, "key_revoked")
        assert (await ask(plane, "POST", f"/api/v1/keys/{made['id']}/resume")).status == 409

    run(tmp_path, story)


def test_a_project_with_a_key_is_not_taken_away(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        await applied(plane, SECOND)
        made = (await ask(plane, "POST", "/api/v1/keys", {"name": "k", "project": "p"})).json
        reply = await ask(plane, "POST", "/api/v1/apply", {"document": FIRST})
        assert reply.status == 409
        assert made["id"] in reply.json["error"]
        assert (await ask(plane, "POST", "/api/v1/versions/1/rollback")).status == 409
        await ask(plane, "POST", f"/api/v1/keys/{made['id']}/revoke")
        assert (await applied(plane, FIRST))["number"] == 3

    run(tmp_path, story)


def test_a_variable_that_is_not_set_is_a_warning(tmp_path: Path) -> None:
    text = "models: [{id: a, identifier: x, provider: openai, api_key: {env: NO_SUCH_KEY}}]\n"

    async def story(plane: Any, served: Served) -> None:
        done = await applied(plane, text)
        assert done["warnings"] == ["gatepost.yaml:1:60: the variable `NO_SUCH_KEY` is not set: model `a` has no key"]
        assert served.documents[-1].models[0].credential is None

    run(tmp_path, story)


def test_another_key_behind_the_same_variable_is_a_change(tmp_path: Path) -> None:
    text = "models: [{id: a, identifier: x, provider: openai, api_key: {env: SOME_KEY}}]\n"

    async def first(plane: Any, served: Served) -> None:
        await applied(plane, text)

    async def same(plane: Any, served: Served) -> None:
        assert (await applied(plane, text))["changes"] == []

    async def other(plane: Any, served: Served) -> None:
        (change,) = (await applied(plane, text))["changes"]
        assert change["path"] == "models.a.api_key"
        assert change["to"] == "from the variable SOME_KEY (another key)"
        assert plane.vault.open(served.documents[-1].models[0].credential).reveal() == "sk-2"

    run(tmp_path, first, variables={"SOME_KEY": "sk-1"})
    run(tmp_path, same, variables={"SOME_KEY": "sk-1"})
    run(tmp_path, other, variables={"SOME_KEY": "sk-2"})


def test_settings_of_the_process_wait_for_the_next_start(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        done = await applied(plane, "server: {listen: '127.0.0.1:9', timeouts: {idle: 5}}\n")
        assert done["warnings"] == ["`server.listen` is read when `gatepost serve` starts with this file"]
        assert served.documents[-1].timeouts.idle == 5.0

    run(tmp_path, story)


def test_a_runtime_key_sees_no_version(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        assert (await ask(plane, "GET", "/api/v1/versions", key=RUNTIME)).status == 403

    run(tmp_path, story)
