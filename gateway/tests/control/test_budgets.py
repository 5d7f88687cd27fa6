from pathlib import Path
from typing import Any

from gatepost_gateway.domain.clock import SystemClock, day, hour, month
from gatepost_gateway.domain.governance import Claim
from gatepost_gateway.domain.records import Entry, Opened

from .house import ask
from .tracing import AT, call, run

FILE = """
projects: [{id: default, budgets: {daily_usd: 1}}, {id: other}]
budgets:
  - {id: all, scope: org, match: default, monthly_usd: 100}
  - {id: people, scope: user, daily_usd: 2}
  - {id: ann, scope: user, match: ann, project: other, daily_usd: 3}
  - {id: cap, scope: key, hourly_usd: 0.5}
  - {id: red, scope: "metadata:team", match: red, daily_usd: 4, fallback_price: {image_cost: 1, input_cost_per_1k: 1,
     output_cost_per_1k: 1}}
"""
NOW = SystemClock().micros()


class Standing(SystemClock):
    """A clock that no period ends on while a test asks."""

    def micros(self) -> int:
        return NOW


OF_ALL = f"all/monthly for org default@{month(NOW)}"
OF_ANN = f"people/daily in default for user ann@{day(NOW)}"
ENTRIES: list[Entry] = [
    call(1, claims=(Claim(OF_ALL, 10**11, 50_000), Claim(OF_ANN, 2 * 10**9, 50_000))),
    Opened(
        "step-9", "t9", AT, "default", "default", "k", "m", "chat", "openai", (Claim(OF_ALL, 10**11, 70_000),), 70_000
    ),
]


def test_all_budgets_are_listed_and_those_of_one_subject_show_their_account(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        page = (await ask(plane, "GET", "/api/v1/budgets")).json["items"]
        assert [one["limit_id"] for one in page] == [
            "default/daily", "all/monthly", "people/daily", "ann/daily", "cap/hourly", "red/daily",
        ]  # fmt: skip
        found = {one["limit_id"]: one for one in page}
        whole = found["all/monthly"]
        assert (whole["account"], whole["settled"], whole["held"]) == (OF_ALL, "0.000021", "0.00007")
        assert (whole["limit"], whole["remaining"], whole["scope"], whole["managed_by"]) == (
            "100", "99.999909", "org", "file",
        )  # fmt: skip
        assert found["people/daily"]["account"] is None
        assert found["people/daily"]["settled"] is None
        assert found["ann/daily"]["account"] == f"ann/daily in other for user ann@{day(NOW)}"
        assert (found["red/daily"]["fallback_price"], found["red/daily"]["scope"]) == (True, "metadata:team")

    run(tmp_path, ENTRIES, story, FILE, clock=Standing())


def test_a_question_of_somebody_is_answered_with_what_his_calls_would_meet(tmp_path: Path) -> None:
    async def told(plane: Any, query: str) -> list[str]:
        return [one["account"] for one in (await ask(plane, "GET", f"/api/v1/budgets?{query}")).json["items"]]

    async def story(plane: Any) -> None:
        today, this_hour, key = day(NOW), hour(NOW), "runt1me"
        assert await told(plane, f"key={key}&user=ann") == [
            f"default/daily@{today}", OF_ALL, OF_ANN, f"cap/hourly for key {key}@{this_hour}",
        ]  # fmt: skip
        others = await told(plane, "project=other&user=ann&metadata=team=red")
        assert others == [
            OF_ALL,
            f"people/daily in other for user ann@{today}",
            f"ann/daily in other for user ann@{today}",
            f"red/daily in other for metadata:team red@{today}",
        ]
        assert (await ask(plane, "GET", "/api/v1/budgets?key=none")).status == 404
        assert (await ask(plane, "GET", "/api/v1/budgets?project=none")).status == 404
        assert (await ask(plane, "GET", "/api/v1/budgets?metadata=team")).status == 400
        assert (await ask(plane, "GET", "/api/v1/budgets?team=red")).status == 400

    run(tmp_path, ENTRIES, story, FILE, clock=Standing())
