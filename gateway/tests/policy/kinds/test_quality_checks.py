"""What an answer is worth."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.policy.kinds.quality_checks import check_of


@pytest.mark.parametrize(
    ("sort", "config", "text", "score"),
    [
        ("min_length", {"min_chars": 10}, "  12345  ", 0.5),
        ("min_length", {"min_chars": 10}, "x" * 20, 1.0),
        ("min_sentences", {"min_sentences": 2}, 'One. "Two!" Three 3.5 is no end', 1.0),
        ("min_sentences", {"min_sentences": 2}, "no end", 0.5),
        ("min_sentences", {"min_sentences": 2}, "一つ。二つ。", 1.0),
        ("min_sentences", {}, "  ", 0.0),
        ("no_refusal", {}, "I’m unable to do that.", 0.0),
        ("no_refusal", {}, "x" * 300 + "I cannot help with", 1.0),
        ("no_refusal", {"phrases": ["Das kann ich nicht"]}, "das kann ich nicht.", 0.0),
        ("no_repetition", {}, "a b c d e f g h", 1.0),
        ("no_repetition", {}, "a b c", 1.0),
        ("valid_json", {}, '```json\n{"a": 1}\n```', 1.0),
        ("valid_json", {"fenced": False}, '```json\n{"a": 1}\n```', 0.0),
        ("valid_json", {}, "{a: 1}", 0.0),
        ("valid_json", {}, "[" * 100_000, 0.0),
        ("required_terms", {"terms": ["Disclaimer", "risk"]}, "a DISCLAIMER", 0.5),
    ],
)
def test_scores(sort: str, config: dict[str, Any], text: str, score: float) -> None:
    assert check_of(sort, config)(text) == score


def test_a_loop_scores_little() -> None:
    assert check_of("no_repetition", {})("the same four words " * 100) < 0.05


@pytest.mark.parametrize(
    ("sort", "config", "path"),
    [
        ("model_graded", {}, ("type",)),
        ("min_length", {"min_chars": 0}, ("config", "min_chars")),
        ("min_length", {"chars": 1}, ("config",)),
        ("required_terms", {}, ("config",)),
        ("required_terms", {"terms": []}, ("config", "terms")),
        ("required_terms", {"terms": [""]}, ("config", "terms")),
    ],
)
def test_what_is_no_check(sort: str, config: dict[str, Any], path: tuple[str, ...]) -> None:
    with pytest.raises(Unloadable) as caught:
        check_of(sort, config)
    assert caught.value.path == path
