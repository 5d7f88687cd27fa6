import asyncio
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.domain.records import Entry, Outcome

from .house import ADMIN, RUNTIME, ask, make
from .tracing import call, run


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


def test_without_records_it_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        plane = make(tmp_path)
        for path in ("/api/v1/traces", "/api/v1/traces/x", "/api/v1/sessions/x"):
            reply = await ask(plane, "GET", path)
            assert (reply.status, reply.json["code"]) == (503, "records_unavailable")
        plane.close()

    asyncio.run(story())
