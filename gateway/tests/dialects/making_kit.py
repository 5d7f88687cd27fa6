"""Vectors and pictures in every format: recorded calls read back, and calls from one format to another."""

import base64
import json
import struct
from collections.abc import Iterator
from typing import Any

from gatepost_gateway.dialects import whole
from gatepost_gateway.dialects.registry import WHOLE_CALLERS
from gatepost_gateway.dialects.sides import Shape, WholeProvider
from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.ports import Answered, Headers, Summary

from ..recordings import rows


def asked_in(dialect: DialectName, body: Any) -> Asked:
    asked = WHOLE_CALLERS[dialect].read_asked(body if isinstance(body, bytes) else json.dumps(body).encode())
    asked.model = asked.model or "m"
    return asked


def bodies(asked: Asked, side: WholeProvider[Any, Any], model: str) -> tuple[list[Any], tuple[str, ...]]:
    """What the provider gets, as JSON, and what was lost."""
    written, lossy = whole.write_request(asked, side, Shape(model=model))
    return [json.loads(body) for body in written], lossy


def answered(asked: Asked, side: WholeProvider[Any, Any], *answers: Any, headers: Headers = ()) -> tuple[Any, Summary]:
    raw = [Answered(json.dumps(one).encode(), headers) for one in answers]
    body, summary = whole.read_answer(asked, side, raw)
    return json.loads(body), summary


def recorded(family: str, operation: str) -> Iterator[dict[str, Any]]:
    """The answered rows of one operation."""
    for row in rows(f"provider-recordings/{family}.jsonl"):
        if row["operation"] == operation and row["response"]["status"] == 200:
            yield row


def unpacked(vector: str) -> list[float]:
    raw = base64.b64decode(vector)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))
