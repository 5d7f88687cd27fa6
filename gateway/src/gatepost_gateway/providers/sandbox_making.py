"""What the sandbox makes beside text: vectors out of the letters of a text, and pictures of one colour.

Both are made of a hash: the same words give the same answer, and like words give nothing alike.
"""

import hashlib
import math
import struct
import zlib
from base64 import b64encode
from typing import Any, cast

import msgspec

USUAL_DIMENSIONS = 256
MOST_DIMENSIONS = 4096
MOST_VECTORS = 2048
MOST_PICTURES = 10
_SIDE = 8
"""Pixels of a picture's side, whatever was asked for."""
_FULL = 2**31


def embeddings(body: dict[str, Any]) -> bytes:
    """The answer to an embeddings request in OpenAI's format. A token of the sandbox is a word."""
    inputs = _inputs(body.get("input"))[:MOST_VECTORS]
    dimensions = min(int(body.get("dimensions") or USUAL_DIMENSIONS), MOST_DIMENSIONS)
    packed = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _vector(one, dimensions, packed=packed)}
        for index, one in enumerate(inputs)
    ]
    count = sum(len(one.split()) for one in inputs)
    usage = {"prompt_tokens": count, "total_tokens": count}
    return msgspec.json.encode({"object": "list", "data": data, "model": str(body.get("model", "")), "usage": usage})


def first_text(body: dict[str, Any]) -> str:
    """What a request says first: its orders stand there."""
    prompt = body.get("prompt")
    if isinstance(prompt, str):
        return prompt
    return next(iter(_inputs(body.get("input"))), "")


def _inputs(said: Any) -> list[str]:
    if isinstance(said, str):
        return [said]
    listed = cast("list[Any]", said) if isinstance(said, list) else []
    if listed and all(isinstance(one, int) for one in listed):
        return [" ".join(str(one) for one in listed)]
    return [one if isinstance(one, str) else msgspec.json.encode(one).decode() for one in listed]


def _vector(text: str, dimensions: int, *, packed: bool) -> list[float] | str:
    drawn = struct.unpack(f"<{dimensions}i", hashlib.shake_256(text.encode("utf-8", "replace")).digest(4 * dimensions))
    length = math.sqrt(sum((one / _FULL) ** 2 for one in drawn)) or 1.0
    values = [round(one / _FULL / length, 8) for one in drawn]
    return b64encode(struct.pack(f"<{dimensions}f", *values)).decode() if packed else values


def images(body: dict[str, Any]) -> bytes:
    """The answer to an image request in OpenAI's format: small pictures of one colour."""
    prompt = str(body.get("prompt", ""))
    count = min(int(body.get("n") or 1), MOST_PICTURES)
    drawn = [
        b64encode(_png(hashlib.sha256(f"{number} {prompt}".encode()).digest()[:3])).decode() for number in range(count)
    ]
    as_url = body.get("response_format") == "url"
    data = [{"url": f"data:image/png;base64,{one}"} if as_url else {"b64_json": one} for one in drawn]
    return msgspec.json.encode({"created": 0, "data": data})


def _png(colour: bytes) -> bytes:
    """A square PNG (RFC 2083) of one colour, three bytes."""
    rows = (b"\0" + colour * _SIDE) * _SIDE
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
