"""Arguments of a call that come in pieces.

Source: Vertex AI, "Stream function call arguments" (`partialArgs`: a JSON path and a value each, a text in several).
"""

import re
from itertools import pairwise
from typing import Any, cast

from gatepost_gateway.dialects.members import Malformed, as_text

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]")
_LONGEST = 1000
_VALUES = ("stringValue", "numberValue", "boolValue")


def put(root: dict[str, Any], said: dict[str, Any]) -> None:
    """One of `partialArgs` into its place; the pieces of one text are joined. Raises Malformed."""
    steps: list[str | int] = [
        int(found[2]) if found[2] else found[1] or found[3]
        for found in _STEP.finditer(as_text(said.get("jsonPath"), "partialArgs.jsonPath").removeprefix("$"))
    ]
    if not steps:
        raise Malformed("a path in `partialArgs` leads nowhere")
    value: Any = next((said[name] for name in _VALUES if name in said), None)
    at: Any = root
    for step, following in pairwise(steps):
        if _at(at, step) is None:
            at[step] = [] if isinstance(following, int) else {}
        at = _at(at, step)
    before = _at(at, steps[-1])
    at[steps[-1]] = before + value if isinstance(before, str) and isinstance(value, str) else value


def _at(place: Any, step: str | int) -> Any:
    """What stands there so far; room for it is made in a list."""
    if isinstance(step, str) and isinstance(place, dict):
        return cast("dict[str, Any]", place).get(step)
    if isinstance(step, int) and isinstance(place, list) and step < _LONGEST:
        items = cast("list[Any]", place)
        items.extend([None] * (step + 1 - len(items)))
        return items[step]
    raise Malformed("a path in `partialArgs` does not fit what came before it")
