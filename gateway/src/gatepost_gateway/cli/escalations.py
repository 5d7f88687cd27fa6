"""`gatepost escalations`: what waits for a person, and the person's word."""

import argparse
from typing import Any

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.asking import Asking
from gatepost_gateway.cli.output import say, say_json, table
from gatepost_gateway.control.reach import path_of

_ACTIONS = (
    ("claim", "take one on"),
    ("approve", "let the identical request through, once, within 15 minutes"),
    ("deny", "turn the identical request away for 15 minutes"),
    ("resolve", "close one with a note"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    index = actions.add_parser("list", help="the newest first")
    index.add_argument("--status", help="queued, claimed, approved, denied, resolved or expired")
    index.add_argument("--project")
    index.add_argument("--limit", type=int, default=50)
    asking.add_arguments(index)
    show = actions.add_parser("show", help="one, with its history")
    show.add_argument("id")
    asking.add_arguments(show)
    for name, summary in _ACTIONS:
        action = actions.add_parser(name, help=summary)
        action.add_argument("id")
        action.add_argument("--note", default="")
        asking.add_arguments(action)


def run(said: argparse.Namespace) -> int:
    with asking.asking(said) as house:
        page = _page(house, said)
    if said.json:
        say_json(page)
    elif said.action == "list":
        names = ("id", "status", "created_at", "project", "rule", "model", "key_id", "trace_id")
        say(table([name.replace("_", " ") for name in names], [[one[name] for name in names] for one in page["items"]]))
    elif said.action == "show":
        say(_lines(page))
    else:
        say([f"escalation {page['id']} is {page['status']}"])
    return 0


def _page(house: Asking, said: argparse.Namespace) -> Any:
    match said.action:
        case "list":
            query = (("status", said.status), ("project", said.project), ("limit", str(said.limit)))
            return house.get(path_of("escalations"), tuple((name, value) for name, value in query if value is not None))
        case "show":
            return house.get(path_of("escalations", said.id))
        case action:
            return house.ask("POST", path_of("escalations", said.id, action), {"note": said.note})


def _lines(page: dict[str, Any]) -> list[str]:
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in page.items() if value and name != "history"]
    for turn in page["history"]:
        note = f": {turn['note']}" if turn["note"] else ""
        lines.append(f"{turn['at']}  {turn['status']} by {turn['by']}{note}")
    return lines
