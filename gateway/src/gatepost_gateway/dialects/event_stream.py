"""AWS event-stream frames, both directions: bytes in, whole frames out, whatever the chunks.

Source: AWS, "Amazon event stream specification" (Smithy 2.0): a prelude of total length and headers length with its
CRC32, headers, payload, and a CRC32 of all that came before; big-endian throughout; at most 24 MiB a message, 128 KiB
of headers.
"""

import struct
import zlib
from enum import IntEnum, StrEnum

from msgspec import Struct

MAX_FRAME = 24 * 1024 * 1024
MAX_HEADERS = 128 * 1024
_PRELUDE = struct.Struct(">III")
_WORD = struct.Struct(">I")
_OVERHEAD = _PRELUDE.size + _WORD.size


class Kind(IntEnum):
    """The type of a header's value, as it stands on the wire."""

    TRUE = 0
    FALSE = 1
    BYTE = 2
    SHORT = 3
    INT = 4
    LONG = 5
    BYTES = 6
    STRING = 7
    TIMESTAMP = 8
    UUID = 9


_NUMBERS = {
    Kind.BYTE: struct.Struct(">b"),
    Kind.SHORT: struct.Struct(">h"),
    Kind.INT: struct.Struct(">i"),
    Kind.LONG: struct.Struct(">q"),
    Kind.TIMESTAMP: struct.Struct(">q"),
}
_LENGTH = struct.Struct(">H")


class Flaw(StrEnum):
    """What is wrong with a frame."""

    LENGTH = "length"
    PRELUDE_CHECKSUM = "prelude checksum"
    MESSAGE_CHECKSUM = "message checksum"
    HEADER = "header"


class BadFrame(ValueError):
    """The bytes are not an event stream. What follows them cannot be read either: the frames have no other mark."""

    def __init__(self, flaw: Flaw, words: str) -> None:
        super().__init__(f"event stream: {words}")
        self.flaw = flaw


class Header(Struct, frozen=True):
    """`value`: bool for TRUE and FALSE, an int for numbers (a timestamp in milliseconds), bytes or text otherwise."""

    name: str
    kind: Kind
    value: bool | int | bytes | str


class Frame(Struct, frozen=True):
    """One message."""

    headers: tuple[Header, ...]
    payload: bytes

    def text(self, name: str) -> str | None:
        """The string header `name`; None when there is none."""
        for header in self.headers:
            if header.name == name and isinstance(header.value, str):
                return header.value
        return None


def text_header(name: str, value: str) -> Header:
    return Header(name, Kind.STRING, value)


class FrameReader:
    """Cuts a byte stream into frames."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes. Raises BadFrame; the reader is of no use after that."""
        rest = self._rest
        rest += data
        frames: list[Frame] = []
        at = 0
        while len(rest) - at >= _PRELUDE.size:
            total, headers = _prelude(rest, at)
            if len(rest) - at < total:
                break
            frames.append(_frame(bytes(rest[at : at + total]), headers))
            at += total
        del rest[:at]
        return frames

    @property
    def rest(self) -> bytes:
        """What has come and is not yet a frame."""
        return bytes(self._rest)


def _prelude(data: bytearray, at: int) -> tuple[int, int]:
    """(total length, headers length): trusted only when their checksum is right, else a flipped bit would hang us."""
    total, headers, checksum = _PRELUDE.unpack_from(data, at)
    if zlib.crc32(data[at : at + 8]) != checksum:
        raise BadFrame(Flaw.PRELUDE_CHECKSUM, "the prelude's checksum does not match")
    if not _OVERHEAD <= total <= MAX_FRAME or headers > min(MAX_HEADERS, total - _OVERHEAD):
        raise BadFrame(Flaw.LENGTH, f"a frame of {total} bytes with {headers} bytes of headers")
    return total, headers


def _frame(data: bytes, headers: int) -> Frame:
    if zlib.crc32(data[:-4]) != _WORD.unpack_from(data, len(data) - 4)[0]:
        raise BadFrame(Flaw.MESSAGE_CHECKSUM, "a message's checksum does not match")
    end = _PRELUDE.size + headers
    return Frame(_headers(data[_PRELUDE.size : end]), data[end:-4])


def _headers(data: bytes) -> tuple[Header, ...]:
    found: list[Header] = []
    at = 0
    try:
        while at < len(data):
            header, at = _header(data, at)
            found.append(header)
    except (struct.error, IndexError, UnicodeDecodeError, ValueError) as error:
        raise BadFrame(Flaw.HEADER, f"a header cannot be read: {error}") from None
    return tuple(found)


def _header(data: bytes, at: int) -> tuple[Header, int]:
    """(a header, where the next one begins). Raises ValueError, IndexError or struct.error when it is not one."""
    length = data[at]
    if not length:
        msg = "it has no name"
        raise ValueError(msg)
    name, at = _piece(data, at + 1, length)
    kind = Kind(data[at])
    value, at = _value(kind, data, at + 1)
    return Header(name.decode(), kind, value), at


def _value(kind: Kind, data: bytes, at: int) -> tuple[bool | int | bytes | str, int]:
    if kind in (Kind.TRUE, Kind.FALSE):
        return kind is Kind.TRUE, at
    if (number := _NUMBERS.get(kind)) is not None:
        return number.unpack_from(data, at)[0], at + number.size
    if kind is Kind.UUID:
        return _piece(data, at, 16)
    raw, after = _piece(data, at + 2, _LENGTH.unpack_from(data, at)[0])
    return (raw.decode() if kind is Kind.STRING else raw), after


def _piece(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    piece = data[at : at + length]
    if len(piece) != length:
        msg = "it is cut off"
        raise ValueError(msg)
    return piece, at + length


def write_frame(frame: Frame) -> bytes:
    """The frame as bytes. Raises ValueError when a header does not fit its type."""
    try:
        headers = b"".join(_header_bytes(header) for header in frame.headers)
    except (struct.error, TypeError, AttributeError) as error:
        msg = f"a header cannot be written: {error}"
        raise ValueError(msg) from None
    total = _OVERHEAD + len(headers) + len(frame.payload)
    if total > MAX_FRAME or len(headers) > MAX_HEADERS:
        raise BadFrame(Flaw.LENGTH, f"a frame of {total} bytes with {len(headers)} bytes of headers")
    lengths = struct.pack(">II", total, len(headers))
    message = lengths + _WORD.pack(zlib.crc32(lengths)) + headers + frame.payload
    return message + _WORD.pack(zlib.crc32(message))


def _header_bytes(header: Header) -> bytes:
    name, value = header.name.encode(), header.value
    head = struct.pack(">B", len(name)) + name + bytes([header.kind])
    if header.kind in (Kind.TRUE, Kind.FALSE):
        return head
    if (number := _NUMBERS.get(header.kind)) is not None:
        return head + number.pack(value)
    raw = value.encode() if isinstance(value, str) else bytes(memoryview(value))  # pyright: ignore[reportArgumentType]
    if header.kind is Kind.UUID:
        return head + struct.pack(">16s", raw)
    return head + _LENGTH.pack(len(raw)) + raw
