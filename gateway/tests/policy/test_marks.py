"""A record shows where something was found, and never what."""

import pytest

from gatepost_gateway.domain.findings import BASE64_INSIDE, JSON_INSIDE, KEY, Finding, Leaf, Place
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.marks import digest, mark, masked, path_text
from gatepost_gateway.policy.rules import Vote


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("short", "[REDACTED]"),
        ("123-45-6789", "[REDACTED]"),
        ("bob@example.org", "b…g"),
        ("4111111111111111", "41…11"),
        ("sk-" + "a" * 60, "sk-a…aaaa"),
    ],
)
def test_most_of_it_is_hidden(found: str, shown: str) -> None:
    assert masked(found) == shown


def test_a_hash_needs_the_key() -> None:
    assert digest(b"k", "x") == digest(b"k", "x") != digest(b"l", "x")
    assert digest(b"k", "\ud800").startswith("sha256:")
    assert len(digest(b"k", "x")) == len("sha256:") + 12


def test_a_mark_says_where_it_stands() -> None:
    text = "write to bob@example.org today"
    leaf = Leaf(("messages", 0, "content"), Place.USER, text)
    made = mark(b"k", leaf, Finding(9, 24, "EMAIL", "pii", 0.9), text[9:24], Vote(Effect.REDACT, threshold=0.7))
    assert (made.place, made.path, made.start, made.end, made.kind) == ("user", "messages[0].content", 9, 24, "EMAIL")
    assert (made.effect, made.score, made.threshold) == (Effect.REDACT, 0.9, 0.7)
    assert made.digest == digest(b"k", "bob@example.org")
    assert "bob@example.org" not in repr(made)


def test_a_path_shows_no_text_of_the_callers() -> None:
    path = ("tools", 1, "arguments", JSON_INSIDE, "bob@example.org", KEY)
    assert path_text(path) == "tools[1].arguments.(json).*.(name)"
    assert path_text(("data", BASE64_INSIDE)) == "data.(base64)"
