"""A step as a row of `records.db`, and back: what is read is what the journal said."""

from collections.abc import Sequence
from typing import Any

import msgspec

from gatepost_gateway.domain.clock import DAY_MICROS
from gatepost_gateway.domain.governance import Claim, Decision
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.records import Attempt, Closed, Logged, Outcome, StepKind
from gatepost_gateway.domain.usage import Usage

Row = tuple[Any, ...]
Step = Closed | Logged
COLUMNS = 56
"""Columns of a step as it is read; `expires_at` is written behind them."""

_encode = msgspec.json.Encoder().encode
_properties = msgspec.json.Decoder(dict[str, str]).decode
_prices = msgspec.json.Decoder(Prices).decode
_claims = msgspec.json.Decoder(tuple[Claim, ...]).decode
_attempts = msgspec.json.Decoder(tuple[Attempt, ...]).decode
_decisions = msgspec.json.Decoder(tuple[Decision, ...]).decode
_words = msgspec.json.Decoder(tuple[str, ...]).decode


def _json(value: Any) -> str | None:
    return _encode(value).decode() if value else None


def write_step(one: Closed) -> Row:
    """The values of `add_step`, in its order."""
    return (*_asked(one), *_ended(one), None, None, expiry(one))


def _asked(one: Closed) -> Row:
    return (
        one.step_id,
        one.trace_id,
        one.at,
        one.surface,
        one.operation,
        one.kind.value,
        one.org,
        one.project,
        one.proxy,
        one.key_id,
        one.user,
        one.parent_step_id,
        one.implicit,
        one.request_id,
        one.session_id,
        one.turn,
        one.session_path,
        _json(one.properties),
        one.request_source,
        one.correlation_id,
        one.parent_trace_id,
        one.flow_id,
        one.model_asked,
        one.model,
        one.provider,
        one.stream,
    )


def _ended(one: Closed) -> Row:
    usage, prices = one.usage, one.prices
    return (
        one.outcome.value,
        one.status,
        one.error,
        one.message,
        one.micros,
        one.first_micros,
        usage.input,
        usage.output,
        usage.cache_read,
        usage.cache_write,
        usage.reasoning,
        usage.images,
        usage.exact,
        None if prices is None else _encode(prices).decode(),
        one.cost,
        _json(one.claims),
        one.held,
        one.settled,
        _json(one.attempts),
        _json(one.decisions),
        _json(one.finish),
        one.upstream_id,
        one.fingerprint,
        _json(one.tool_calls),
        one.config_version,
        _json(one.warnings),
        one.retention_days,
        one.estimated,
    )


def expiry(one: Closed) -> int | None:
    """When the step is to be deleted, in microseconds since the epoch; None: never."""
    return None if one.retention_days is None else one.at + one.retention_days * DAY_MICROS


def write_event(one: Logged) -> Row:
    """A custom event as a step of kind `log`: it took no time, used nothing and cost nothing."""
    ended = Closed(
        step_id=one.step_id,
        trace_id=one.trace_id,
        at=one.at,
        surface="native",
        operation="log",
        kind=StepKind.LOG,
        org=one.org,
        project=one.project,
        key_id=one.key_id,
        parent_step_id=one.parent_step_id,
        implicit=False,
        request_id=one.request_id,
        outcome=Outcome.ANSWERED,
        status=201,
    )
    return (*write_step(ended)[:-3], one.name, one.data, None)


def read_step(row: Sequence[Any]) -> Step:
    """The step of a row of `steps_of_trace` or `steps_of_session`."""
    if row[5] == StepKind.LOG.value and row[54] is not None:
        return Logged(
            step_id=row[0],
            trace_id=row[1],
            at=row[2],
            org=row[6],
            project=row[7],
            key_id=row[9],
            name=row[54],
            data=row[55],
            parent_step_id=row[11],
            request_id=row[13],
        )
    return Closed(**_who(row), **_what(row), **_outcome(row))


def _who(row: Sequence[Any]) -> dict[str, Any]:
    return {
        "step_id": row[0],
        "trace_id": row[1],
        "at": row[2],
        "surface": row[3],
        "operation": row[4],
        "kind": StepKind(row[5]),
        "org": row[6],
        "project": row[7],
        "proxy": row[8],
        "key_id": row[9],
        "user": row[10],
        "parent_step_id": row[11],
        "implicit": bool(row[12]),
        "request_id": row[13],
        "session_id": row[14],
        "turn": row[15],
        "session_path": row[16],
        "properties": None if row[17] is None else _properties(row[17]),
        "request_source": row[18],
        "correlation_id": row[19],
        "parent_trace_id": row[20],
        "flow_id": row[21],
    }


def _what(row: Sequence[Any]) -> dict[str, Any]:
    return {
        "model_asked": row[22],
        "model": row[23],
        "provider": row[24],
        "stream": bool(row[25]),
        "outcome": Outcome(row[26]),
        "status": row[27],
        "error": row[28],
        "message": row[29],
        "micros": row[30],
        "first_micros": row[31],
        "usage": Usage(*row[32:38], exact=bool(row[38])),
        "prices": None if row[39] is None else _prices(row[39]),
        "cost": row[40],
    }


def _outcome(row: Sequence[Any]) -> dict[str, Any]:
    return {
        "claims": () if row[41] is None else _claims(row[41]),
        "held": row[42],
        "settled": row[43],
        "attempts": () if row[44] is None else _attempts(row[44]),
        "decisions": () if row[45] is None else _decisions(row[45]),
        "finish": () if row[46] is None else _words(row[46]),
        "upstream_id": row[47],
        "fingerprint": row[48],
        "tool_calls": () if row[49] is None else _words(row[49]),
        "config_version": row[50],
        "warnings": () if row[51] is None else _words(row[51]),
        "retention_days": row[52],
        "estimated": bool(row[53]),
    }
