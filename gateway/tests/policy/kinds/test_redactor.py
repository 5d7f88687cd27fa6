"""`redactor`."""

import pytest

from gatepost_gateway.detect.patterns import Found
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.kinds.redactor import is_card
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import answered, facts_of


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Write to bob@example.org, please", "Write to [EMAIL], please"),
        ("card 4111 1111 1111 1111.", "card [CARD]."),
        ("über 5500-0000-0000-0004 ünd", "über [CARD] ünd"),
        ("order 4111111111111112", None),
        ("1234 is no card, a@b is no address", None),
    ],
)
def test_addresses_and_cards_are_replaced(text: str, clean: str | None) -> None:
    for facts in (facts_of(text), answered(text)):
        assert list(judged(facts, "redactor").changes.values()) == ([clean] if clean else [])


def test_what_it_finds_is_a_signal() -> None:
    ruling = judged(facts_of("bob@example.org"), "redactor")
    assert (ruling.effect, ruling.signals, ruling.risk) == (Effect.REDACT, {"pii"}, 0.1)


def test_it_may_block_and_look_for_one_of_both() -> None:
    assert judged(facts_of("bob@example.org"), "redactor", action="block").effect is Effect.BLOCK
    assert judged(facts_of("bob@example.org"), "redactor", find=["CARD"]).effect is Effect.ALLOW


@pytest.mark.parametrize(
    ("digits", "sure"), [("4111111111111111", 1.0), ("4111111111111112", 0.0), ("0000000000000000", 0.0), ("42", 0.0)]
)
def test_cards_are_checked(digits: str, sure: float) -> None:
    assert is_card(Found(digits, " ", " ")) == sure
    assert is_card(Found(digits, "1", " ")) == 0


@pytest.mark.parametrize("find", [[], ["EMAIL", "SHOE"]])
def test_what_it_cannot_find_does_not_load(find: list[str]) -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("redactor", find=find), Toolbox())
