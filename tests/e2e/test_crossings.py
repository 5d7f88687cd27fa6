"""Recorded traffic through every other format: nothing is lost in silence, and the page says what was measured."""

from pathlib import Path

import pytest

from e2e import crossings
from e2e.crossings import CHAT, KINDS, MESSAGES, PAGE, RESPONSES, Found, Tally, kind_of, measure, page, total


@pytest.fixture(scope="module")
def found(recordings: Path) -> Found:
    return measure(recordings)


def test_nothing_is_lost_in_silence(found: Found) -> None:
    every = total(found)
    assert every.wrong == []
    assert every.all > 6000
    assert len(found.ways) == 4 * 4 + 2 * (3 + 4 + 3 + 3 + 3)


def test_what_a_format_can_hold_is_carried(found: Found) -> None:
    """Beside what only one provider runs, and what a format has no member for, exceptions are few."""
    for what in ("answers", "streams", "requests"):
        one = total(found, what)
        assert one.kinds["other"] + one.kinds["refused"] <= 0.03 * one.all, what
        assert one.kinds["no place"] <= 0.09 * one.all, what
    assert total(found).kinds["whole"] > 0.71 * total(found).all


def test_both_tables_count_the_same_crossings(found: Found) -> None:
    assert sum(one.all for (_, _, feature), one in found.features.items() if not feature) == total(found).all


def test_the_page_says_what_was_measured(found: Found) -> None:
    text = PAGE.read_text()
    assert page(found, text) == text, "run `python tests/e2e/crossings.py --write`"


def test_a_crossing_counts_under_the_worst_that_was_listed() -> None:
    listed = ("messages.cache_control", "tools.web_search", "seed", "tool_choice")
    assert [kind_of(name, MESSAGES) for name in listed] == list(KINDS[1:5])
    assert kind_of("seed", CHAT) == "other"
    one = Tally()
    one.take(RESPONSES, (), None, None)
    one.take(RESPONSES, ("cache_control",), None, "lost")
    one.take(RESPONSES, ("cache_control", "seed"), None, "listed")
    one.take(RESPONSES, ("seed", "tool_choice"), None, "listed")
    one.take(RESPONSES, (), "no place", None)
    assert dict(one.kinds) == {"whole": 1, "advice": 1, "no place": 1, "other": 1, "refused": 1}
    assert one.wrong == ["lost"]


def test_a_difference_is_seen() -> None:
    asked = crossings.asking(crossings.CHAT, stream=False)
    before = crossings.sense(crossings.registry.CALLERS[asked.dialect].read_request(asked))
    assert before["words"] == ""
    body = b'{"model":"m","messages":[{"role":"user","content":"b a"}],"stop":"x"}'
    again = crossings.registry.CALLERS[crossings.CHAT].read_asked(body)
    after = crossings.sense(crossings.registry.CALLERS[crossings.CHAT].read_request(again))
    assert {name for name in after if after[name] != before[name]} == {"words", "stop"}
