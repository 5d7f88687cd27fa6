"""The event stream codec. Any cut of the bytes gives the same events."""

import random

import pytest

from gatepost import sse
from gatepost.sse import Decoder, Event, StreamError

STREAM = (
    b"\xef\xbb\xbf: hello\n\n"
    b"data: one\n\n"
    b"event: tick\r\nid: 7\r\nretry: 250\r\ndata: caf\xc3\xa9\r\ndata:  two\r\n\r\n"
    b"data:three\rdata\r\r"
    b"id: lost\n\n"
    b"retry: soon\nid: a\0b\nunknown: x\ndata: [DONE]\n\n"
    b"data: cut"
)
EVENTS = [
    Event("one"),
    Event("café\n two", "tick", "7", 250),
    Event("three\n"),
    Event("[DONE]"),
]


def read(pieces):
    decoder = Decoder()
    return [event for piece in pieces for event in decoder.feed(piece)], decoder


def test_the_whole():
    events, decoder = read([STREAM])
    assert events == EVENTS
    assert decoder.unfinished


def test_every_single_cut_and_byte_by_byte():
    for at in range(len(STREAM) + 1):
        assert read([STREAM[:at], b"", STREAM[at:]])[0] == EVENTS
    assert read([STREAM[n : n + 1] for n in range(len(STREAM))])[0] == EVENTS


def test_random_cuts():
    chance = random.Random(1)
    for _ in range(200):
        cuts = sorted(chance.choices(range(len(STREAM)), k=5))
        pieces = [STREAM[a:b] for a, b in zip([0, *cuts], [*cuts, len(STREAM)])]
        assert read(pieces)[0] == EVENTS


def test_a_finished_stream_is_not_unfinished():
    assert not read([b"data: a\n\n"])[1].unfinished
    assert read([b"data: a\n"])[1].unfinished


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 50 + b"\n", b"x" * 50, b": " + b"x" * 50])
def test_an_endless_event_is_refused(piece):
    decoder = Decoder(max_event_bytes=120)
    assert decoder.feed(piece) + decoder.feed(piece) == []
    with pytest.raises(StreamError):
        decoder.feed(piece)


def test_many_small_events_are_not_one_large_event():
    decoder = Decoder(max_event_bytes=20)
    assert len(decoder.feed(b"data: a\n\n" * 50)) == 50


@pytest.mark.parametrize("data", ["", "one", "one\ntwo", "one\r\ntwo\rthree", "\n", '{"a": 1}'])
def test_what_is_written_is_read(data):
    events, _ = read([sse.encode(data, event="e", id="1")])
    assert events == [Event(data.replace("\r\n", "\n").replace("\r", "\n"), "e", "1")]


def test_a_field_cannot_smuggle_another():
    for wrong in ({"event": "a\ndata: b"}, {"id": "a\rb"}):
        with pytest.raises(StreamError):
            sse.encode("x", **wrong)


def test_a_comment_is_no_event():
    assert read([sse.comment("keep\nawake"), sse.comment()])[0] == []
