import socket
import sys

import pytest

from gatepost_gateway.transport.evidence import unacknowledged


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what was acknowledged")
def test_what_a_closed_peer_never_acknowledged_is_still_counted() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    ours.sendall(b"x" * 100)
    assert len(theirs.recv(100)) == 100
    assert unacknowledged(ours) == 0
    theirs.close()
    ours.sendall(b"x" * 70)
    assert unacknowledged(ours) == 70
    assert ours.recv(1) == b""
    assert unacknowledged(ours) == 70
    ours.close()
    assert unacknowledged(ours) == 0
    listener.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what was acknowledged")
def test_what_arrived_counts_as_acknowledged_though_nobody_read_it() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    ours = socket.create_connection(listener.getsockname())
    theirs, _ = listener.accept()
    ours.sendall(b"x" * 100)
    theirs.shutdown(socket.SHUT_WR)
    assert ours.recv(1) == b""
    assert unacknowledged(ours) == 0
    for one in (ours, theirs, listener):
        one.close()
