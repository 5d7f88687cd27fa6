"""What rules that ask a judge outside have in common."""

import json
from typing import Any

import pytest

from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.domain.findings import Leaf, Place
from gatepost_gateway.domain.review import NoVerdict
from gatepost_gateway.policy.kinds.reviewing import (
    Failure,
    KeyRef,
    Opinion,
    check_key,
    endpoint_of,
    judge_of,
    key_ref,
    read,
    shown,
    texts_of,
)

NUMBERS = (1000, 4, Failure.BLOCK)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"flagged": True, "categories": ["hate"]}, Opinion(True, ("hate",))),
        ({"verdict": "allow", "reason": "fine"}, Opinion(False, rationale="fine")),
        ({"verdict": "BLOCK", "rationale": "no"}, Opinion(True, rationale="no")),
        (
            {
                "results": [
                    {"flagged": False, "category_scores": {"a": 0.2}},
                    {"flagged": True, "categories": {"b": True}},
                ]
            },
            Opinion(True, ("b",), {"a": 0.2}),
        ),
        ({"choices": [{"message": {"content": '{"flagged": false}'}}]}, Opinion(False)),
    ],
)
def test_an_answer_is_read_in_every_shape_that_is_documented(said: Any, wanted: Opinion) -> None:
    assert read(json.dumps(said).encode()) == wanted


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"yes",
        b"[true]",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        b'{"flagged": "yes"}',
        b'{"verdict": "perhaps"}',
        b'{"results": [1]}',
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": "I think it is fine"}}]}',
    ],
)
def test_anything_else_is_no_verdict(said: bytes) -> None:
    with pytest.raises(NoVerdict, match="answer"):
        read(said)


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("judge.test/x", "http or https"),
        ("ftp://judge.test", "http or https"),
        ("http://judge.test/a#b", "http or https"),
        ("http://judge.test/a b", "http or https"),
        ("http://judge.test:99999/", "not a URL"),
        ("http://me:secret@judge.test/", "secret_key_ref"),
        ("http://judge.test/?api_key=x", "secret_key_ref"),
    ],
)
def test_an_address_that_cannot_be_asked_does_not_load(endpoint: str, words: str) -> None:
    with pytest.raises(Unloadable, match=words):
        judge_of(endpoint, NUMBERS)


def test_an_address_is_taken_apart() -> None:
    judge = judge_of("https://judge.test/v1/moderations?v=2", NUMBERS)
    assert (judge.origin.host, judge.origin.port, judge.target) == ("judge.test", 443, b"/v1/moderations?v=2")
    assert not judge.origin.private_ok


@pytest.mark.parametrize("numbers", [(0, 4, Failure.BLOCK), (60_001, 4, Failure.BLOCK), (10, 0, Failure.BLOCK)])
def test_numbers_have_bounds(numbers: Any) -> None:
    with pytest.raises(Unloadable, match="at least 1"):
        judge_of("http://judge.test", numbers)


def test_a_key_stands_in_one_place_and_never_in_the_gateways_own() -> None:
    check_key(None)
    check_key(KeyRef(env="JUDGE_KEY"))
    check_key(KeyRef(store="m"))
    for ref in (KeyRef(), KeyRef("A", "b"), KeyRef(env="GATEPOST_MASTER_KEY"), KeyRef(env="not a name")):
        with pytest.raises(Unloadable):
            check_key(ref)


def test_the_judge_of_a_rule_is_found_in_its_settings() -> None:
    own = RuleSpec(name="r", kind="x", settings={"endpoint": "http://a.test", "secret_key_ref": {"env": "A"}})
    inner = RuleSpec(
        name="r", kind="x", settings={"provider": {"endpoint": "http://b.test", "secret_key_ref": {"store": "m"}}}
    )
    assert (key_ref(own), endpoint_of(own)) == (KeyRef(env="A"), "http://a.test")
    assert (key_ref(inner), endpoint_of(inner)) == (KeyRef(store="m"), "http://b.test")
    for settings in ({}, {"provider": "x"}, {"secret_key_ref": "A"}, {"secret_key_ref": {"env": 1}}):
        assert key_ref(RuleSpec(name="r", kind="x", settings=settings)) is None


def test_only_names_of_categories_that_are_names_are_told() -> None:
    assert shown(("Hate", "self-harm/intent", "bob@x.org\n", "")) == ": hate, self-harm/intent"
    assert shown(()) == ""


def test_texts_that_are_too_long_together_are_not_cut() -> None:
    leaves = (Leaf(("a",), Place.USER, "abc"), Leaf(("b",), Place.SYSTEM, "de"))
    assert texts_of(leaves, frozenset(), 5) == ["abc", "de"]
    assert texts_of(leaves, frozenset({Place.USER}), 3) == ["abc"]
    with pytest.raises(NoVerdict, match="longer than 4"):
        texts_of(leaves, frozenset(), 4)
