"""What was given out comes back: in every string, on every cut of a stream, and nowhere that it was not given out."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects.frame_readers import FRAMES
from gatepost_gateway.dialects.leaves import open_answer
from gatepost_gateway.dialects.rewriting import rewrite_answer, rewrite_request
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.findings import Leaf, Place, find_all
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Said
from gatepost_gateway.policy.gate import Gate, Gates
from gatepost_gateway.policy.placeholders import Placeholders
from gatepost_gateway.policy.restoring import GivenOut, Restoring, restored
from tests.detect.cutting import found_in_pieces
from tests.policy.kinds.making import engine, spec
from tests.policy.kit import SHORTER, Words, call, facts_of
from tests.policy.streams import FORMATS, Step
from tests.policy.test_gate import answered, cut

VALUES = {"[EMAIL_1]": "bob@x.org", "[EMAIL_2]": "é@日本.jp", "[TERM_1]": 'a "b"\\c\n{d}', "[TERM_2]": "[TERM_1]"}
PIECES = [*VALUES, "[EMAIL_3]", "[EMAIL_", "1]", "[", "]", "[[", "EMAIL_1", "{", '"', "日本", "🙂", " ", "word ", "\n"]
PIECES += ["```json\n", "\n```\n", "~~~"]


def given_out() -> Placeholders:
    return Placeholders(known=VALUES)


def back(text: str, place: Place = Place.ASSISTANT) -> str:
    """One text, restored."""
    return restored([Leaf(("x",), place, text)], given_out()).get(("x",), text)


def test_only_what_was_given_out_comes_back_and_is_not_looked_at_again() -> None:
    assert back("to [EMAIL_1] and [EMAIL_3], EMAIL_1, [email_1]") == "to bob@x.org and [EMAIL_3], EMAIL_1, [email_1]"
    assert back("[[EMAIL_1]] [TERM_2]") == "[bob@x.org] [TERM_1]"


@pytest.mark.parametrize("text", ['{"to": "[TERM_1]"}', ' \n["[TERM_1]"]', '[ {"to": ["[TERM_1]"]}]'])
def test_a_value_comes_back_into_json_as_json_writes_it(text: str) -> None:
    assert str(json.loads(text)).replace("[TERM_1]", VALUES["[TERM_1]"]) == _plain(json.loads(back(text)))


def _plain(value: Any) -> str:
    """As `str`, with strings as they are."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{name}': {_plain(one)}" for name, one in value.items()) + "}"
    return "[" + ", ".join(map(_plain, value)) + "]" if isinstance(value, list) else f"'{value}'"


def test_a_value_comes_back_into_a_fence_of_json_as_json_writes_it_and_as_it_was_around_it() -> None:
    for opened in ("```json", "```", "  ~~~ JSON5"):
        closed = opened.strip()[:3]
        said = back(f'for [TERM_1]:\n{opened}\n{{"to": "[TERM_1]"}}\n{closed}\nas [TERM_1] said')
        before, _, rest = said.partition(f"{opened}\n")
        inside, _, after = rest.partition(f"\n{closed}\n")
        assert json.loads(inside) == {"to": VALUES["[TERM_1]"]}
        assert VALUES["[TERM_1]"] in before
        assert VALUES["[TERM_1]"] in after


def test_a_text_that_begins_with_a_placeholder_is_no_json() -> None:
    assert back("[TERM_1] said it") == VALUES["[TERM_1]"] + " said it"


def test_arguments_that_were_cut_off_come_back_escaped() -> None:
    assert back('{"to": "[TERM_1]", "bo', Place.TOOL_CALL) == '{"to": ' + json.dumps(VALUES["[TERM_1]"]) + ', "bo'


texts = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


@given(texts, st.lists(st.integers(0, 80), max_size=8))
def test_every_cut_finds_the_same(text: str, cuts: list[int]) -> None:
    detector = GivenOut(given_out())
    assert found_in_pieces(detector, text, cuts) == list(find_all(detector, text))


@st.composite
def pieces(draw: st.DrawFn) -> tuple[str, ...]:
    text = draw(texts)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=5)))
    return tuple(one for one in (text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)) if one)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, ...]:
    said = json.dumps(draw(st.dictionaries(st.sampled_from(["q", "to whom", "[EMAIL_1]"]), texts, max_size=2)))
    cuts = sorted(draw(st.lists(st.integers(0, len(said)), max_size=3)))
    return tuple(one for one in (said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)) if one)


@st.composite
def answers(draw: st.DrawFn, form: Any) -> list[Step]:
    choice = st.integers(0, form.choices - 1)
    said = st.builds(Step, st.sampled_from(form.kinds), pieces(), choice)
    called = st.builds(Step, st.just("call"), calls(), choice, st.just("send"))
    return draw(st.lists(said | said | called, max_size=6))


RULES = [
    Words("word", Effect.REDACT, ["word", "EMAIL_2"], mark="[W]"),
    Words("mail", Effect.REDACT, ["bob@"]),
]


def restoring(name: str) -> Gate:
    return Gates(Engine((Restoring(given_out()),), b"")).open(FRAMES[DialectName(name)](), answered)


@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_stream_comes_back_like_the_answer_that_is_not_streamed(name: str, data: st.DataObject) -> None:
    streamed, whole = both_ways(name, data)
    assert streamed == whole


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(FORMATS))
@settings(max_examples=1000 // SHORTER, deadline=None)
@given(data=st.data())
def test_many_streams_come_back_like_the_answers_that_are_not_streamed(name: str, data: st.DataObject) -> None:
    streamed, whole = both_ways(name, data)
    assert streamed == whole


def both_ways(name: str, data: st.DataObject) -> tuple[Any, Any]:
    """An answer as its caller reads it: streamed, and whole. Behind rules that change it, or alone.

    The rules see placeholders, and nothing that these stand for.
    """
    form = FORMATS[name]
    steps, rules = data.draw(answers(form)), data.draw(st.sampled_from([[], RULES[:1], RULES]))
    body = form.whole(steps)
    facts = facts_of("hello")
    facts.answered(Said(body), lambda: open_answer(body))
    ruling = Engine(rules, b"key").judge(facts)
    assert not any(one.rule == "mail" and one.found for one in ruling.decisions)
    body = rewrite_answer(body, ruling.changes)
    wanted = form.read_whole(rewrite_answer(body, restored(open_answer(body).leaves, given_out())))
    first = Gates(Engine(rules, b"key")).open(FRAMES[DialectName(name)](), answered) if rules else None
    last, out = restoring(name), b""
    for batch in cut(b"".join(form.stream(steps)), data.draw(st.lists(st.integers(1, 400), min_size=1, max_size=6))):
        out += last.feed(first.feed(batch) if first is not None else batch)
    out += last.feed(first.close() if first is not None else b"") + last.close()
    return form.read_stream(out), wanted


SECRETS = ["bob@x.org", "eve.long@例え.jp", "4111 1111 1111 1111", "project titan", "TITAN\n", "ß\u0301"]
WORDS = [
    "[EMAIL_1]",
    "[CARD_2]",
    "[TERM_1]",
    "[TERM_",
    "1]",
    '"',
    "\\",
    "\n",
    "{",
    "日本",
    "🙂",
    "\u0301",
    " and ",
    ", ",
]
said = st.lists(st.sampled_from(SECRETS) | st.sampled_from(WORDS), max_size=8).map("".join)


def chain(*more: Any) -> Engine:
    return engine(
        spec("redactor", action="placeholder"),
        spec("keyword", terms=["titan", "project titan", "ß\u0301"], action="placeholder"),
        *more,
    )


@settings(max_examples=60, deadline=None)
@given(said, said, st.dictionaries(st.sampled_from(["q", "to whom"]), said, max_size=2))
def test_a_round_trip_is_what_it_was(text: str, system: str, arguments: dict[str, str]) -> None:
    """Whatever the texts, the provider sees none of what was found, and its words come back as they were said."""
    body = {
        "messages": [
            {"role": "system", "content": system},
            {"role": "assistant", "content": None, "tool_calls": [call("send", arguments)]},
            {"role": "user", "content": [{"type": "text", "text": text}]},
        ]
    }
    facts = facts_of({"model": "m", **body})
    ruling = chain().judge(facts)
    sent = rewrite_request(facts.asked, ruling.changes).body
    assert b"bob@x.org" not in sent
    assert b"titan" not in sent.lower()
    if facts.placeholders is not None:
        sent = rewrite_answer(sent, restored(open_answer(sent).leaves, facts.placeholders))
    came = json.loads(sent)["messages"]
    assert [came[0], came[2]] == [body["messages"][0], body["messages"][2]]
    assert json.loads(came[1]["tool_calls"][0]["function"]["arguments"]) == arguments


def test_what_overlaps_comes_back_whole() -> None:
    facts = facts_of("mail bob@x.org now")
    ruling = engine(spec("redactor", action="placeholder"), spec("keyword", terms=["org now"], action="redact")).judge(
        facts
    )
    assert list(ruling.changes.values()) == ["mail [EMAIL_1]"]
    assert facts.placeholders is not None
    assert facts.placeholders.values == {"[EMAIL_1]": "bob@x.org now"}


def test_what_another_rule_puts_is_not_taken_for_a_placeholder() -> None:
    facts = facts_of("bob@x.org at TCK")
    ruling = engine(
        spec("redactor", action="placeholder"),
        spec("keyword", terms=["TCK"], action="redact", replacement="[EMAIL_1]"),
    ).judge(facts)
    assert list(ruling.changes.values()) == ["[EMAIL_2] at [EMAIL_1]"]


def test_numbers_go_by_the_order_of_the_texts() -> None:
    facts = facts_of({"model": "m", "messages": [{"role": "user", "content": one} for one in ("a@x.org", "b@x.org")]})
    changes = chain(spec("dlp-filter", action="placeholder", detect_patterns=["[ab]@x"])).judge(facts).changes
    assert list(changes.values()) == ["[EMAIL_1]", "[EMAIL_2]"]
