"""A step as a row of `records.db`: the journal's own bytes, and beside them what steps are found by."""

from typing import Any

import msgspec

from gatepost_gateway.domain.clock import DAY_MICROS
from gatepost_gateway.domain.records import Closed, Logged

Row = tuple[Any, ...]
Step = Closed | Logged
Payload = bytes | memoryview
"""An entry as it stands in the journal."""

DEFAULT_DAYS = 400
"""Retention of a step that names none: of callers that nobody knew, refused calls, models without one."""

_decode = msgspec.msgpack.Decoder(Step).decode
_json = msgspec.json.Encoder().encode
_DEFAULT_LIFE = DEFAULT_DAYS * DAY_MICROS


def write_step(one: Closed, payload: Payload, alone: bool) -> Row:
    """The values of `add_step`, in its order. `alone`: no other step of its trace is known."""
    days, properties = one.retention_days, one.properties
    # SQLite takes text faster than None, and text itself faster than an enum.
    return (
        one.step_id,
        one.trace_id,
        one.at,
        1 if alone else 0,
        one.project or "",
        one.model or "",
        one.user or "",
        one.outcome._value_,
        one.session_id or "",
        one.turn or 0,
        _json(properties).decode() if properties else "",
        one.at + (_DEFAULT_LIFE if days is None else days * DAY_MICROS),
        payload,
    )


def write_event(one: Logged, payload: Payload) -> Row:
    """A custom event as a step: nothing finds it but its trace, and it goes with that."""
    return (one.step_id, one.trace_id, one.at, 0, one.project, "", "", "", "", 0, "", 0, payload)


def read_step(entry: bytes) -> Step:
    """The step of the column `entry`."""
    return _decode(entry)


def expiry(one: Closed) -> int:
    """When the step is to be deleted, in microseconds since the epoch."""
    return one.at + (DEFAULT_DAYS if one.retention_days is None else one.retention_days) * DAY_MICROS


def unpriced(one: Closed) -> bool:
    """Whether it has a cost that nobody knows."""
    return one.cost is None and (one.estimated or bool(one.attempts))
