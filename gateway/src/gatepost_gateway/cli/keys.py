"""`gatepost keys`: who may call, and who no longer."""

import argparse
from typing import Any

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.asking import Asking
from gatepost_gateway.cli.output import note, say, say_json, table
from gatepost_gateway.control.reach import path_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    asking.add_arguments(actions.add_parser("list", help="all keys, without their secrets"))
    create = actions.add_parser("create", help="make a key; it is shown once")
    create.add_argument("name")
    create.add_argument("--kind", choices=("runtime", "admin"), default="runtime")
    create.add_argument("--project", help="`default`, or the proxy's")
    create.add_argument("--proxy", help="the one proxy that the key is for")
    create.add_argument("--expires-at", metavar="TIME", help="such as 2027-01-31T00:00:00Z")
    asking.add_arguments(create)
    for name, summary in (
        ("pause", "turn a key away until it is resumed"),
        ("resume", "let a paused key in again"),
        ("revoke", "turn a key away for ever"),
        ("rotate", "make a new key like an old one, which then ends"),
    ):
        action = actions.add_parser(name, help=summary)
        action.add_argument("id")
        if name == "rotate":
            action.add_argument("--overlap-seconds", type=int, default=3600, help="how long the old key goes on; 3600")
        asking.add_arguments(action)


def run(said: argparse.Namespace) -> int:
    with asking.asking(said, create=said.action == "create") as house:
        page = _page(house, said)
    if said.json:
        say_json(page)
    elif said.action == "list":
        say(_rows(page["items"]))
    elif "key" in page:
        note(f"key {page['id']} ({page['name']}) is made; it is shown this once:")
        say([page["key"]])
    else:
        say([f"key {page['id']} ({page['name']}) is {page['status']}"])
    return 0


def _page(house: Asking, said: argparse.Namespace) -> Any:
    match said.action:
        case "list":
            return house.get(path_of("keys"))
        case "create":
            body = {
                "name": said.name,
                "kind": said.kind,
                "project": said.project,
                "proxy": said.proxy,
                "expires_at": said.expires_at,
            }
            return house.ask(
                "POST", path_of("keys"), {name: value for name, value in body.items() if value is not None}
            )
        case "rotate":
            return house.ask("POST", path_of("keys", said.id, "rotate"), {"overlap_seconds": said.overlap_seconds})
        case action:
            return house.ask("POST", path_of("keys", said.id, action))


def _rows(items: list[dict[str, Any]]) -> list[str]:
    names = ("id", "name", "kind", "project", "proxy", "status", "created_at", "expires_at")
    return table([name.replace("_", " ") for name in names], [[one[name] for name in names] for one in items])
