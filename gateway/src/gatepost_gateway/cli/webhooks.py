"""`gatepost webhooks`: who is told of what happens, and what became of it."""

import argparse
from typing import Any, cast

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.asking import Asking
from gatepost_gateway.cli.output import note, say, say_json, table
from gatepost_gateway.control.reach import path_of

_ACTIONS = (
    ("show", "one webhook, with counts of its deliveries"),
    ("test", "tell it of a `webhook.test`"),
    ("disable", "tell it of nothing more"),
    ("enable", "tell it of what happens again"),
    ("delete", "forget it, with all that was on its way to it"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    asking.add_arguments(actions.add_parser("list", help="all webhooks, without their secrets"))
    create = actions.add_parser("create", help="make one; its secret is shown once")
    # `--url` is a gateway elsewhere.
    create.add_argument("address", metavar="url", help="who is told: an address of https://")
    create.add_argument("--id")
    create.add_argument(
        "--event", action="append", metavar="TYPE", help="such as key.paused; may be repeated; else all"
    )
    create.add_argument("--project", help="of this one alone")
    create.add_argument("--threshold", action="append", type=int, metavar="PERCENT", help="of budgets; may be repeated")
    asking.add_arguments(create)
    for name, summary in _ACTIONS:
        action = actions.add_parser(name, help=summary)
        action.add_argument("id")
        asking.add_arguments(action)
    rotate = actions.add_parser("rotate", help="make a new secret, shown once; the old one signs too for a while")
    rotate.add_argument("id")
    rotate.add_argument("--overlap-seconds", type=int, default=86_400, help="how long both sign; 86400")
    asking.add_arguments(rotate)
    deliveries = actions.add_parser("deliveries", help="what was told to it, or is to be, the newest first")
    deliveries.add_argument("id")
    deliveries.add_argument("--state", choices=("pending", "delivered", "failed"))
    deliveries.add_argument("--before", metavar="TIME", help="such as 2027-01-31T00:00:00Z")
    deliveries.add_argument("--limit", type=int, default=50)
    asking.add_arguments(deliveries)


def run(said: argparse.Namespace) -> int:
    with asking.asking(said, create=said.action == "create") as house:
        page = _page(house, said)
    if said.json:
        say_json(page if page is not None else {"id": said.id, "deleted": True})
    elif said.action == "list":
        say(table(("id", "url", "events", "project", "enabled", "managed by"), [_row(one) for one in page["items"]]))
    elif said.action == "deliveries":
        say(_sent(page["items"]))
    elif said.action == "show":
        say(table(("field", "value"), [(name, _text(value)) for name, value in _shown(page).items()]))
    elif page is not None and "secret" in page:
        note(f"webhook {page['id']} signs with this secret; it is shown this once:")
        say([page["secret"]])
    else:
        say([_done(said.action, said.id, page)])
    return 0


def _page(house: Asking, said: argparse.Namespace) -> Any:
    match said.action:
        case "list":
            return house.get(path_of("webhooks"))
        case "create":
            fields = {"url": said.address, "id": said.id, "events": said.event, "project": said.project}
            body = {**fields, "thresholds": said.threshold}
            return house.ask(
                "POST", path_of("webhooks"), {name: value for name, value in body.items() if value is not None}
            )
        case "show":
            return house.get(path_of("webhooks", said.id))
        case "test":
            return house.ask("POST", path_of("webhooks", said.id, "test"))
        case "delete":
            return house.ask("DELETE", path_of("webhooks", said.id))
        case "rotate":
            return house.ask("POST", path_of("webhooks", said.id, "rotate"), {"overlap_seconds": said.overlap_seconds})
        case "deliveries":
            query = (("state", said.state), ("before", said.before), ("limit", str(said.limit)))
            known = tuple((name, value) for name, value in query if value is not None)
            return house.get(path_of("webhooks", said.id, "deliveries"), known)
        case action:
            return _turned(house, said.id, enabled=action == "enable")


def _turned(house: Asking, name: str, *, enabled: bool) -> Any:
    """The webhook as it is, but for being told or not."""
    page = house.get(path_of("webhooks", name))
    kept = ("url", "events", "project", "thresholds", "error_spikes")
    # No events are all of them, and are left out.
    body = {field: page[field] for field in kept if page[field] not in (None, []) or field == "thresholds"}
    return house.ask("PUT", path_of("webhooks", name), {**body, "enabled": enabled})


def _done(action: str, name: str, page: Any) -> str:
    match action:
        case "test":
            return f"{page['event_id']} is on its way to webhook {name}"
        case "delete":
            return f"webhook {name} is deleted"
        case _:
            return f"webhook {name} is {'enabled' if page['enabled'] else 'disabled'}"


def _row(one: dict[str, Any]) -> list[object]:
    return [_text(_shown(one)[name]) for name in ("id", "url", "events", "project", "enabled", "managed_by")]


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "events": one["events"] or "all"}


def _text(value: Any) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in cast("dict[str, Any]", value).items())
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[Any]", value))) or None
    return value


def _sent(items: list[dict[str, Any]]) -> list[str]:
    names = ("event_id", "type", "created_at", "state", "attempts", "last_status", "last_error", "next_attempt_at")
    return table([name.replace("_", " ") for name in names], [[one[name] for name in names] for one in items])
