"""Values on their way out: plain JSON that shares nothing with the policy."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

from gatepost_rego.golang.quoting import sanitise
from gatepost_rego.show import json_key
from gatepost_rego.values import RegoObject, RegoSet, Value, rank


def plain_json(value: Value) -> Any:
    """Copy a value to JSON: sets become sorted lists, keys that are no strings their text.

    A number that no float says exactly becomes the nearest float, or stays a ``decimal.Decimal``
    where it is beyond all floats; :func:`gatepost_rego.show.json_text` writes it exactly.
    """
    kind = type(value)
    if isinstance(value, str):
        # Bytes that are no UTF-8 (see `base64.decode`) leave as U+FFFD.
        return value if value.isascii() else sanitise(value)
    if kind is int or kind is float or kind is bool or value is None:
        return value
    if isinstance(value, dict):
        return {sanitise(key): plain_json(found) for key, found in value.items()}
    if isinstance(value, list):
        return [plain_json(found) for found in value]
    if isinstance(value, RegoSet):
        return [plain_json(found) for found in value.ordered()]
    if isinstance(value, RegoObject):
        return {sanitise(json_key(key)): plain_json(found) for key, found in value.items.values()}
    if isinstance(value, Decimal):
        near = float(value)
        return near if isfinite(near) else value
    rank(value)
    return value
