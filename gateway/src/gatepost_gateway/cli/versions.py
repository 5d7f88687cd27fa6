"""`gatepost versions`: every configuration there was, what differs, and the way back."""

import argparse
from typing import Any

import msgspec

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.asking import Asking
from gatepost_gateway.cli.output import say, say_json, table
from gatepost_gateway.control.reach import path_of

_SIGNS = {"add": "+", "remove": "-", "change": "~"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    for name, summary, numbers in (
        ("list", "the newest first", ()),
        ("show", "one version, without secrets", ("number",)),
        ("diff", "what differs from one version to another", ("before", "after")),
        ("rollback", "make a new version equal to an old one", ("number",)),
    ):
        action = actions.add_parser(name, help=summary)
        for number in numbers:
            action.add_argument(number, type=int)
        asking.add_arguments(action)


def run(said: argparse.Namespace) -> int:
    with asking.asking(said) as house:
        page = _page(house, said)
    if said.json:
        say_json(page)
    else:
        say(_lines(said, page))
    return 0


def _page(house: Asking, said: argparse.Namespace) -> Any:
    match said.action:
        case "list":
            return house.get(path_of("versions"))
        case "show":
            return house.get(path_of("versions", str(said.number)))
        case "diff":
            return house.get(path_of("versions", str(said.before), "diff", str(said.after)))
        case _:
            return house.ask("POST", path_of("versions", str(said.number), "rollback"))


def _lines(said: argparse.Namespace, page: Any) -> list[str]:
    match said.action:
        case "list":
            rows = [
                ("*" if one["current"] else "", one["number"], one["created_at"], one["by"], one["note"])
                for one in page["items"]
            ]
            return table(("", "number", "created at", "by", "note"), rows)
        case "show":
            return [msgspec.json.format(msgspec.json.encode(page), indent=2).decode()]
        case "diff":
            return change_lines(page["changes"]) or ["no difference"]
        case _:
            return [*change_lines(page["changes"]), f"version {page['number']} is in force"]


def change_lines(changes: list[dict[str, Any]]) -> list[str]:
    """One line a difference."""
    return [f"{_SIGNS[one['op']]} {one['path']}: {_values(one)}" for one in changes]


def _values(change: dict[str, Any]) -> str:
    before, after = _short(change["from"]), _short(change["to"])
    return f"{before} -> {after}" if change["op"] == "change" else after if change["op"] == "add" else before


def _short(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
