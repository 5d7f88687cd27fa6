import asyncio
from pathlib import Path
from typing import Any

from .house import Served, ask, make

ENTRY = {"id": "a", "identifier": "gpt-4o-mini", "provider": "openai", "api_key": "sk-canary-1"}
FILE = "models:\n  - {id: f, identifier: x, provider: openai}\nfallbacks: {f: [f]}\n"


def run(folder: Path, story: Any, text: str | None = None) -> None:
    async def go() -> None:
        served = Served()
        plane = make(folder, text, publish=served)
        try:
            await story(plane, served)
        finally:
            plane.close()

    asyncio.run(go())


def test_an_entry_is_made_shown_changed_and_removed(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        made = await ask(plane, "POST", "/api/v1/models", ENTRY)
        assert made.status == 201
        assert made.json["api_key_set"] is True
        assert made.json["managed_by"] == "api"
        assert "api_key" not in made.json
        assert made.json["effective"]["input_cost_per_1k"] == "0.00015"
        assert made.json["effective"]["source"].startswith("catalogue of ")
        assert served.documents[-1].models[0].id == "a"
        changed = await ask(
            plane,
            "PUT",
            "/api/v1/models/a",
            {"identifier": "x", "provider": "openai", "input_cost_per_1k": 0.0000001, "output_cost_per_1k": "0.2"},
        )
        assert changed.json["input_cost_per_1k"] == "0.0000001"
        assert changed.json["effective"]["source"] == "entry"
        assert (await ask(plane, "GET", "/api/v1/models")).json["items"] == [changed.json]
        assert (await ask(plane, "DELETE", "/api/v1/models/a")).status == 204
        assert (await ask(plane, "GET", "/api/v1/models/a")).status == 404
        assert [model.id for model in served.documents[-1].models] == ["sandbox/echo"]

    run(tmp_path, story)


def test_a_key_that_is_left_out_stays_the_stored_one(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        await ask(plane, "POST", "/api/v1/models", ENTRY)
        for body in (
            {"identifier": "y", "provider": "openai"},
            {"identifier": "z", "provider": "openai", "api_key": None},
        ):
            assert (await ask(plane, "PUT", "/api/v1/models/a", body)).json["api_key_set"] is True
            sealed = served.documents[-1].models[0].credential
            assert plane.vault.open(sealed).reveal() == "sk-canary-1"

    run(tmp_path, story)


def test_a_masked_preview_is_not_written_back(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        await ask(plane, "POST", "/api/v1/models", ENTRY)
        for preview in ("sk-****", "sk-...ry-1", "sk-\u2022\u2022", "sk-\u2026", "", " ", "two lines\nx"):
            body = {"identifier": "y", "provider": "openai", "api_key": preview}
            assert (await ask(plane, "PUT", "/api/v1/models/a", body)).status == 422, preview
        assert plane.vault.open(served.documents[-1].models[0].credential).reveal() == "sk-canary-1"

    run(tmp_path, story)


def test_a_stored_key_does_not_follow_to_another_address(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        await ask(plane, "POST", "/api/v1/models", ENTRY)
        away = {"identifier": "y", "provider": "openai", "base_url": "https://elsewhere.example/v1"}
        reply = await ask(plane, "PUT", "/api/v1/models/a", away)
        assert reply.status == 422
        assert reply.json["errors"][0]["where"] == "api_key"
        again = {"identifier": "y", "provider": "openai", "base_url": "https://api.openai.com/v1/"}
        assert (await ask(plane, "PUT", "/api/v1/models/a", again)).status == 200
        assert (await ask(plane, "PUT", "/api/v1/models/a", {**away, "api_key": "sk-2"})).status == 200
        assert plane.vault.open(served.documents[-1].models[0].credential).reveal() == "sk-2"

    run(tmp_path, story)


def test_what_the_file_declares_the_api_does_not_change(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        shown = await ask(plane, "GET", "/api/v1/models/f")
        assert shown.json["managed_by"] == "file"
        body = {"identifier": "y", "provider": "openai"}
        for method, path, said in (
            ("PUT", "/api/v1/models/f", body),
            ("DELETE", "/api/v1/models/f", None),
            ("POST", "/api/v1/models", {**body, "id": "f"}),
        ):
            reply = await ask(plane, method, path, said)
            assert (reply.status, reply.json["code"]) == (409, "managed_by_file")
            assert "gatepost apply" in reply.json["hint"]
        assert (await ask(plane, "PUT", "/api/v1/models/sandbox/echo", body)).status == 409
        assert served.documents == []

    run(tmp_path, story, FILE)


def test_refusals(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        await ask(plane, "POST", "/api/v1/models", ENTRY)
        assert (await ask(plane, "POST", "/api/v1/models", ENTRY)).json["code"] == "conflict"
        body = {"identifier": "y", "provider": "openai"}
        assert (await ask(plane, "PUT", "/api/v1/models/none", body)).status == 404
        assert (await ask(plane, "DELETE", "/api/v1/models/none")).status == 404
        assert (await ask(plane, "PUT", "/api/v1/models/a", {**body, "id": "b"})).status == 422
        assert (await ask(plane, "PUT", "/api/v1/models/a", {**body, "project": "none"})).status == 422
        for place in ({"env": "GATEPOST_ADMIN_KEY"}, {"env": "NOT_SET_HERE"}, {"file": "/no/such"}, {}, {"x": "y"}, 3):
            said = {**body, "api_key": place}
            assert (await ask(plane, "PUT", "/api/v1/models/a", said)).status == 422, place

    run(tmp_path, story)


def test_an_entry_that_is_named_by_the_file_stays(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        await ask(plane, "POST", "/api/v1/models", ENTRY)
        text = "models:\n  - {id: f, identifier: x, provider: openai}\nfallbacks: {f: [a]}\n"
        assert (await ask(plane, "POST", "/api/v1/apply", {"document": text})).status == 200
        reply = await ask(plane, "DELETE", "/api/v1/models/a")
        assert reply.status == 409
        assert "`fallbacks.f`" in reply.json["error"]

    run(tmp_path, story)


def test_keys_in_files_and_variables_are_read_and_never_from_the_data_directory(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-from-file\n")

    async def story(plane: Any, served: Served) -> None:
        body = {**ENTRY, "api_key": {"file": str(tmp_path / "key")}}
        assert (await ask(plane, "POST", "/api/v1/models", body)).json["api_key_source"].startswith("from the file")
        assert plane.vault.open(served.documents[-1].models[0].credential).reveal() == "sk-from-file"
        inside = {**ENTRY, "id": "b", "api_key": {"file": str(tmp_path / "data" / "master.key")}}
        reply = await ask(plane, "POST", "/api/v1/models", inside)
        assert "own data directory" in reply.json["errors"][0]["message"]

    run(tmp_path, story)


def test_two_writers_at_once_both_win(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        bodies = [{**ENTRY, "id": f"m{n}"} for n in range(8)]
        replies = await asyncio.gather(*(ask(plane, "POST", "/api/v1/models", body) for body in bodies))
        assert [reply.status for reply in replies] == [201] * 8
        numbers = [version.number for version in plane.store.history()]
        assert numbers == list(range(9, 0, -1))
        assert [document.version for document in served.documents] == list(range(2, 10))

    run(tmp_path, story)
