"""`gatepost budget`: what somebody may spend, with the arithmetic; and what a call did cost after a crash."""

import argparse
from typing import Any

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.output import RefusalError, say, say_json
from gatepost_gateway.control.reach import path_of

_WHO = (("org", "org"), ("project", "project"), ("key", "key-id"), ("user", "user"))
"""What the query calls it, and the option."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    explain = actions.add_parser("explain", help="all budgets, or those that a call of somebody meets")
    for _, name in _WHO:
        explain.add_argument(f"--{name}", metavar="ID")
    explain.add_argument("--metadata", metavar="NAME=VALUE", action="append", default=[])
    asking.add_arguments(explain)
    correct = actions.add_parser("correct", help="what a call did cost that was open when its gateway died")
    correct.add_argument("trace", help="its trace")
    correct.add_argument("--step", help="which call of the trace; needed where more than one was open")
    correct.add_argument("--cost", metavar="USD", required=True, help="at most what it held")
    correct.add_argument("--note", default="", help="how that is known")
    asking.add_arguments(correct)


def run(said: argparse.Namespace) -> int:
    return _correct(said) if said.action == "correct" else _explain(said)


def _correct(said: argparse.Namespace) -> int:
    with asking.asking(said) as house:
        step = said.step or _open_one(house.get(path_of("traces", said.trace)))
        page = house.ask(
            "POST", path_of("traces", said.trace, "steps", step, "correction"),
            {"cost_usd": said.cost, "note": said.note},
        )  # fmt: skip
    if said.json:
        say_json(page)
    else:
        say([f"call {step} cost {said.cost} USD; the trace costs {page['total_cost']}"])
    return 0


def _open_one(trace: dict[str, Any]) -> str:
    """The one call of a trace that was open at a crash. Raises RefusalError when there is none, or more."""
    found: list[str] = [one["id"] for one in trace["steps"] if one["outcome"] == "interrupted" and one["kind"] == "run"]
    if len(found) != 1:
        raise RefusalError({"error": f"{len(found)} calls of the trace were open at a crash: name one with --step"})
    return found[0]


def _explain(said: argparse.Namespace) -> int:
    query = [(name, value) for name, option in _WHO if (value := getattr(said, option.replace("-", "_"))) is not None]
    query += [("metadata", one) for one in said.metadata]
    with asking.asking(said) as house:
        page = house.get(path_of("budgets"), tuple(query))
    if said.json:
        say_json(page)
    else:
        lines = [line for one in page["items"] for line in _story(one)]
        say(lines or ["No budget is in force there: what is spent is only recorded."])
    return 0


def _story(one: dict[str, Any]) -> list[str]:
    name = one["account"] or one["limit_id"]
    lines = [f"{name} ({one['scope']}, {one['period']}, managed by {one['managed_by']})"]
    if one["settled"] is None:
        lines.append(f"  limit {one['limit']} USD for each {one['scope']}: name one to see what is left of it")
    else:
        sums = f"limit {one['limit']} - settled {one['settled']} - held {one['held']}"
        lines.append(f"  {sums} = {one['remaining']} USD left until {one['resets_at'][:19]}Z")
    if one["fallback_price"]:
        lines.append("  a model without a price is charged at the fallback price")
    else:
        lines.append("  a model without a price is refused")
    return lines
