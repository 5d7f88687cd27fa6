"""`gatepost traces`: what happened."""

import argparse
from typing import Any

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.output import note, say, say_json, table
from gatepost_gateway.control.reach import path_of

_FILTERS = ("user", "outcome", "model", "project", "since", "until", "limit", "cursor")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", help="show this one, with its steps")
    parser.add_argument("--session", help="of this session")
    parser.add_argument("--property", action="append", default=[], metavar="KEY:VALUE", help="may be repeated")
    for name in _FILTERS:
        parser.add_argument(f"--{name}")
    asking.add_arguments(parser)


def run(said: argparse.Namespace) -> int:
    with asking.asking(said) as house:
        page = house.get(path_of("traces", said.id)) if said.id else house.get(path_of("traces"), _query(said))
    if said.json:
        say_json(page)
    elif said.id:
        say(_trace(page))
    else:
        say(_list(page["items"]))
        if page["next_cursor"]:
            note(f"there are more: --cursor {page['next_cursor']}")
    return 0


def _query(said: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    found = [(name, getattr(said, name)) for name in _FILTERS if getattr(said, name) is not None]
    found += [("session_id", said.session)] if said.session else []
    return (*found, *(("property", one) for one in said.property))


def _list(items: list[dict[str, Any]]) -> list[str]:
    head = ("id", "created at", "project", "outcome", "steps", "cost USD", "ms", "models")
    rows = [
        (
            one["id"],
            one["created_at"],
            one["project"],
            one["outcome"] or one["status"],
            one["steps"],
            one["total_cost"],
            one["total_latency_ms"],
            ", ".join(one["models"]) or None,
        )
        for one in items
    ]
    return table(head, rows)


def _trace(page: dict[str, Any]) -> list[str]:
    head = ("step", "kind", "model", "outcome", "status", "in", "out", "cost USD", "ms")
    rows = [
        (
            one["id"],
            one["name"] or one["kind"],
            one["model"] or one["model_asked"],
            one["outcome"],
            one["status"],
            _tokens(one, "input"),
            _tokens(one, "output"),
            one["cost"],
            one["latency_ms"],
        )
        for one in page["steps"]
    ]
    cost = page["total_cost"] if page["total_cost"] is not None else "unknown"
    first = f"trace {page['id']} ({page['status']}) of project {page['project']}, {page['created_at']}: {cost} USD"
    return [first, *table(head, rows)]


def _tokens(step: dict[str, Any], bucket: str) -> int | None:
    return step["usage"][bucket] if step["usage"] is not None else None
