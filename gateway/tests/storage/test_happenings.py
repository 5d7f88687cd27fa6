"""What the fold hands to the webhooks' outbox, in the transaction that takes the entry in."""

from pathlib import Path
from typing import Any

import msgspec

from gatepost_gateway.domain.escalation import State
from gatepost_gateway.domain.records import BreakerTurned, Entry
from gatepost_gateway.domain.webhooks import Topic, Webhook
from gatepost_gateway.storage.escalations import Escalations
from gatepost_gateway.storage.happenings import of_expiry
from gatepost_gateway.storage.outbox import Outbox
from gatepost_gateway.storage.records import Records

from .making import NOW, closed, folded
from .test_escalations import escalated

CAP = "caps/hourly for key k1@2026-11-20T00"


def told(records: Records) -> list[Any]:
    """All that happened, as a webhook of everything hears it."""
    outbox = Outbox(records)
    outbox.spread(outbox.happened(), [Webhook(id="w", url="https://x.test")], NOW)
    return [msgspec.json.decode(one.body) for one in reversed(outbox.page("w", None, 2**62, 200))]


def of(tmp_path: Path, *entries: Entry) -> list[Any]:
    with folded(tmp_path, entries) as records:
        return told(records)


def test_a_spend_cap_is_told_once_an_hour(tmp_path: Path) -> None:
    (one,) = of(tmp_path, closed(tripped=CAP), closed(tripped=CAP), closed())
    assert (one["type"], one["project"]) == ("spend_cap.tripped", "default")
    assert (one["data"]["account"], one["data"]["key_id"]) == (CAP, "k1")


def test_a_call_that_is_closed_twice_trips_once(tmp_path: Path) -> None:
    first = closed("s1", trace_id="t", tripped=CAP)
    (one,) = of(tmp_path, first, first, closed("s1", trace_id="t", tripped="other@x"))
    assert one["data"]["account"] == CAP


def test_breakers(tmp_path: Path) -> None:
    endpoint = "openai https://api.openai.com/v1"
    opened, shut = of(
        tmp_path,
        BreakerTurned(endpoint, NOW, "open", 30, "5 failures in a row"),
        BreakerTurned(endpoint, NOW + 1, "closed"),
    )
    assert (opened["type"], opened["project"]) == ("breaker.opened", None)
    assert opened["data"] == {
        "provider": "openai", "address": "https://api.openai.com/v1", "seconds": 30, "why": "5 failures in a row",
    }  # fmt: skip
    assert shut["type"] == "breaker.closed"


def test_escalations(tmp_path: Path) -> None:
    with folded(tmp_path, [escalated(1, message="SECRET WORDS")]) as records:
        queue = Escalations(records)
        queue.turn("e1", State.CLAIMED, by="ann", note="", now=NOW + 5)
        queue.turn("e1", State.APPROVED, by="ann", note="fine", now=NOW + 6)
        made, resolved = told(records)
    assert made["type"] == "escalation.created"
    assert made["data"]["escalation_id"] == "e1"
    assert "SECRET" not in str(made), "what a rule says of a text is for the queue"
    assert (resolved["type"], resolved["data"]["status"], resolved["data"]["by"]) == (
        "escalation.resolved",
        "approved",
        "ann",
    )
    over = of_expiry(escalated(2))
    assert (over.topic, over.at) == (Topic.ESCALATION_EXPIRED, escalated(2).expires_at)
