import asyncio

import pytest

from gatepost_gateway.transport import Fault, TransportError
from gatepost_gateway.transport.tunnel import MAX_ANSWER, Tunnel


class Wire:
    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data


async def ask(*pieces: bytes, lost: bool = False) -> bytes:
    tunnel, wire = Tunnel(asyncio.get_running_loop()), Wire()
    tunnel.connection_made(wire)  # type: ignore[arg-type]
    for piece in pieces:
        tunnel.data_received(piece)
    if lost:
        tunnel.connection_lost(None)
    await tunnel.establish(b"host:443", b"")
    return wire.written


def test_a_granted_tunnel_in_pieces():
    written = asyncio.run(ask(b"HTTP/1.1 200 Conn", b"ection established\r\n\r", b"\n"))
    assert written == b"CONNECT host:443 HTTP/1.1\r\nhost: host:443\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "lost", "words"),
    [
        ((b"HTTP/1.1 407 No\r\n\r\n",), False, "refused the tunnel: 407"),
        ((b"HTTP/1.1 200 OK\r\n\r\nearly",), False, "followed by more"),
        ((b"HTTP/1.1 200 OK\r\n",), True, "cut, too long"),
        ((b"HTTP/1.1 200 OK\r\nx: " + b"y" * MAX_ANSWER,), False, "cut, too long"),
        ((b"SSH-2.0\r\n\r\n",), False, "did not answer in HTTP"),
        ((), True, "did not answer in HTTP"),
    ],
)
def test_anything_else_is_no_tunnel(pieces, lost, words):
    with pytest.raises(TransportError, match=words) as caught:
        asyncio.run(ask(*pieces, lost=lost))
    assert (caught.value.fault, caught.value.sent) == (Fault.CONNECT, False)
