import hashlib
import hmac

import pytest

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import Sealed
from gatepost_gateway.domain.webhooks import Happening, Topic, Webhook, event_id, row_of, signature

NEW, OLD = Sealed("k", b"new"), Sealed("k", b"old")


def test_a_receiver_can_check_the_signature_with_either_secret() -> None:
    said = signature([Secret("one"), Secret("two")], 1_800_000_000, b'{"a":1}')
    made = [hmac.new(key, b'1800000000.{"a":1}', hashlib.sha256).hexdigest() for key in (b"one", b"two")]
    assert said == f"t=1800000000,v1={made[0]},v1={made[1]}"


@pytest.mark.parametrize(
    ("hook", "topic", "project", "wants"),
    [
        ({}, Topic.KEY_PAUSED, "p", True),
        ({}, Topic.BREAKER_OPENED, "", True),
        ({"project": "p"}, Topic.KEY_PAUSED, "p", True),
        ({"project": "p"}, Topic.KEY_PAUSED, "q", False),
        ({"project": "p"}, Topic.BREAKER_OPENED, "", False),
        ({"events": ("key.paused",)}, Topic.KEY_PAUSED, "p", True),
        ({"events": ("key.paused",)}, Topic.BUDGET, "p", False),
        ({"enabled": False}, Topic.KEY_PAUSED, "p", False),
    ],
)
def test_who_wants_to_know(hook: dict[str, object], topic: Topic, project: str, wants: bool) -> None:
    assert Webhook(id="w", url="https://x.test", **hook).wants(topic, project) is wants  # type: ignore[arg-type]


def test_the_old_secret_signs_until_its_end() -> None:
    hook = Webhook(id="w", url="https://x.test", secret=NEW, previous=OLD, previous_until=100)
    assert hook.signing(99) == [NEW, OLD]
    assert hook.signing(100) == [NEW]
    assert Webhook(id="w", url="https://x.test", secret=NEW, previous=OLD).signing(100) == [NEW, OLD]


def test_the_same_happening_has_the_same_id() -> None:
    assert event_id(Topic.BUDGET, "a") == event_id(Topic.BUDGET, "a")
    assert len({event_id(topic, what) for topic in Topic for what in ("a", "b", "\ud800")}) == 3 * len(Topic)
    one = Happening("evt_1", 5, Topic.BUDGET, "p", "{}")
    assert row_of(one) == ("evt_1", 5, "budget.threshold", "p", "", "{}")
