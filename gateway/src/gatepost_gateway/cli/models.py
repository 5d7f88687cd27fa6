"""`gatepost models`: the registry."""

import argparse
import sys
from typing import Any

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.asking import Asking
from gatepost_gateway.cli.output import say, say_json, table
from gatepost_gateway.control.reach import path_of

_PROVIDERS = ("openai", "anthropic", "gemini", "bedrock", "azure", "internal", "sandbox")
_TEXTS = (
    "name",
    "base_url",
    "project",
    "input_cost_per_1k",
    "output_cost_per_1k",
    "cache_read_cost_per_1k",
    "cache_write_cost_per_1k",
)
_NUMBERS = ("context_window", "max_output", "data_retention_days")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    asking.add_arguments(actions.add_parser("list", help="all registered models"))
    for name, summary in (("show", "one model"), ("remove", "take a model out of the registry")):
        action = actions.add_parser(name, help=summary)
        action.add_argument("id")
        asking.add_arguments(action)
    add = actions.add_parser("add", help="register a model")
    add.add_argument("id")
    add.add_argument("--identifier", help="the provider's own name for it; the id unless told")
    add.add_argument("--provider", required=True, choices=_PROVIDERS)
    for field in _TEXTS:
        add.add_argument(_flag(field))
    for field in _NUMBERS:
        add.add_argument(_flag(field), type=int)
    add.add_argument("--private", action="store_true", help="a private route, not a public provider's")
    # A key on the command line would stand in the list of processes for all to see.
    key = add.add_mutually_exclusive_group()
    key.add_argument("--api-key-env", metavar="NAME", help="the variable of the gateway that holds the provider's key")
    key.add_argument("--api-key-file", metavar="PATH", help="the file that holds it")
    key.add_argument("--api-key-stdin", action="store_true", help="read it from standard input")
    asking.add_arguments(add)


def run(said: argparse.Namespace) -> int:
    body = _entry(said) if said.action == "add" else None
    with asking.asking(said, create=said.action == "add") as house:
        page = _page(house, said, body)
    if said.json:
        say_json(page if page is not None else {"id": said.id, "removed": True})
    elif said.action == "list":
        say(_rows(page["items"]))
    elif said.action == "remove":
        say([f"model {said.id} is removed"])
    elif said.action == "add":
        say([f"model {page['id']} is registered", *_priced(page)])
    else:
        say(_fields(page))
    return 0


def _flag(field: str) -> str:
    return "--" + field.replace("_", "-")


def _page(house: Asking, said: argparse.Namespace, body: Any) -> Any:
    match said.action:
        case "list":
            return house.get(path_of("models"))
        case "show":
            return house.get(path_of("models", said.id))
        case "remove":
            return house.ask("DELETE", path_of("models", said.id))
        case _:
            return house.ask("POST", path_of("models"), body)


def _entry(said: argparse.Namespace) -> dict[str, Any]:
    body: dict[str, Any] = {"id": said.id, "identifier": said.identifier or said.id, "provider": said.provider}
    for field in (*_TEXTS, *_NUMBERS):
        value = getattr(said, field)
        if value is not None:
            body[field] = value
    if said.private:
        body["is_public"] = False
    if said.api_key_env:
        body["api_key"] = {"env": said.api_key_env}
    elif said.api_key_file:
        body["api_key"] = {"file": said.api_key_file}
    elif said.api_key_stdin:
        body["api_key"] = sys.stdin.read().strip()
    return body


def _rows(items: list[dict[str, Any]]) -> list[str]:
    head = ("id", "provider", "identifier", "input per 1k", "output per 1k", "key", "managed by")
    return table(head, [_row(one) for one in items])


def _row(one: dict[str, Any]) -> list[Any]:
    facts = one["effective"]
    prices = (facts["input_cost_per_1k"], facts["output_cost_per_1k"])
    return [one["id"], one["provider"], one["identifier"], *prices, one["api_key_set"], one["managed_by"]]


def _priced(page: dict[str, Any]) -> list[str]:
    facts = page["effective"]
    if facts["source"] == "unknown":
        return ["its price is not known: calls under a budget are refused until it is given"]
    return [f"{facts['input_cost_per_1k']} in, {facts['output_cost_per_1k']} out a 1,000 tokens ({facts['source']})"]


def _fields(page: dict[str, Any]) -> list[str]:
    rows = [(name, value) for name, value in page.items() if name != "effective" and value not in (None, [], {})]
    return [*table(("field", "value"), rows), *_priced(page)]
