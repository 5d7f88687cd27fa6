import os
import stat
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.domain import ids
from gatepost_gateway.storage import batch, segments
from gatepost_gateway.storage.faults import Corrupt, TooNew, Unreadable
from gatepost_gateway.storage.segments import FRAME_BYTES, HEADER_BYTES, Header, Rest

from .making import closed, full, logged, opened, sealed, trace, write

HEAD = Header(created=5, previous=2, previous_bytes=77, salt=0xDEADBEEF)


def segment(tmp_path, entries, head=HEAD):
    path = segments.path_of(tmp_path, 3)
    path.write_bytes(segments.write_header(head) + b"".join(segments.frame(one, head.salt) for one in entries))
    return path


def test_a_segment_gives_back_what_was_written(tmp_path):
    trace_id = ids.new()
    entries = [opened(), full(), trace(trace_id), logged(trace_id), sealed(trace_id)]
    path = segment(tmp_path, entries)
    head = segments.read_header(path)
    assert head == HEAD
    read = segments.read_records(path, HEADER_BYTES, head)
    assert (read.entries, read.end, read.rest) == (entries, path.stat().st_size, Rest.NOTHING)


def test_chunks_end_between_records_and_hold_at_least_one(tmp_path):
    entries = [closed(message="x" * size) for size in (10, 5000, 10)]
    path = segment(tmp_path, entries)
    at, found = HEADER_BYTES, []
    while True:
        read = segments.read_records(path, at, HEAD, most=600)
        if not read.entries:
            break
        at = read.end
        found += read.entries
    assert found == entries
    assert at == path.stat().st_size


@given(cut=st.integers(1, 4000), sizes=st.lists(st.integers(0, 300), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_cut_leaves_a_prefix(tmp_path_factory, cut, sizes):
    entries = [opened(user="u" * size) for size in sizes]
    path = segment(tmp_path_factory.mktemp("cut"), entries)
    size = max(HEADER_BYTES, path.stat().st_size - cut)
    os.truncate(path, size)
    read = segments.read_records(path, HEADER_BYTES, HEAD)
    assert read.entries == entries[: len(read.entries)]
    assert segments.whole_length(path, HEAD) == read.end <= size
    assert (read.rest is Rest.NOTHING) == (read.end == size)


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=80, deadline=None)
def test_a_flipped_bit_is_noticed(tmp_path_factory, at, bit):
    entries = [opened(user=f"user {number}") for number in range(4)]
    path = segment(tmp_path_factory.mktemp("bit"), entries)
    data = bytearray(path.read_bytes())
    at = HEADER_BYTES + at % (len(data) - HEADER_BYTES)
    data[at] ^= 1 << bit
    path.write_bytes(data)
    read = segments.read_records(path, HEADER_BYTES, HEAD)
    assert len(read.entries) < 4
    assert read.entries == entries[: len(read.entries)]
    if len(read.entries) == 3:
        assert segments.whole_length(path, HEAD) == read.end
    else:
        with pytest.raises(Corrupt, match=str(path)) as caught:
            segments.whole_length(path, HEAD)
        assert caught.value.offset == read.end


def test_a_caller_cannot_plant_a_record(tmp_path):
    """A torn record whose payload holds a record of another salt is a torn tail, not damage."""
    planted = segments.frame(opened(), HEAD.salt ^ 1).decode("latin-1")
    path = segment(tmp_path, [opened(), closed(message=planted)])
    os.truncate(path, path.stat().st_size - 5)
    assert segments.whole_length(path, HEAD) < path.stat().st_size


def test_damage_is_not_a_record_that_is_just_being_written(tmp_path):
    path = segment(tmp_path, [opened(), opened()])
    assert segments.record_after(path, HEADER_BYTES, HEAD) is None


def test_a_header_of_something_else_is_refused(tmp_path):
    path = tmp_path / "000000000001.gpj"
    path.write_bytes(b"x" * 100)
    with pytest.raises(Corrupt, match="not a journal segment"):
        segments.read_header(path)
    path.write_bytes(segments.write_header(HEAD)[:20])
    assert segments.read_header(path) is None


def test_a_newer_format_is_refused_with_its_place(tmp_path):
    newer = bytearray(segments.write_header(HEAD))
    struct.pack_into("<H", newer, 4, 2)
    newer[36:] = segments.zlib.crc32(bytes(newer[:36])).to_bytes(4, "little")
    path = tmp_path / "000000000001.gpj"
    path.write_bytes(newer)
    with pytest.raises(TooNew, match="format 2"):
        segments.read_header(path)


@pytest.mark.parametrize("tail", [bytes((2, 0)), bytes((1, segments.CHAINED))])
def test_a_record_of_a_newer_format_is_refused(tmp_path, tail):
    first = segments.frame(opened(), HEAD.salt)
    body = tail + b"\xd1\x7e" + b"payload"
    crc = segments.zlib.crc32(body, HEAD.salt ^ 7)
    path = segment(tmp_path, [])
    path.write_bytes(path.read_bytes() + first + struct.pack("<II", 7, crc) + body)
    with pytest.raises(TooNew) as caught:
        segments.read_records(path, HEADER_BYTES, HEAD)
    assert caught.value.offset == HEADER_BYTES + len(first)


def test_an_entry_that_nobody_knows_is_refused(tmp_path):
    payload = segments.msgspec.msgpack.encode(["?", 1])
    body = bytes((1, 0)) + b"\xd1\x7e" + payload
    path = segment(tmp_path, [])
    frame = struct.pack("<II", len(payload), segments.zlib.crc32(body, HEAD.salt ^ len(payload))) + body
    path.write_bytes(path.read_bytes() + frame)
    read = segments.read_records(path, HEADER_BYTES, HEAD)
    with pytest.raises(TooNew, match="cannot read") as caught:
        list(read.said(batch.decode))
    assert caught.value.offset == HEADER_BYTES
    with pytest.raises(TooNew, match="cannot read"):
        _ = read.entries


def test_a_length_beyond_reason_is_damage():
    borders, rest = segments.borders_of(struct.pack("<IIBB2s", 2**31, 0, 1, 0, b"\xd1\x7e") + b"x" * 50, 0)
    assert (borders, rest) == ([0], Rest.BAD)


@pytest.mark.parametrize("entry", [closed(cost=2**70), closed(message="x" * (segments.MAX_RECORD + 1))])
def test_what_cannot_be_a_record_is_refused(entry):
    with pytest.raises(ValueError, match="an entry"):
        segments.frame(entry, 0)


def test_files_are_for_the_owner_only(tmp_path):
    write(tmp_path / "journal", [opened()])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "journal").iterdir()}
    assert modes == {"000000000001.gpj": 0o600, "lock": 0o600}
    assert stat.S_IMODE((tmp_path / "journal").stat().st_mode) == 0o700


def test_a_directory_in_the_place_of_a_segment_is_named(tmp_path):
    path = segments.path_of(tmp_path, 1)
    path.mkdir()
    with pytest.raises(Unreadable, match=str(path)):
        segments.read_header(path)


def test_no_journal_is_no_segments(tmp_path):
    assert segments.numbers(tmp_path / "none") == []
    (tmp_path / "file").touch()
    with pytest.raises(Unreadable):
        segments.numbers(tmp_path / "file")
    assert FRAME_BYTES == 12
