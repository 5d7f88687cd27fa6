"""Distributed traces: what a caller says of its own (W3C Trace Context), and what ours is called in them.

A call's span has the last eight bytes of its step's id, and stands in the caller's trace, or else in one that is called
like our own. Both follow from the record, so that whoever exports it again says the same.
"""

import re

from msgspec import Struct

_PARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_KEY = r"[a-z0-9][_0-9a-z\-*/]{0,240}(?:@[a-z][_0-9a-z\-*/]{0,13})?"
_MEMBER = re.compile(_KEY + r"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")
MOST_MEMBERS = 32
LONGEST_STATE = 512
SAMPLED = 0x01


class TraceParent(Struct, frozen=True):
    """A span of somebody else's that a call belongs to; ids in hexadecimal."""

    trace_id: str
    span_id: str
    flags: int = SAMPLED

    @property
    def sampled(self) -> bool:
        return bool(self.flags & SAMPLED)

    def header(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


def read_parent(value: bytes) -> TraceParent | None:
    """`traceparent`, strictly; None for what is none: it is then as if it had not been sent."""
    found = _PARENT.fullmatch(value)
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == b"ff" or (version == b"00" and more is not None):
        return None
    if not trace_id.strip(b"0") or not span_id.strip(b"0"):
        return None
    return TraceParent(trace_id.decode(), span_id.decode(), int(flags, 16) & SAMPLED)


def read_state(value: bytes) -> str | None:
    """`tracestate` with its empty members left out; None where it is malformed, or longer than must be carried."""
    if len(value) > LONGEST_STATE or not value.isascii():
        return None
    members = [one for part in value.decode().split(",") if (one := part.strip(" \t"))]
    names = {one.partition("=")[0] for one in members}
    whole = all(_MEMBER.fullmatch(one) for one in members)
    return ",".join(members) if members and whole and len(names) == len(members) <= MOST_MEMBERS else None


def span_of(step_id: str) -> str:
    """The span id of a step: the random end of its UUID, whose variant bits are never all zero."""
    return step_id.replace("-", "")[-16:]


def trace_of(trace_id: str) -> str:
    """A trace of ours as others count it."""
    return trace_id.replace("-", "")


def child_of(traceparent: str | None, trace_id: str, step_id: str) -> str:
    """The `traceparent` by which what a step asks for becomes its child."""
    parent = read_parent(traceparent.encode()) if traceparent is not None else None
    flags = parent.flags if parent is not None else SAMPLED
    return TraceParent(parent.trace_id if parent is not None else trace_of(trace_id), span_of(step_id), flags).header()
