"""Entries of the journal, and turns of people, as what webhooks may want to know. Never a text that was said."""

from typing import Any

import msgspec

from gatepost_gateway.domain.clock import iso
from gatepost_gateway.domain.escalation import State
from gatepost_gateway.domain.records import BreakerTurned, Closed, Escalated
from gatepost_gateway.domain.webhooks import Happening, Topic, event_id, row_of

Row = tuple[Any, ...]


def json_of(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def of_trip(one: Closed) -> Row:
    """A spend cap is used up: its key is turned away until the hour is over."""
    data = {"account": one.tripped, "key_id": one.key_id, "org": one.org, "trace_id": one.trace_id}
    topic = Topic.SPEND_CAP
    return row_of(Happening(event_id(topic, one.tripped or ""), one.at, topic, one.project or "", json_of(data)))


def of_breaker(one: BreakerTurned) -> Row:
    provider, _, address = one.endpoint.partition(" ")
    data: dict[str, Any] = {"provider": provider, "address": address}
    topic = Topic.BREAKER_CLOSED
    if one.state == "open":
        topic = Topic.BREAKER_OPENED
        data |= {"seconds": one.seconds, "why": one.why}
    return row_of(Happening(event_id(topic, f"{one.endpoint}\0{one.at}"), one.at, topic, "", json_of(data)))


def of_escalation(one: Escalated) -> Row:
    topic = Topic.ESCALATION_CREATED
    return row_of(Happening(event_id(topic, one.id), one.at, topic, one.project, json_of(_described(one))))


def of_resolution(one: Escalated, to: State, by: str, now: int) -> Row:
    topic = Topic.ESCALATION_RESOLVED
    data = {**_described(one), "status": to.value, "by": by}
    return row_of(Happening(event_id(topic, f"{one.id}\0{to.value}"), now, topic, one.project, json_of(data)))


def of_expiry(one: Escalated) -> Happening:
    topic = Topic.ESCALATION_EXPIRED
    return Happening(event_id(topic, one.id), one.expires_at, topic, one.project, json_of(_described(one)))


def _described(one: Escalated) -> dict[str, Any]:
    return {
        "escalation_id": one.id,
        "rule": one.rule,
        "kind": one.kind,
        "phase": one.phase,
        "severity": one.severity,
        "reason_code": one.reason,
        "key_id": one.key_id,
        "proxy": one.proxy,
        "trace_id": one.trace_id,
        "step_id": one.step_id,
        "expires_at": iso(one.expires_at),
    }
