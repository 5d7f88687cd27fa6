"""A stream through the gate ends with the verdict and the texts of the answer that is not streamed; nothing leaves
before its verdict.
"""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.detect.patterns import PatternDetector
from gatepost_gateway.detect.pii import contact
from gatepost_gateway.dialects.frame_readers import FRAMES
from gatepost_gateway.dialects.framing import EventSplitter
from gatepost_gateway.dialects.leaves import open_answer
from gatepost_gateway.dialects.rewriting import rewrite_answer
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.findings import Texts
from gatepost_gateway.domain.governance import Effect, Mode, Ruling
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts, Said
from gatepost_gateway.policy.gate import Gate, Gates
from gatepost_gateway.policy.kinds.redactor import CARD, EMAIL
from gatepost_gateway.policy.rules import Rule
from tests.policy.kit import ENFORCE, OBSERVE, SHORTER, Words, facts_of, matching
from tests.policy.streams import FORMATS, Step

PLANTED = [
    "bob@x.org",
    "sesame",
    "Straße 12",
    "секрет",
    "秘密の鍵",
    "🙂🙂",
    "e\u0301e\u0301",
    "1234 5678",
    "aaaa",
    "tok_abcdefgh",
]
FILLER = ["a", " ", "b", "ß", "ж", "鍵", "🙂", "\u0301", '"', "\\", "\n", "@", "1", "org", "se", "same", "word "]
RULES: list[tuple[str, Any]] = [
    ("mail", matching("mail", r"[\w.]{1,12}@[\w.]{1,12}")),
    ("seed", ["sesame", "secret phrase"]),
    ("words", ["секрет", "秘密の鍵", "Straße"]),
    ("digits", matching("digits", r"[0-9 ]{4,9}")),
    ("faces", matching("faces", r"🙂{2,3}|(?:e\x{301}){2}")),
    ("runs", matching("runs", r"a{2,6}")),
    ("token", matching("token", r"\btok_[a-z]{4,30}\b")),
    ("open", matching("open", r"b.*ж")),
    ("wide", PatternDetector("wide", [EMAIL, CARD])),
    ("pii", PatternDetector("pii", contact.PATTERNS)),
]


def answered(texts: Texts) -> Facts:
    facts = facts_of("hello")
    facts.answered(Said(b""), lambda: texts)
    return facts


def gate_of(name: str, rules: Sequence[Rule]) -> Gate:
    return Gates(Engine(rules, b"key")).open(FRAMES[DialectName(name)](), answered)


def judged(body: bytes, rules: Sequence[Rule]) -> Ruling:
    facts = facts_of("hello")
    facts.answered(Said(body), lambda: open_answer(body))
    return Engine(rules, b"key").judge(facts)


def cut(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """`data` in pieces of these sizes, again and again."""
    out, at, number = [], 0, 0
    while at < len(data):
        size = sizes[number % len(sizes)]
        out.append(data[at : at + size])
        at, number = at + size, number + 1
    return out


texts = st.lists(st.sampled_from(PLANTED) | st.sampled_from(FILLER), max_size=8).map("".join)


@st.composite
def pieces(draw: st.DrawFn) -> tuple[str, ...]:
    text = draw(texts)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=5)))
    return tuple(one for one in (text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)) if one)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, ...]:
    said = json.dumps(draw(st.dictionaries(st.sampled_from(["q", "to whom"]), texts | st.integers(), max_size=2)))
    cuts = sorted(draw(st.lists(st.integers(0, len(said)), max_size=3)))
    return tuple(one for one in (said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)) if one)


@st.composite
def answers(draw: st.DrawFn, form: Any) -> list[Step]:
    choice = st.integers(0, form.choices - 1)
    said = st.builds(Step, st.sampled_from(form.kinds), pieces(), choice)
    called = st.builds(Step, st.just("call"), calls(), choice, st.sampled_from(["search", "sesame_open"]))
    return draw(st.lists(said | said | called, max_size=6))


@st.composite
def chains(draw: st.DrawFn) -> list[Rule]:
    effect = st.sampled_from([Effect.REDACT, Effect.REDACT, Effect.REDACT, Effect.ALLOW, Effect.BLOCK, Effect.ESCALATE])
    chosen = draw(st.lists(st.sampled_from(RULES), min_size=1, max_size=4, unique_by=lambda rule: rule[0]))
    mode = st.sampled_from([ENFORCE, ENFORCE, ENFORCE, OBSERVE])
    return [Words(name, draw(effect), what, draw(mode), f"[{name}]") for name, what in chosen]


def growing(form: Any, stream: list[bytes]) -> list[bytes]:
    """The events up to the last that brings more of a text: none of them ends it."""
    whole = form.read_stream(b"".join(stream))
    last = next(at for at in range(len(stream)) if form.read_stream(b"".join(stream[: at + 1])) == whole)
    return stream[: last + 1] if whole else []


def run(gate: Gate, batches: Sequence[bytes]) -> tuple[list[bytes], Ruling]:
    """What came out after each batch, and at the end; and the ruling."""
    out: list[bytes] = []
    for batch in batches:
        out.append(gate.feed(batch))
        if gate.stopped:
            return out, gate.ruling()
    return [*out, gate.close()], gate.ruling()


@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_stream_ends_like_the_answer_that_is_not_streamed(name: str, data: st.DataObject) -> None:
    streamed, whole = both_ways(name, data)
    assert streamed == whole


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=1500 // SHORTER, deadline=None)
@given(data=st.data())
def test_many_streams_end_like_the_answers_that_are_not_streamed(name: str, data: st.DataObject) -> None:
    streamed, whole = both_ways(name, data)
    assert streamed == whole


def both_ways(name: str, data: st.DataObject) -> tuple[Any, Any]:
    """The verdict on an answer, and its text where it is let out: of the stream, and of the whole."""
    form = FORMATS[name]
    steps, rules = data.draw(answers(form)), data.draw(chains())
    body = form.whole(steps)
    expected = judged(body, rules)
    wanted = form.read_whole(rewrite_answer(body, expected.changes))
    stream = b"".join(form.stream(steps))
    batches = cut(stream, data.draw(st.lists(st.integers(1, 400), min_size=1, max_size=6)))
    out, ruling = run(gate_of(name, rules), batches)
    streamed, whole = (ruling.effect, ruling.rule is None), (expected.effect, expected.rule is None)
    said = form.read_stream(b"".join(out))
    if expected.effect in (Effect.BLOCK, Effect.ESCALATE):
        return (streamed, None), (whole, None)
    if not expected.changes and ruling.effect is expected.effect:
        # Choices, and thoughts and content of one choice, may overtake each other.
        assert sorted(EventSplitter().feed(b"".join(out))) == sorted(EventSplitter().feed(stream))
        assert b"".join(out) == stream or form.choices > 1
    return (streamed, said), (whole, wanted)


@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_nothing_leaves_before_its_verdict(name: str, data: st.DataObject) -> None:
    assert early(name, data) == []


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=300 // SHORTER, deadline=None)
@given(data=st.data())
def test_nothing_ever_leaves_before_its_verdict(name: str, data: st.DataObject) -> None:
    assert early(name, data) == []


def early(name: str, data: st.DataObject) -> list[tuple[str, str]]:
    """What had gone out, and the whole that it is not the beginning of, for whatever may follow."""
    wrong: list[tuple[str, str]] = []
    form = FORMATS[name]
    rules = [rule for rule in data.draw(chains()) if rule.label.mode is Mode.ENFORCE]
    steps = [step for step in data.draw(answers(form)) if step.kind == "text" and step.choice == 0]
    said = "".join(step.text for step in steps)
    gate = gate_of(name, rules)
    out = b""
    for event in growing(form, form.stream(steps)):
        out += gate.feed(event)
        released = "".join(form.read_stream(out).values())
        for more in ["", *PLANTED, *(one[2:] for one in PLANTED)]:
            whole = form.whole([Step("text", (said + more,))]) if said + more else b""
            ruling = judged(whole, rules) if whole else None
            if ruling is None or ruling.effect in (Effect.BLOCK, Effect.ESCALATE):
                continue
            if gate.stopped:
                break
            full = "".join(form.read_whole(rewrite_answer(whole, ruling.changes)).values())
            if not full.startswith(released):
                wrong.append((released, full))
    return wrong
