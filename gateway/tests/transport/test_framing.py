"""Answers without a socket: what is taken, what is refused, and that the cut never matters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.transport.faults import Fault
from gatepost_gateway.transport.framing import BODY, HEAD, MAX_HEAD, MAX_HEADERS, MAX_OVERHEAD, WHOLE, Framing


def read(*pieces: bytes, bodyless: bool = False) -> Framing:
    framing = Framing()
    framing.begin_answer(bodyless=bodyless)
    for piece in pieces:
        framing.feed(piece)
        if framing.broken is not None:
            break
    return framing


def head(*lines: bytes) -> bytes:
    return b"\r\n".join((b"HTTP/1.1 200 OK", *lines, b"", b""))


CHUNKED = head(b"Transfer-Encoding: chunked")

ANSWERS = [
    # bytes, status, headers, body, kept
    (head(b"Content-Length: 5", b"X-A:", b"x-b: 1 ") + b"hello", 200, 3, b"hello", True),
    (head(b"content-length: 0"), 200, 1, b"", True),
    (head(b"content-length: 2", b"connection: close") + b"ok", 200, 2, b"ok", False),
    (CHUNKED + b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", 200, 1, b"abc0123456789", True),
    (CHUNKED + b"1\r\na\r\n0\r\nx-trailer: 1\r\nDigest: 2\r\n\r\n", 200, 1, b"a", True),
    (b"HTTP/1.1 204 No Content\r\nx: 1\r\n\r\n", 204, 1, b"", True),
    (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n", 304, 1, b"", True),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n" + head(b"content-length: 1") + b"x",
     200, 1, b"x", True),
    (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", 200, 1, b"ok", False),
    (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok", 200, 2, b"ok", True),
    (b"HTTP/1.1 429\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n", 429, 2, b"", True),
]  # fmt: skip

GARBAGE = {
    "not http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "another protocol": b"RTSP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
    "empty line first": b"\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    "version 2": b"HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n",
    "version 1.2": b"HTTP/1.2 200 OK\r\ncontent-length: 0\r\n\r\n",
    "short status": b"HTTP/1.1 20\r\n\r\n",
    "status in words": b"HTTP/1.1 two hundred\r\n\r\n",
    "status 000": b"HTTP/1.1 000 x\r\ncontent-length: 0\r\n\r\n",
    "status 600": b"HTTP/1.1 600 x\r\ncontent-length: 0\r\n\r\n",
    "an upgrade nobody asked for": b"HTTP/1.1 101 SP\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nabc",
    "bare line feeds": b"HTTP/1.1 200 OK\ncontent-length: 0\n\n",
    "folded header": head(b"a: b", b" c", b"content-length: 0"),
    "space in a name": head(b"a b: c"),
    "space before the colon": head(b"content-length : 1"),
    "NUL in a value": head(b"a: b\0c"),
    "two lengths": head(b"content-length: 3", b"content-length: 4") + b"abc",
    "the same length twice": head(b"content-length: 3", b"content-length: 3") + b"abc",
    "a list of lengths": head(b"content-length: 3, 3") + b"abc",
    "a signed length": head(b"content-length: +3") + b"abc",
    "an endless length": head(b"content-length: 99999999999999999999999"),
    "length and chunks": head(b"content-length: 3", b"transfer-encoding: chunked"),
    "chunks and length": head(b"transfer-encoding: chunked", b"content-length: 3"),
    "another coding": head(b"transfer-encoding: gzip"),
    "another coding before chunks": head(b"transfer-encoding: gzip, chunked"),
    "chunked twice": head(b"transfer-encoding: chunked", b"transfer-encoding: chunked"),
    "chunks in 1.0": b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk size in words": CHUNKED + b"zz\r\nabc\r\n",
    "a negative chunk": CHUNKED + b"-1\r\n",
    "a chunk size too long": CHUNKED + b"fffffffffffffffff\r\n",
    "a chunk longer than it says": CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
    "no end of chunk": CHUNKED + b"3\r\nabc0\r\n\r\n",
}


@pytest.mark.parametrize("answer", ANSWERS, ids=[entry[0][:40].decode() for entry in ANSWERS])
def test_valid_answers(answer: tuple[bytes, int, int, bytes, bool]) -> None:
    data, status, count, body, kept = answer
    framing = read(data)
    assert framing.broken is None
    assert (framing.phase, framing.status, len(framing.headers)) == (WHOLE, status, count)
    assert b"".join(framing.parts) == body
    assert framing.keep is kept
    assert all(name == name.lower() for name, _ in framing.headers)


@pytest.mark.parametrize("answer", ANSWERS, ids=[entry[0][:40].decode() for entry in ANSWERS])
def test_any_single_cut_and_byte_by_byte_read_the_same(answer: tuple[bytes, int, int, bytes, bool]) -> None:
    data = answer[0]
    whole = read(data)
    cuts = [[data[:at], data[at:]] for at in range(1, len(data))]
    cuts.append([data[at : at + 1] for at in range(len(data))])
    for pieces in cuts:
        framing = read(*pieces)
        assert framing.broken is None
        assert (framing.phase, framing.status, framing.headers) == (WHOLE, whole.status, whole.headers)
        assert b"".join(framing.parts) == b"".join(whole.parts)
        assert framing.keep == whole.keep


@pytest.mark.parametrize("name", list(GARBAGE))
def test_garbage(name: str) -> None:
    framing = read(GARBAGE[name])
    assert framing.broken is not None
    assert framing.broken[0] is Fault.GARBAGE
    framing = read(*[GARBAGE[name][at : at + 1] for at in range(len(GARBAGE[name]))])
    assert framing.broken is not None
    assert framing.broken[0] is Fault.GARBAGE


def test_good_chunks_before_a_bad_one_are_kept() -> None:
    framing = read(CHUNKED + b"3\r\nabc\r\nzz\r\n")
    assert framing.broken is not None
    assert framing.parts == [b"abc"]


def test_no_body_after_a_head_request_whatever_the_head_says() -> None:
    for lines in ((b"content-length: 5",), (b"transfer-encoding: chunked",), ()):
        framing = read(head(*lines), bodyless=True)
        assert framing.broken is None
        assert (framing.phase, framing.status, framing.parts, framing.keep) == (WHOLE, 200, [], False)
    framing = read(head(b"content-length: 5") + b"hello", bodyless=True)
    assert (framing.phase, framing.parts, framing.keep) == (WHOLE, [], False)


def test_the_end_of_the_stream() -> None:
    framing = read(head() + b"to the end")
    assert (framing.phase, framing.keep) == (BODY, False)
    framing.feed_end()
    assert (framing.phase, framing.parts, framing.broken) == (WHOLE, [b"to the end"], None)
    for data, fault in (
        (b"", Fault.RESET),
        (b"HTTP/1.1 2", Fault.TRUNCATED),
        (b"HTTP/1.1 100 Continue\r\n\r\n", Fault.TRUNCATED),
        (head(b"content-length: 5") + b"hell", Fault.TRUNCATED),
        (CHUNKED + b"5\r\nhello\r\n", Fault.TRUNCATED),
        (CHUNKED + b"5\r\nhello\r\n0\r\n", Fault.TRUNCATED),
    ):
        framing = read(*([data] if data else []))
        framing.feed_end()
        assert framing.broken is not None
        assert framing.broken[0] is fault
    whole = read(head(b"content-length: 0"))
    whole.feed_end()
    assert whole.broken is None


@pytest.mark.parametrize("extra", [b"x", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b"\0\xff"])
@pytest.mark.parametrize("closing", [False, True])
def test_bytes_after_the_answer_spoil_the_connection_and_not_the_answer(extra: bytes, closing: bool) -> None:
    lines = (b"content-length: 2", b"connection: close") if closing else (b"content-length: 2",)
    framing = read(head(*lines) + b"ok" + extra)
    assert framing.broken is None
    assert (framing.phase, framing.parts, framing.keep) == (WHOLE, [b"ok"], False)


def test_the_limit_of_the_head_is_exact_however_it_is_cut() -> None:
    empty = head(b"a: ", b"content-length: 1")
    fits = head(b"a: " + b"x" * (MAX_HEAD - len(empty)), b"content-length: 1")
    assert len(fits) == MAX_HEAD
    over = fits.replace(b"a: ", b"a: x")
    for step in (MAX_HEAD + 10, 1000, MAX_HEAD - 1, MAX_HEAD):
        framing = read(*[(fits + b"!")[at : at + step] for at in range(0, MAX_HEAD + 1, step)])
        assert (framing.broken, framing.phase, framing.parts) == (None, WHOLE, [b"!"])
        framing = read(*[over[at : at + step] for at in range(0, MAX_HEAD + 1, step)])
        assert framing.broken is not None
        assert framing.broken[0] is Fault.TOO_LARGE
    framing = read(fits.replace(b"content-length: 1", b"content-length: 9") + b"!" * 9)
    assert (framing.broken, framing.phase) == (None, WHOLE)


def test_endless_interim_answers_hit_the_limit_of_the_head() -> None:
    framing = read(*[b"HTTP/1.1 102 Processing\r\n\r\n"] * 4000)
    assert framing.broken is not None
    assert framing.broken[0] is Fault.TOO_LARGE


def test_too_many_headers() -> None:
    lines = [b"a%d: 1" % number for number in range(MAX_HEADERS - 1)]
    assert read(head(*lines, b"content-length: 0")).phase == WHOLE
    framing = read(head(*lines, b"b: 1", b"content-length: 0"))
    assert framing.broken is not None
    assert framing.broken[0] is Fault.TOO_LARGE


@pytest.mark.parametrize("start", [b"1;ext=", b"0\r\nx-trailer: ", b"00000000"])
def test_endless_overhead_in_a_chunked_body(start: bytes) -> None:
    filler = b"0" * 1000 if start == b"00000000" else b"y" * 1000
    framing = read(CHUNKED + start, *[filler] * (MAX_OVERHEAD // 1000 + 2))
    assert framing.broken is not None
    assert framing.broken[0] in (Fault.TOO_LARGE, Fault.GARBAGE)


def test_overhead_is_counted_between_pieces_of_body_only() -> None:
    framing = read(CHUNKED, *[b"1;ext=" + b"y" * 500, b"\r\nx\r\n"] * 300, b"0\r\n\r\n")
    assert framing.broken is None
    assert framing.size == 300


def test_every_answer_has_a_fresh_context() -> None:
    framing = read(head(b"content-length: 1", b"x-first: 1", b"keep-alive: timeout=5") + b"a")
    first = framing.headers
    framing.begin_answer(bodyless=False)
    assert (framing.headers, framing.parts, framing.phase, framing.status) == ([], [], HEAD, 0)
    framing.feed(head(b"content-length: 1") + b"b")
    assert (framing.headers, framing.parts) == ([(b"content-length", b"1")], [b"b"])
    assert (b"x-first", b"1") in first


@settings(max_examples=300)
@given(st.data())
def test_any_cut_reads_the_same(data: st.DataObject) -> None:
    chunks = data.draw(st.lists(st.binary(min_size=1, max_size=40), max_size=6))
    interim = data.draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    whole = interim + CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks) + b"0\r\n\r\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True) if a != b]
    framing = read(*pieces)
    assert (framing.broken, framing.phase, framing.keep) == (None, WHOLE, True)
    assert b"".join(framing.parts) == b"".join(chunks)


@settings(max_examples=500)
@given(
    st.sampled_from([b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n", CHUNKED, head(b"content-length: 9"), head()]),
    st.lists(st.binary(max_size=60) | st.sampled_from([b"\r\n", b":", b"0\r\n\r\n", b"\r\n\r\n", b"5\r\nhello\r\n"]),
             max_size=8),
)  # fmt: skip
def test_random_bytes_never_raise(start: bytes, pieces: list[bytes]) -> None:
    framing = read(*[piece for piece in (start, *pieces) if piece])
    if framing.broken is None:
        framing.feed_end()
    assert framing.phase == WHOLE or framing.broken is not None
    for name, value in framing.headers:
        assert not {13, 10, 0} & {*name, *value}
