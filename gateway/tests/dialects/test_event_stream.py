import base64
import json
import random
import struct
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects.event_stream import (
    MAX_FRAME,
    BadFrame,
    Flaw,
    Frame,
    FrameReader,
    Header,
    Kind,
    text_header,
    write_frame,
)
from tests.recordings import need, rows

VECTORS = "wire-vectors/aws-event-stream.jsonl"
WIRE = [row for row in rows(VECTORS) if "encoded_b64" in row]


def header_strategy() -> st.SearchStrategy[Header]:
    name = st.text(min_size=1, max_size=20).filter(lambda text: text.isascii())
    number = {Kind.BYTE: 7, Kind.SHORT: 15, Kind.INT: 31, Kind.LONG: 63, Kind.TIMESTAMP: 63}
    return st.one_of(
        st.builds(Header, name, st.just(Kind.TRUE), st.just(True)),
        st.builds(Header, name, st.just(Kind.FALSE), st.just(False)),
        st.builds(Header, name, st.just(Kind.BYTES), st.binary(max_size=40)),
        st.builds(Header, name, st.just(Kind.UUID), st.binary(min_size=16, max_size=16)),
        st.builds(Header, name, st.just(Kind.STRING), st.text(max_size=40)),
        *(
            st.builds(Header, name, st.just(kind), st.integers(-(2**bits), 2**bits - 1))
            for kind, bits in number.items()
        ),
    )


frames = st.lists(
    st.builds(Frame, st.lists(header_strategy(), max_size=4).map(tuple), st.binary(max_size=200)), max_size=5
)


@given(frames, st.randoms(use_true_random=False))
def test_any_split_gives_the_frames_that_were_written(sent: list[Frame], chance: random.Random) -> None:
    data = b"".join(map(write_frame, sent))
    reader = FrameReader()
    got: list[Frame] = []
    at = 0
    while at < len(data):
        step = chance.randint(1, 40)
        got += reader.feed(data[at : at + step])
        at += step
    assert got == sent
    assert reader.rest == b""


@given(frames.filter(bool), st.data())
def test_a_flipped_bit_is_always_an_error_or_a_wait(sent: list[Frame], data: st.DataObject) -> None:
    wire = bytearray(b"".join(map(write_frame, sent)))
    at = data.draw(st.integers(0, len(wire) - 1))
    wire[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BadFrame):
        FrameReader().feed(bytes(wire))


@given(st.binary(max_size=400))
def test_garbage_is_a_typed_error_or_a_wait(data: bytes) -> None:
    with suppress(BadFrame):
        assert all(isinstance(frame, Frame) for frame in FrameReader().feed(data))


@pytest.mark.parametrize("row", WIRE or [{"name": "absent"}], ids=lambda row: row["name"])
def test_the_vectors_of_aws_and_others(row: dict[str, Any]) -> None:
    need(VECTORS)
    data = base64.b64decode(row["encoded_b64"])
    reader = FrameReader()
    if not row["crc_valid"]:
        with pytest.raises(BadFrame):
            reader.feed(data)
        return
    found = reader.feed(data)
    assert found
    assert reader.rest == b""
    assert b"".join(map(write_frame, found)) == data
    one_by_one = FrameReader()
    assert [frame for byte in data for frame in one_by_one.feed(bytes([byte]))] == found


def test_the_decoded_vectors_say_the_same() -> None:
    by_path = {row["id"].partition("testdata/")[2]: row for row in need(VECTORS) if "testdata/" in row["id"]}
    checked = 0
    for path, row in by_path.items():
        if not path.startswith("decoded/"):
            continue
        data = base64.b64decode(by_path["encoded" + path.removeprefix("decoded")]["encoded_b64"])
        if "negative" in path:
            with pytest.raises(BadFrame) as caught:
                FrameReader().feed(data)
            assert caught.value.flaw.value == row["decoded"].strip().removesuffix(" mismatch").lower()
        else:
            frame, want = FrameReader().feed(data)[0], json.loads(row["decoded"])
            said = [(one.name, int(one.kind), shown(one.value)) for one in frame.headers]
            assert said == [(one["name"], one["type"], one["value"]) for one in want["headers"]]
            assert base64.b64encode(frame.payload).decode() == want["payload"]
        checked += 1
    assert checked == 9


def shown(value: bool | int | bytes | str) -> Any:
    raw = value.encode() if isinstance(value, str) else value
    return base64.b64encode(raw).decode() if isinstance(raw, bytes) else raw


def test_a_length_beyond_the_bound_is_refused_at_once() -> None:
    lengths = struct.pack(">II", MAX_FRAME + 1, 0)
    with pytest.raises(BadFrame) as caught:
        FrameReader().feed(lengths + struct.pack(">I", zlib.crc32(lengths)))
    assert caught.value.flaw is Flaw.LENGTH
    with pytest.raises(BadFrame):
        write_frame(Frame((), b"x" * MAX_FRAME))


@pytest.mark.parametrize(
    "header",
    [
        Header("n", Kind.BYTE, 200),
        Header("n", Kind.STRING, "x" * 65_536),
        Header("n" * 256, Kind.STRING, "x"),
        Header("n", Kind.BYTES, 3),
    ],
)
def test_a_header_that_does_not_fit_is_not_written(header: Header) -> None:
    with pytest.raises(ValueError, match="header"):
        write_frame(Frame((header,), b""))


def test_a_text_header_is_found_by_name() -> None:
    frame = Frame((Header("n", Kind.INT, 3), text_header(":event-type", "chunk")), b"")
    assert frame.text(":event-type") == "chunk"
    assert frame.text("n") is None
    assert frame.text("other") is None
