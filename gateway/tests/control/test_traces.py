import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.records import FoldedRecords, TraceSource
from gatepost_gateway.domain.governance import Claim, Decision, Effect, Mode
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.records import Attempt, Closed, Entry, Logged, Opened, Outcome, TraceOpened
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.segments import Position

from .house import ADMIN, RUNTIME, ask, make

AT = 1_800_000_000_000_000
PRICES = Prices(1_000_000_000, 2_000_000_000, 500_000_000, None, None)


def call(number: int, **more: Any) -> Closed:
    fields: dict[str, Any] = {
        "step_id": f"step-{number}",
        "trace_id": f"trace-{number}",
        "at": AT + number,
        "surface": "openai",
        "org": "default",
        "project": "default",
        "key_id": "runt1me",
        "model_asked": "m",
        "model": "m",
        "provider": "sandbox",
        "outcome": Outcome.ANSWERED,
        "status": 200,
        "micros": 1500,
        "first_micros": 700,
        "usage": Usage(10, 5, 2, 0, 1, 0),
        "prices": PRICES,
        "cost": 21_000,
        "claims": (Claim("default/daily@2027-01-15", 1_000_000_000, 50_000),),
        "held": 50_000,
        "settled": 21_000,
        "attempts": (Attempt("m", "sandbox", 900, 200, None, None, "up-1"),),
        "decisions": (Decision("r", "pii", "request", Mode.OBSERVE, Effect.ALLOW, 12),),
        "session_id": "session-1",
        "turn": number,
        "user": "u",
        "properties": {"team": "a"},
        "config_version": 3,
    }
    return Closed(**{**fields, **more})


def run(folder: Path, entries: list[Entry], story: Any, text: str | None = None) -> None:
    (folder / "data").mkdir(mode=0o700)
    with Records(folder / "data" / "records.db") as records:
        records.fold(entries, Position(1, 1))
        source: TraceSource = Told(records, folder / "data")

        async def go() -> None:
            plane = make(folder, text, records=source)
            try:
                await story(plane)
            finally:
                plane.close()

        asyncio.run(go())


class Told(FoldedRecords):
    """Records that were filled without a journal."""

    def __init__(self, records: Records, folder: Path) -> None:
        class Still(Folder):
            def fold_to_end(self) -> Any:
                return None

        super().__init__(Still(folder / "journal", records), records)


def test_a_trace_is_told_whole(tmp_path: Path) -> None:
    entries: list[Entry] = [
        TraceOpened("trace-1", AT, "default", "default", "runt1me", '{"user_id":"u"}', 1_000_000),
        call(1, implicit=False),
        Logged("log-1", "trace-1", AT + 5, "default", "default", "runt1me", "rating", '{"stars":5}'),
    ]

    async def story(plane: Any) -> None:
        page = (await ask(plane, "GET", "/api/v1/traces/trace-1")).json
        assert (page["status"], page["project"], page["metadata"]) == ("open", "default", {"user_id": "u"})
        assert (page["revenue"], page["total_cost"], page["gross_margin"]) == ("0.001", "0.000021", "0.000979")
        assert page["step_count"] == len(page["steps"]) == 2
        step, event = page["steps"]
        assert step["usage"] == {
            "input": 10, "output": 5, "cache_read": 2, "cache_write": 0, "reasoning": 1, "images": 0, "exact": True
        }  # fmt: skip
        assert (step["cost"], step["held"], step["settled"]) == ("0.000021", "0.00005", "0.000021")
        assert step["prices"]["input_cost_per_1k"] == "0.001"
        assert step["prices"]["cache_read_cost_per_1k"] == "0.0005"
        assert step["claims"] == [{"limit_id": "default/daily@2027-01-15", "limit": "1", "held": "0.00005"}]
        assert (step["latency_ms"], step["first_token_ms"]) == (1.5, 0.7)
        assert step["attempts"][0]["request_id"] == "up-1"
        assert step["decisions"][0]["effect"] == "allow"
        assert step["properties"] == {"team": "a"}
        assert (event["kind"], event["name"], event["data"]) == ("log", "rating", {"stars": 5})

    run(tmp_path, entries, story)


def test_lists_are_filtered_and_paged(tmp_path: Path) -> None:
    entries: list[Entry] = [call(number) for number in range(1, 6)]
    entries.append(call(6, outcome=Outcome.REFUSED, cost=None, model=None, session_id="s2", properties={"team": "b"}))

    async def story(plane: Any) -> None:
        async def ids(query: str) -> list[str]:
            page = (await ask(plane, "GET", f"/api/v1/traces?{query}")).json
            return [item["id"].removeprefix("trace-") for item in page["items"]]

        assert await ids("") == ["6", "5", "4", "3", "2", "1"]
        assert await ids("outcome=refused") == ["6"]
        assert await ids("session_id=s2") == ["6"]
        assert await ids("property=team:a&user=u&model=m") == ["5", "4", "3", "2", "1"]
        assert await ids("property=team:b&property=team:a") == []
        assert await ids("until=2027-01-15T08:00:00.000003Z") == ["2", "1"]
        assert await ids("project=other") == []
        first = (await ask(plane, "GET", "/api/v1/traces?limit=4")).json
        assert [item["id"] for item in first["items"]] == ["trace-6", "trace-5", "trace-4", "trace-3"]
        assert first["items"][0]["total_cost"] is None
        assert first["items"][1]["total_cost"] == "0.000021"
        assert await ids(f"limit=4&cursor={first['next_cursor']}") == ["2", "1"]

    run(tmp_path, entries, story)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "outcome=fine", "property=x", "since=soon", "cursor=x"]
)
def test_bad_filters_are_told(tmp_path: Path, query: str) -> None:
    async def story(plane: Any) -> None:
        reply = await ask(plane, "GET", f"/api/v1/traces?{query}")
        assert (reply.status, reply.json["code"]) == (400, "invalid_request")
        assert query.partition("=")[0] in reply.json["error"]

    run(tmp_path, [], story)


def test_a_runtime_key_sees_its_own_project(tmp_path: Path) -> None:
    entries: list[Entry] = [call(1), call(2, project="other", session_id="s2")]

    async def story(plane: Any) -> None:
        assert len((await ask(plane, "GET", "/api/v1/traces", key=ADMIN)).json["items"]) == 2
        own = (await ask(plane, "GET", "/api/v1/traces", key=RUNTIME)).json["items"]
        assert [item["id"] for item in own] == ["trace-1"]
        assert (await ask(plane, "GET", "/api/v1/traces?project=other", key=RUNTIME)).status == 403
        foreign = await ask(plane, "GET", "/api/v1/traces/trace-2", key=RUNTIME)
        absent = await ask(plane, "GET", "/api/v1/traces/trace-9", key=RUNTIME)
        assert (
            (foreign.status, foreign.json["code"]) == (absent.status, absent.json["code"]) == (404, "trace_not_found")
        )
        assert (await ask(plane, "GET", "/api/v1/sessions/s2", key=RUNTIME)).status == 404
        assert (await ask(plane, "GET", "/api/v1/sessions/s2")).status == 200

    run(tmp_path, entries, story)


def test_a_session_is_told_in_its_turns(tmp_path: Path) -> None:
    entries: list[Entry] = [call(2), call(1)]

    async def story(plane: Any) -> None:
        page = (await ask(plane, "GET", "/api/v1/sessions/session-1")).json
        assert [turn["turn"] for turn in page["turns"]] == [1, 2]
        assert [turn["trace_id"] for turn in page["turns"]] == ["trace-1", "trace-2"]
        assert (page["id"], page["project"]) == ("session-1", "default")

    run(tmp_path, entries, story)


def test_projects_show_what_they_spent_and_hold(tmp_path: Path) -> None:
    from gatepost_gateway.domain.clock import SystemClock, day

    name = f"default/daily@{day(SystemClock().micros())}"
    open_claims = (Claim(name, 10**9, 70_000),)
    entries: list[Entry] = [
        call(1, claims=(Claim(name, 10**9, 50_000),)),
        Opened("step-9", "trace-9", AT, "default", "default", "k", "m", "chat", "openai", open_claims, 70_000),
    ]

    async def story(plane: Any) -> None:
        (project,) = (await ask(plane, "GET", "/api/v1/projects")).json["items"]
        (budget,) = project["budgets"]
        assert (budget["limit_id"], budget["limit"]) == ("default/daily", "1")
        assert (budget["settled"], budget["held"]) == ("0.000021", "0.00007")
        assert budget["resets_at"].endswith("T00:00:00.000000Z")
        assert (await ask(plane, "GET", "/api/v1/projects/default")).json == project
        assert (await ask(plane, "GET", "/api/v1/projects/none")).status == 404

    run(tmp_path, entries, story, "projects: [{id: default, budgets: {daily_usd: 1}}]\n")


def test_without_records_it_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        plane = make(tmp_path)
        for path in ("/api/v1/traces", "/api/v1/traces/x", "/api/v1/sessions/x"):
            reply = await ask(plane, "GET", path)
            assert (reply.status, reply.json["code"]) == (503, "records_unavailable")
        plane.close()

    asyncio.run(story())


def test_questions_fold_first(tmp_path: Path) -> None:
    folds: list[str] = []

    class Watched(Folder):
        def fold_to_end(self) -> Any:
            folds.append("fold")

    with Records(tmp_path / "records.db") as records:
        source = FoldedRecords(Watched(tmp_path, records), records)

        async def story() -> None:
            from gatepost_gateway.storage.rows import Filters

            await source.traces(Filters(), 1, None)
            await source.trace("x")
            await source.session("x")
            accounts: Iterable[str] = ["a"]
            assert await source.spent(accounts) == {"a": (0, 0)}

        asyncio.run(story())
    assert folds == ["fold"] * 4
