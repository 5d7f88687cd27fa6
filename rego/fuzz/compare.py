"""Are two answers the same, and if not, is it a difference that is documented?"""

from __future__ import annotations

import json
import math
import re
from typing import Any

__all__ = ["documented", "same"]

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_CODE = re.compile(r"(?:rego|eval)_[a-z_]+_error")

# The kinds of difference that CONFORMANCE.md lists.
_STRICT = "built-in errors of different operands, of which each engine meets another first"
_UNSEEN = "a conflict that one engine does not reach, for it stops at the first value"
_ORDER = "statements that OPA finds no order for, because of a comprehension in one of them"
_SPELLING = "a reckoned number of seven digits or more, which OPA spells with an exponent"


def _code(answer: dict[str, Any]) -> str:
    """Give the code of an error, "" for a result."""
    if "e" not in answer:
        return ""
    found = _CODE.search(answer["e"])
    return found.group() if found else answer["e"][:60]


def _plain(value: Any) -> Any:
    """Make values comparable: numbers by value, sets and arrays alike as lists."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    number = float(value)
    return number if math.isfinite(number) else str(number)


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Say whether both have the same result or an error of the same code."""
    if "e" in ours or "e" in theirs:
        return _code(ours) == _code(theirs)
    return bool(_plain(ours["r"]) == _plain(theirs["r"]))


def _respelled(answer: dict[str, Any]) -> str:
    """Write an answer with every number in it, those within strings too, spelled alike."""
    text = json.dumps(_plain(answer["r"]), sort_keys=True)
    return _NUMBER.sub(lambda found: repr(float(found.group())), text)


def documented(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Name the documented kind of a difference, "" where there is none."""
    codes = {_code(ours), _code(theirs)}
    strict = {"eval_builtin_error", "eval_type_error"}
    if codes & strict and codes <= strict | {"", "eval_conflict_error"}:
        return _STRICT
    if _code(ours) == "eval_conflict_error" and "r" in theirs:
        return _UNSEEN
    if "r" in ours and "functions must not produce multiple outputs" in theirs.get("e", ""):
        return _UNSEEN
    if _code(theirs) == "rego_unsafe_var_error" and not _code(ours).startswith("rego_"):
        return _ORDER
    if "r" in ours and "r" in theirs and _respelled(ours) == _respelled(theirs):
        return _SPELLING
    return ""
