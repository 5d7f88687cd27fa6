"""What can go wrong on the wire, as one typed error."""

from enum import StrEnum


class Fault(StrEnum):
    """Documented one by one; never renamed."""

    REFUSED = "refused"
    """Not allowed out: the address is one that egress forbids, or the request cannot be put on the wire safely."""
    RESOLVE = "resolve"
    """The host name has no address."""
    CONNECT = "connect"
    """No address took the connection, or the proxy refused the tunnel."""
    TLS = "tls"
    """The peer did not prove who it is, or the handshake failed."""
    CONNECT_TIMEOUT = "connect_timeout"
    FIRST_BYTE_TIMEOUT = "first_byte_timeout"
    IDLE_TIMEOUT = "idle_timeout"
    """The answer began and then nothing came for too long."""
    TOTAL_TIMEOUT = "total_timeout"
    RESET = "reset"
    """The peer closed before any byte of an answer, or reset the connection at any time."""
    TRUNCATED = "truncated"
    """The peer closed in the middle of an answer."""
    GARBAGE = "garbage"
    """What came is not HTTP/1.1, or frames its body in two ways."""
    TOO_LARGE = "too_large"
    """The head is over its limits, or the body over the caller's."""


class TransportError(Exception):
    """A call that failed. `sent`: whether any byte of the request may have reached the peer."""

    def __init__(self, fault: Fault, reason: str, *, sent: bool) -> None:
        super().__init__(f"{fault.value}: {reason}")
        self.fault = fault
        self.reason = reason
        self.sent = sent
