from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.domain.records import Entry, Outcome, TraceOpened

from .house import RUNTIME, ask
from .tracing import AT, call, run

WHEN = "from=2027-01-15T07:00:00Z&to=2027-01-15T09:00:00Z"
CALLS: list[Entry] = [
    call(1, user="ann", properties={"feature": "=faq"}),
    call(2, user="bob", model="n", cost=None),
    call(3, outcome=Outcome.REFUSED, error="rate_limited", cost=None, user=None, attempts=()),
    call(4, project="other", user="cid"),
]


def test_totals_groups_and_points(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        page = (await ask(plane, "GET", f"/v1/metrics?{WHEN}&group_by=model&granularity=minute", key=RUNTIME)).json
        assert (page["scope"], page["scope_id"], page["granularity"]) == ("project", "default", "minute")
        totals = page["totals"]
        assert (totals["requests"], totals["unpriced_requests"]) == (3, 1)
        assert totals["cost_usd"] == pytest.approx(0.000021)
        assert totals["error_rate"] == pytest.approx(1 / 3, abs=1e-6)
        assert totals["p50_latency_ms"] == pytest.approx(1.5, rel=0.011)
        assert totals["total_tokens"] == totals["prompt_tokens"] + totals["completion_tokens"]
        assert [(one["key"], one["requests"]) for one in page["breakdown"]] == [("m", 2), ("n", 1)]
        assert [(one["bucket"][:19], one["requests"]) for one in page["timeseries"]] == [("2027-01-15T08:00:00", 3)]

    run(tmp_path, CALLS, story)


def test_what_nobody_named_is_unknown(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        page = (await ask(plane, "GET", f"/v1/metrics?{WHEN}&group_by=user", key=RUNTIME)).json
        assert {one["key"] for one in page["breakdown"]} == {"ann", "bob", "unknown"}

    run(tmp_path, CALLS, story)


def test_an_administrator_sees_all_projects_or_one(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        everything = (await ask(plane, "GET", f"/v1/metrics?{WHEN}")).json
        assert (everything["scope"], everything["totals"]["requests"]) == ("org", 3)
        one = (await ask(plane, "GET", f"/v1/metrics?{WHEN}&project=default")).json
        assert one["totals"]["requests"] == 3
        assert (await ask(plane, "GET", f"/v1/metrics?{WHEN}&project=none")).status == 404
        assert (await ask(plane, "GET", f"/v1/metrics?{WHEN}&project=other", key=RUNTIME)).status == 403

    run(tmp_path, CALLS, story)


@pytest.mark.parametrize(
    "query",
    [
        "range=2h",
        "range=1h&from=2027-01-15T07:00:00Z&to=2027-01-15T09:00:00Z",
        "from=2027-01-15T07:00:00Z",
        "from=2027-01-15T07:00:00&to=2027-01-15T09:00:00",
        "from=2027-01-15T09:00:00Z&to=2027-01-15T07:00:00Z",
        "from=soon&to=later",
        "group_by=shoe_size",
        "group_by=metadata:team",
        "granularity=second",
        "range=30d&granularity=minute",
        "format=xml",
    ],
)
def test_a_question_that_makes_no_sense_is_422(tmp_path: Path, query: str) -> None:
    async def story(plane: Any) -> None:
        reply = await ask(plane, "GET", f"/v1/metrics?{query}")
        assert (reply.status, reply.json["code"]) == (422, "validation_failed")

    run(tmp_path, [], story)


def test_a_zone_with_a_plus_is_understood(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        page = await ask(plane, "GET", "/v1/metrics?from=2027-01-15T09:00:00+02:00&to=2027-01-15T10:30:00%2B02:00")
        assert page.json["range_from"].startswith("2027-01-15T07:00:00")

    run(tmp_path, [], story)


def test_revenue_cost_and_margin(tmp_path: Path) -> None:
    opened = TraceOpened(
        "t", AT, "default", "default", "runt1me", '{"user_id": "ann", "feature": "faq"}', 1_000_000_000
    )

    async def story(plane: Any) -> None:
        page = (await ask(plane, "GET", f"/api/v1/usage?{WHEN}&group_by=user", key=RUNTIME)).json
        ann = next(one for one in page["items"] if one["key"] == "ann")
        assert (ann["revenue"], ann["cost"], ann["margin"]) == ("1", "0.000021", "0.999979")
        assert page["total"]["revenue"] == "1"
        orgs = (await ask(plane, "GET", f"/api/v1/usage?{WHEN}&group_by=org")).json["items"]
        assert [one["key"] for one in orgs] == ["default"]

    run(tmp_path, [opened, *CALLS], story)


def test_a_table_has_no_formulas(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        reply = await ask(plane, "GET", f"/api/v1/usage?{WHEN}&group_by=feature&format=csv", key=RUNTIME)
        lines = reply.body.decode().splitlines()
        assert lines[0].startswith("key,requests")
        assert any(line.startswith("'=faq,1") for line in lines)

    run(tmp_path, CALLS, story)


def test_cohorts(tmp_path: Path) -> None:
    day = 86_400_000_000
    calls = [call(number, at=AT + at * day, user="ann") for number, at in ((1, 0), (2, 1))]

    async def story(plane: Any) -> None:
        query = "from=2027-01-14T00:00:00Z&to=2027-01-20T00:00:00Z"
        page = (await ask(plane, "GET", f"/api/v1/retention?{query}&period=day", key=RUNTIME)).json
        assert page["cohorts"] == [{"cohort": "2027-01-15", "size": 1, "active": [1, 1], "shares": [1.0, 1.0]}]
        table = await ask(plane, "GET", f"/api/v1/retention?{query}&format=csv", key=RUNTIME)
        assert table.body.decode().splitlines() == ["cohort,size,period_0,period_1", "2027-01-15,1,1,1"]
        assert (await ask(plane, "GET", f"/api/v1/retention?{query}&project=default&period=year")).status == 422
        assert (await ask(plane, "GET", "/api/v1/retention?project=default")).status == 200

    run(tmp_path, calls, story)
