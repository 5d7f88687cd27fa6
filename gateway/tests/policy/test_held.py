"""Texts that came whole, calls that come in pieces, and the frames that hold them."""

import json

import pytest

from gatepost_gateway.dialects.frames import Frame, Grain, Slot
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.domain.findings import Leaf, Place
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.held import SPLIT, Call, Held, Whole
from gatepost_gateway.policy.redaction import Replacement
from gatepost_gateway.policy.tallies import Tallies
from gatepost_gateway.policy.window import Window, ears_of
from tests.policy.kit import Words

STAGE = Engine([Words("a", Effect.REDACT, ["sesame"], mark="[a]")], b"k").stage(Phase.RESPONSE)
EARS = ears_of(STAGE, Place.ASSISTANT)


def tallies() -> Tallies:
    return Tallies(STAGE.phase, STAGE.rules, b"k")


def arguments(*pieces: str) -> Call:
    call = Call(("answer", 0, "calls", 0))
    call.name_it(Slot(("n",), "open", (), Grain.CALLS, Place.NAME, "c0"))
    for piece in pieces:
        call.grow(piece)
    return call


def test_a_whole_text_is_heard_by_all():
    text = Whole(Leaf(("a",), Place.ASSISTANT, "open sesame"))
    text.hear(EARS, tallies())
    assert text.reads == "open [a]"


def test_a_call_is_whole_when_it_ends_and_its_strings_are_texts():
    call = arguments('{"word": "ses', 'ame", "n": [1234567, "x"]}')
    assert not call.whole
    texts = call.end()
    assert call.whole
    assert [(one.leaf.text, one.leaf.place) for one in texts] == [
        ("open", Place.NAME),
        ("sesame", Place.TOOL_CALL),
        ("1234567", Place.TOOL_CALL),
        ("x", Place.TOOL_CALL),
    ]
    assert (call.called.name, call.called.id) == ("open", "c0")
    assert json.loads(call.called.arguments)["word"] == "sesame"


def test_changed_arguments_stay_json_and_stand_in_the_first_piece():
    call = arguments('{"word": "ses', 'ame", "big": 123456789012345678901234567890}')
    for text in call.end():
        text.hear(EARS, tallies())
    slots = [Slot(("x",), piece, (), Grain.ARGUMENTS) for piece in ("", "y")]
    assert [call.reads(slot) for slot in slots] == ['{"word":"[a]","big":123456789012345678901234567890}', ""]
    assert call.reads(Slot(("n",), "open", (), Grain.CALLS)) == "open"


def test_arguments_that_are_no_json_are_one_text():
    call = arguments("open sesame {")
    for text in call.end():
        text.hear(EARS, tallies())
    assert call.reads(Slot(("x",), "open", (), Grain.ARGUMENTS)) == "open [a] {"


def test_arguments_that_are_one_json_string_stay_one():
    call = arguments('"open ses', 'ame\\n"')
    for text in call.end():
        text.hear(EARS, tallies())
    assert call.reads(Slot(("x",), "open", (), Grain.ARGUMENTS)) == '"open [a]\\n"'


def test_a_member_that_is_there_twice_is_refused():
    with pytest.raises(Malformed):
        arguments('{"a":"x","a":"y"}').end()


def test_a_frame_is_covered_when_all_in_it_is_settled():
    raw = b'data: {"t":"open sesame","u":"x"}\n\n'
    slot = Slot(("t",), "open sesame", (0, "a", "b"))
    held = Held(Frame(raw, (slot,)), 1)
    window = Window(EARS, tallies(), Leaf((), Place.ASSISTANT, ""))
    held.spots += ((slot, window, 0),)
    window.add(slot.text)
    window.scan()
    assert not held.covered
    window.scan(ended=True)
    assert held.covered
    held.after += (b": x\n\n",)
    assert held.write() == b'data: {"t":"open [a]","u":"x"}\n\n: x\n\n'


def test_a_frame_with_a_call_waits_for_the_whole_of_it():
    call = arguments("{}")
    held = Held(Frame(b""), 1)
    held.calls += ((Slot(("x",), "{}", (), Grain.ARGUMENTS), call),)
    assert not held.covered
    call.end()
    assert held.covered


def test_the_settled_part_of_a_long_text_goes_ahead():
    text = "." * SPLIT * 2 + "sesame" + "." * 100
    slot = Slot(("t",), text, (0, "a", "b"))
    held = Held(Frame(b'data: {"t":"' + text.encode() + b'"}\n\n', (slot,)), 1)
    window = Window(EARS, tallies(), Leaf((), Place.ASSISTANT, ""))
    held.spots += ((slot, window, 0),)
    window.add(text)
    window.scan()
    assert window.reach is not None
    ahead = json.loads(held.ahead()[6:])["t"]
    assert len(ahead) == len(text) - window.reach - 3
    assert held.ahead() == b""
    window.scan(ended=True)
    assert ahead + json.loads(held.write()[6:])["t"] == "." * SPLIT * 2 + "[a]" + "." * 100


def test_what_is_wanted_of_a_whole_text_is_replaced():
    text = Whole(Leaf(("a",), Place.ASSISTANT, "open sesame"))
    assert (text.reads, text.whole_leaf.text) == ("open sesame", "open sesame")
    text.want(Replacement(0, -4, 0, "[b]"))
    text.finish()
    assert text.reads == "[b] sesame"
