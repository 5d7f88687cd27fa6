import pytest

from gatepost_gateway.domain.findings import Leaf, Place
from gatepost_gateway.policy.masking import MOST_HIDDEN, TooMany, mask, masked_text

PATH = ("messages", 0, "content")


def leaf(text: str, path: tuple[str | int, ...] = PATH) -> Leaf:
    return Leaf(path, Place.USER, text)


def test_what_is_found_is_replaced_and_told() -> None:
    found = mask("request", [leaf("bob@x.org, eve@x.org and me")], {PATH: "bob@x.org, eve@x.org and me"})
    assert found.changes == {PATH: "[EMAIL], [EMAIL] and me"}
    (one,) = found.hidden
    assert (one.side, one.place, one.path, one.kind, one.detector, one.count) == (
        "request", "user", "messages[0].content", "EMAIL", "pii", 2,
    )  # fmt: skip
    assert found.altered == ("messages[0].content",)


def test_a_clean_text_stays() -> None:
    assert mask("request", [leaf("hello")], {PATH: "hello"}) == mask("request", [], {})


def test_findings_are_those_of_the_text_as_it_came() -> None:
    found = mask("request", [leaf("bob@x.org")], {PATH: "[MAIL]"})
    assert (found.changes, [one.kind for one in found.hidden]) == ({}, ["EMAIL"])
    assert found.altered == ("messages[0].content",)


def test_a_text_that_is_gone_is_altered() -> None:
    assert mask("request", [leaf("a")], {}).altered == ("messages[0].content",)


def test_too_many_findings_are_not_told() -> None:
    many = [leaf("bob@x.org", ("messages", number, "content")) for number in range(MOST_HIDDEN + 1)]
    with pytest.raises(TooMany):
        mask("request", many, {one.path: one.text for one in many})


def test_one_text() -> None:
    assert masked_text("to bob@x.org") == "to [EMAIL]"
