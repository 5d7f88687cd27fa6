from pathlib import Path
from typing import Any

from gatepost_gateway.domain.clock import SystemClock, day
from gatepost_gateway.domain.governance import Claim
from gatepost_gateway.domain.records import Entry, Opened

from .house import ask
from .tracing import AT, call, run


def test_projects_show_what_they_spent_and_hold(tmp_path: Path) -> None:
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
