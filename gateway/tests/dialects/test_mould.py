import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects.mould import Mould
from gatepost_gateway.dialects.openai_chat_frames import OpenAIChatFrames


def event(text: str, **more) -> bytes:
    return b"data: " + json.dumps({"id": "c", **more, "text": text, "end": None}, ensure_ascii=False).encode() + b"\n\n"


def read(raw: bytes) -> str | None:
    return json.loads(raw[6:])["text"]


def made_of(raw: bytes) -> Mould:
    mould = Mould()
    assert mould.take(raw, json.loads(raw[6:])["text"], read)
    return mould


def test_an_event_that_differs_in_its_text_alone_is_read():
    mould = made_of(event("one"))
    assert mould.text_of(event("another, longer: {} [] 'x' é 漢")) == "another, longer: {} [] 'x' é 漢"
    assert mould.text_of(event("o")) == "o"


@pytest.mark.parametrize(
    "raw",
    [
        event("one", more=1),
        event(""),
        event("a\nb"),
        event('say "x"'),
        event("back\\slash"),
        event("one").replace(b"one", b"o\x01e"),
        event("one").replace(b"one", b"o\xffe"),
        event("one").replace(b'one"', b'one", "text": "two"'),
        event("one")[:-1],
        b"",
        b": comment\n\n",
    ],
)
def test_whatever_else_must_be_read(raw):
    assert made_of(event("one")).text_of(raw) is None


def test_a_text_that_stands_elsewhere_too_makes_no_mould():
    mould = Mould()
    assert not mould.take(event("c"), "c", read)
    assert mould.text_of(event("d")) is None
    assert not mould.take(event("one").replace(b"one", rb"on\u0065"), "one", read)


def test_it_is_given_up_where_every_event_brings_something_new():
    mould = Mould()
    assert [mould.take(event("one", at=at), "one", read) for at in range(6)] == [True] * 4 + [False] * 2
    assert mould.text_of(event("two", at=3)) == "two"


@given(st.text(), st.text(), st.booleans())
def test_what_a_mould_reads_is_what_the_json_says(first, second, escaped):
    def said(text: str) -> bytes:
        chunk = {
            "id": "c",
            "choices": [{"index": 1, "delta": {"content": text}, "finish_reason": None}],
            "usage": None,
        }
        return b"data: " + json.dumps(chunk, ensure_ascii=escaped).encode("utf-8", "surrogatepass") + b"\n\n"

    def slots(reader: OpenAIChatFrames, raw: bytes):
        try:
            return reader.read(raw)
        except ValueError as error:
            return str(error)

    used = OpenAIChatFrames()
    slots(used, said(first))
    assert slots(used, said(second)) == slots(OpenAIChatFrames(), said(second))
