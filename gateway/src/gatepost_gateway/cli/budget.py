"""`gatepost budget explain`: what somebody may spend, and the arithmetic of what is left of it."""

import argparse
from typing import Any

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.output import say, say_json
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


def run(said: argparse.Namespace) -> int:
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
