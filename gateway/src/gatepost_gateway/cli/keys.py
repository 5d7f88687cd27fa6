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
    rotate = actions.add_parser("rotate-master", help="change the key that seals provider keys and conversations")
    rotate.add_argument("--keep-old", action="store_true", help="put the old key aside, for old backups")
    asking.add_arguments(rotate)


def run(said: argparse.Namespace) -> int:
    if said.action == "rotate-master":
        return _rotate_master(said)
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


def _rotate_master(said: argparse.Namespace) -> int:
    """2 when something stays sealed with a key that is not here."""
    with asking.asking(said) as house:
        page = house.ask("POST", path_of("master-key", "rotate"), {"keep_old": said.keep_old})
        while page["state"] != "done":
            page = house.ask("POST", path_of("master-key", "rotate"), {"keep_old": said.keep_old})
    if said.json:
        say_json(page)
        return 2 if page["unreadable"] else 0
    counts = ", ".join(f"{page[name]} {name}" for name in ("configuration", "conversations", "steps"))
    say([f"everything is sealed with the new master key ({counts})"])
    if page["kept_in"] == "environment":
        note("GATEPOST_MASTER_KEY may lose every key but its first at the next start; old backups still need them")
    elif said.keep_old:
        note("the old key is in `master.key.old` of the data directory: keep it elsewhere, with the backups it opens")
    else:
        note("the old key is gone; backups from before need it, if you kept it with them")
    if page["unreadable"]:
        note(f"{page['unreadable']} boxes were sealed with a key that is not here, and stay as they are")
    return 2 if page["unreadable"] else 0


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
