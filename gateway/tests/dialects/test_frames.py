"""An event is changed at the paths that are named, and nowhere else."""

import pytest

from gatepost_gateway.dialects.frame_readers import FRAMES
from gatepost_gateway.dialects.frames import Frame, objects, opened, payload, rewritten
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.domain.findings import Place


def test_every_format_that_callers_speak_has_its_frames():
    assert set(FRAMES) == set(CALLERS)


@pytest.mark.parametrize(
    ("event", "data"),
    [
        (b'data: {"a":1}\n\n', b'{"a":1}'),
        (b'data: {"a":1}\r\n\r\n', b'{"a":1}'),
        (b'event: x\ndata: {"a":1}\n\n', b'{"a":1}'),
        (b"event: x\ndata: 1\ndata: 2\n\n", b"1\n2"),
        (b"data: 1\rdata: 2\r\r", b"1\n2"),
        (b": comment\n\n", None),
    ],
)
def test_the_data_of_an_event_however_it_is_written(event, data):
    assert payload(event) == data


def test_a_rewritten_event_keeps_its_other_lines_and_members():
    raw = b'event: x\r\nid: 7\r\ndata: {"a": 1e400, "b":{"c":"old","d":[1, 2]}}\r\n\r\n'
    new = rewritten(Frame(raw), {("b", "c"): 'n"w'})
    assert new == b'event: x\r\nid: 7\r\ndata: {"a":1e400,"b":{"c":"n\\"w","d":[1, 2]}}\r\n\r\n'


def test_several_lines_of_data_become_one():
    assert rewritten(Frame(b'data: {"a":\ndata: "x"}\n\n'), {("a",): "y"}) == b'data: {"a":"y"}\n\n'


def test_what_repeats_a_changed_text_goes_with_it():
    raw = b'data: {"text":"old","logprobs":[{"token":"old"}]}\n\n'
    assert rewritten(Frame(raw), {("text",): "new"}) == b'data: {"text":"new","logprobs":[]}\n\n'


def test_what_says_more_than_the_text_goes_alone():
    raw = b'data: {"text":"a","logprobs":{"tokens":["secret"]}}\n\n'
    assert rewritten(Frame(raw, stale=(("logprobs",),)), {}) == b'data: {"text":"a","logprobs":null}\n\n'


def test_an_event_is_opened_like_a_whole_answer():
    value, leaves = opened(b'{"id":"x","thinking":{"type":"thinking","text":"t"}}')
    assert value["id"] == "x"
    assert [(leaf.path, leaf.place) for leaf in leaves] == [(("thinking", "text"), Place.REASONING)]


@pytest.mark.parametrize("data", [b"[1]", b"{", b'{"a":"x","a":"y"}'])
def test_what_is_not_one_object_is_refused(data):
    with pytest.raises(Malformed):
        opened(data)


def test_only_objects_are_numbered():
    assert list(objects([{"a": 1}], "x")) == [(0, {"a": 1})]
    with pytest.raises(Malformed, match="`x`"):
        list(objects([1], "x"))
