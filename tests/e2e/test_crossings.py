"""Recorded traffic through every other format: nothing is lost in silence, and the page says what was measured."""

from pathlib import Path

import pytest

from e2e import crossings
from e2e.crossings import KINDS, PAGE, Measured, Tally, kind_of, measure, page, total


@pytest.fixture(scope="module")
def found(recordings: Path) -> Measured:
    return measure(recordings)


def test_nothing_is_lost_in_silence(found: Measured) -> None:
    every = total(found)
    assert every.wrong == []
    assert every.all > 6000
    assert len(found) == 4 * 4 + 2 * (3 + 4 + 3 + 3 + 3)


def test_what_a_format_can_hold_is_carried(found: Measured) -> None:
    """Beside what only one provider runs, exceptions are few; most crossings lose nothing at all."""
    for what, bound in (("answers", 0.05), ("streams", 0.05), ("requests", 0.15)):
        one = total(found, what)
        assert one.kinds["other"] + one.kinds["refused"] <= bound * one.all, what
    assert total(found).kinds["whole"] > 0.69 * total(found).all


def test_the_page_says_what_was_measured(found: Measured) -> None:
    text = PAGE.read_text()
    assert page(found, text) == text, "run `python tests/e2e/crossings.py --write`"


def test_a_crossing_counts_under_the_worst_that_was_listed() -> None:
    assert [kind_of(name) for name in ("messages.cache_control", "tools.web_search", "seed")] == list(KINDS[1:4])
    one = Tally()
    one.take((), None, None)
    one.take(("cache_control",), None, "lost")
    one.take(("cache_control", "seed"), None, "listed")
    one.take((), "no place", None)
    assert dict(one.kinds) == {"whole": 1, "advice": 1, "other": 1, "refused": 1}
    assert one.wrong == ["lost"]


def test_a_difference_is_seen() -> None:
    asked = crossings.asking(crossings.CHAT, stream=False)
    before = crossings.sense(crossings.registry.CALLERS[asked.dialect].read_request(asked))
    assert before["words"] == ""
    body = b'{"model":"m","messages":[{"role":"user","content":"b a"}],"stop":"x"}'
    again = crossings.registry.CALLERS[crossings.CHAT].read_asked(body)
    after = crossings.sense(crossings.registry.CALLERS[crossings.CHAT].read_request(again))
    assert {name for name in after if after[name] != before[name]} == {"words", "stop"}
