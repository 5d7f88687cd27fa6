"""Random cuts and random bytes over real sockets: the same answer or a typed error, never a hang or anything else."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatepost_gateway.transport import Fault, Timeouts, TransportError

from .peers import LOOPS, Peer, client, post, run, serving

LIMITS = Timeouts(connect=1, first_byte=0.3, idle=0.3, total=2)
settings.register_profile("sockets", deadline=None, suppress_health_check=[HealthCheck.too_slow])
SOCKETS = settings.get_profile("sockets")


async def exchange(pieces: list[bytes]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    async def handler(peer: Peer) -> None:
        await peer.request()
        for piece in pieces:
            await peer.send(piece)
            # The writes go out one by one where the loop allows it.
            await peer.writer.drain()
        peer.end()
        await peer.gone()

    async with serving(handler) as server, client() as made:
        answer = await post(made, server.origin, LIMITS)
        body = bytearray()
        while data := await answer.read():
            body += data
        return answer.status, answer.headers, bytes(body)


def bodies() -> st.SearchStrategy[tuple[bytes, bytes]]:
    """(framing and body as on the wire, the body)."""

    def chunked(chunks: list[bytes]) -> tuple[bytes, bytes]:
        wire = b"".join(b"%X\r\n%b\r\n" % (len(one), one) for one in chunks)
        return b"transfer-encoding: chunked\r\n\r\n" + wire + b"0\r\n\r\n", b"".join(chunks)

    def counted(body: bytes) -> tuple[bytes, bytes]:
        return b"content-length: %d\r\n\r\n%b" % (len(body), body), body

    def to_the_end(body: bytes) -> tuple[bytes, bytes]:
        return b"\r\n" + body, body

    return st.one_of(
        st.lists(st.binary(min_size=1, max_size=50), max_size=5).map(chunked),
        st.binary(max_size=200).map(counted),
        st.binary(max_size=200).map(to_the_end),
    )


NAMES = st.text("abcdefXYZ-_09", min_size=1, max_size=8).map(lambda text: b"x-" + text.encode())
VALUES = st.text('abc xyz,;="/äé\t', max_size=12).map(lambda text: text.strip().encode())


@pytest.mark.parametrize("loop", list(LOOPS))
@settings(SOCKETS, max_examples=60)
@given(st.integers(200, 599), st.lists(st.tuples(NAMES, VALUES), max_size=4), bodies(), st.data())
def test_any_cut_gives_the_same_answer(
    loop: str, status: int, headers: list[tuple[bytes, bytes]], body: tuple[bytes, bytes], data: Any
) -> None:
    if status in (204, 304):
        body = (b"\r\n", b"")
    head = b"HTTP/1.1 %d X\r\n" % status + b"".join(b"%b: %b\r\n" % pair for pair in headers)
    wire = head + body[0]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=6)))
    pieces = [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True) if a != b]
    got = run(LOOPS[loop], exchange(pieces))
    assert (got[0], got[2]) == (status, body[1])
    assert got[1][: len(headers)] == [(name.lower(), value) for name, value in headers]


@pytest.mark.parametrize("loop", list(LOOPS))
@settings(SOCKETS, max_examples=80)
@given(
    st.sampled_from([
        b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n",
    ]),
    st.lists(st.binary(min_size=1, max_size=60), max_size=5),
)  # fmt: skip
def test_random_bytes_end_in_a_typed_error_or_a_plain_answer(loop: str, start: bytes, pieces: list[bytes]) -> None:
    wire = [piece for piece in (start, *pieces) if piece]
    try:
        status, _, _ = run(LOOPS[loop], exchange(wire), 5)
    except TransportError as error:
        typed = error.sent and error.fault in Fault
        assert typed
    else:
        assert 200 <= status < 600
