"""What a command says: text for people on a terminal, JSON for programs; complaints on standard error."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any, cast

import msgspec

from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.settings import ConfigurationError


class RefusalError(Exception):
    """The control plane said no; `page` is what it answered."""

    def __init__(self, page: Any) -> None:
        super().__init__("refused")
        self.page = page


def say(lines: Iterable[str]) -> None:
    """Text on standard output."""
    for line in lines:
        sys.stdout.write(plain(line) + "\n")
    sys.stdout.flush()


def say_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
    sys.stdout.flush()


def note(line: str) -> None:
    """Something beside the answer: standard error."""
    sys.stderr.write(plain(line) + "\n")
    sys.stderr.flush()


def plain(text: str) -> str:
    """`text` on one line, with nothing in it that a terminal obeys: others than who reads it may have written it."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def complain(error: GatewayError, *, as_json: bool) -> int:
    """Tells what went wrong and returns the exit code of an error."""
    if isinstance(error, ConfigurationError):
        places = [{"where": problem.where, "message": problem.message} for problem in error.problems]
        return refuse({"error": error.public, "code": error.code.value, "errors": places}, as_json=as_json)
    words = getattr(error, "detail", None) or error.public
    body = {"error": words, "code": error.code.value, **({"hint": error.hint} if error.hint else {})}
    return refuse(body, as_json=as_json)


def refuse(body: Any, *, as_json: bool) -> int:
    """Shows a refusal of the API, or one of the same shape, and returns the exit code of an error."""
    if as_json:
        sys.stderr.write(msgspec.json.encode(body).decode() + "\n")
        return 1
    said: dict[str, Any] = cast("dict[str, Any]", body) if isinstance(body, dict) else {"error": str(body)}
    for place in said.get("errors") or ():
        note(f"{place['where']}: {place['message']}")
    hint = f" ({said['hint']})" if said.get("hint") and said["hint"] not in said.get("error", "") else ""
    note(f"gatepost: {said.get('error', 'refused')}{hint}")
    return 1


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Columns as wide as what stands in them."""
    cells = [[*head], *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(str(value))
