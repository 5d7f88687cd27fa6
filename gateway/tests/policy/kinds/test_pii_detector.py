"""`pii-detector`."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import answered, facts_of

TEXT = "write to jo@example.com, card 4111 1111 1111 1111"


def test_it_redacts_in_either_gate_and_signals() -> None:
    for facts in (facts_of(TEXT), answered(TEXT)):
        ruling = judged(facts, "pii-detector")
        assert ruling.effect is Effect.REDACT
        assert list(ruling.changes.values()) == ["write to [EMAIL], card [CARD]"]
        assert ruling.decisions[0].signals == ("pii",)
        assert not any("example.com" in mark.masked for mark in ruling.decisions[0].marks)


def test_it_blocks_where_asked_and_says_nothing_of_the_text() -> None:
    ruling = judged(facts_of(TEXT), "pii-detector", action="block")
    assert (ruling.effect, ruling.code) == (Effect.BLOCK, "pii")
    assert "jo@" not in (ruling.reason or "")


def test_kinds_patterns_and_style_are_the_operators() -> None:
    settings: dict[str, Any] = {
        "kinds": ["EMAIL"],
        "detect_patterns": ["EMP-[0-9]{4}"],
        "redaction": {"custom_markers": {"EMAIL": "<mail>"}},
    }
    ruling = judged(facts_of(TEXT + " EMP-1234"), "pii-detector", **settings)
    assert list(ruling.changes.values()) == ["write to <mail>, card 4111 1111 1111 1111 [CUSTOM]"]


@pytest.mark.parametrize(
    ("mode", "text", "redacted"),
    [
        ("pci_mode", "cvv 123, exp 12/27", "cvv [CVV], exp [CARD_EXPIRY]"),
        ("healthcare_mode", "MRN: 00123456", "MRN: [MEDICAL_RECORD]"),
    ],
)
def test_modes_look_for_more(mode: str, text: str, redacted: str) -> None:
    assert judged(facts_of(text), "pii-detector").effect is Effect.ALLOW
    assert list(judged(facts_of(text), "pii-detector", **{mode: True}).changes.values()) == [redacted]


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"kinds": ["NOSE"]}, ("kinds", 0)),
        ({"detect_patterns": ["("]}, ("detect_patterns", 0)),
        ({"threshold": 2}, ("threshold",)),
        ({"redaction": {"include_metadata": False}}, ("redaction", "include_metadata")),
    ],
)
def test_what_cannot_be_honoured_does_not_load(settings: dict[str, Any], path: tuple[object, ...]) -> None:
    with pytest.raises(Unloadable) as caught:
        load_rule(spec("pii-detector", **settings), Toolbox())
    assert caught.value.path == path
