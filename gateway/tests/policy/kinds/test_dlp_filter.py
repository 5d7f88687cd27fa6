"""`dlp-filter`."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import facts_of


def test_each_level_looks_for_more() -> None:
    text = "STRICTLY CONFIDENTIAL: card 4111 1111 1111 1111, Titan"
    low = judged(facts_of(text), "dlp-filter", sensitivity_level="low", blocked_terms=["titan"])
    assert list(low.changes.values()) == ["STRICTLY CONFIDENTIAL: card 4111 1111 1111 1111, [TERM]"]
    assert list(judged(facts_of(text), "dlp-filter").changes.values()) == ["STRICTLY CONFIDENTIAL: card [CARD], Titan"]
    high = judged(facts_of(text), "dlp-filter", sensitivity_level="high")
    assert list(high.changes.values()) == ["[MARKING]: card [CARD], Titan"]


def test_patterns_disguises_and_blocking() -> None:
    assert judged(facts_of("X-12"), "dlp-filter", detect_patterns=["X-[0-9]{2}"], action="block").code == "dlp"
    assert judged(facts_of("T1.tan"), "dlp-filter", blocked_terms=["titan"]).effect is Effect.ALLOW
    assert (
        judged(facts_of("T1.tan"), "dlp-filter", blocked_terms=["titan"], fuzzy_matching=True).effect is Effect.REDACT
    )


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"sensitivity_level": "low"}, ("blocked_terms",)),
        ({"blocked_terms": ["-"]}, ("blocked_terms", 0)),
        ({"detect_patterns": ["("]}, ("detect_patterns", 0)),
    ],
)
def test_what_finds_nothing_or_everything_does_not_load(settings: dict[str, Any], path: tuple[object, ...]) -> None:
    with pytest.raises(Unloadable) as caught:
        load_rule(spec("dlp-filter", **settings), Toolbox())
    assert caught.value.path == path
