"""The same replies and streams in the formats of other providers: what a call costs that is translated.

The words, their number and their lengths are those of `bodies`; only what stands around them differs.
"""

import json
import zlib
from struct import pack

from bench.bodies import (
    ARRIVAL,
    MODEL,
    STAMP,
    STAMPED_EVENTS,
    STREAM_END,
    STREAM_HEAD,
    VARIANTS,
    Event,
    Reply,
    Stream,
    chunked,
    prose,
    replies,
    streams,
    tokens,
    word,
)

FAMILIES = ("openai", "anthropic", "gemini", "bedrock")
_MARK = STAMP.encode()
_EVENT_STREAM = STREAM_HEAD.replace(b"text/event-stream; charset=utf-8", b"application/vnd.amazon.eventstream")
HEADS = {name: _EVENT_STREAM if name == "bedrock" else STREAM_HEAD for name in FAMILIES}
ENDS = {name: STREAM_END if name == "openai" else b"0\r\n\r\n" for name in FAMILIES}


def family_of(url: bytes) -> str | None:
    """Returns whose path it is; None for a path of nobody."""
    if url.endswith(b"/chat/completions"):
        return "openai"
    if url.endswith(b"/v1/messages"):
        return "anthropic"
    if b"enerateContent" in url:
        return "gemini"
    return "bedrock" if b"/converse" in url else None


def all_replies() -> dict[str, list[Reply]]:
    """Returns the plain replies of every family."""
    others = {name: [_reply(name, seed) for seed in range(VARIANTS)] for name in FAMILIES[1:]}
    return {"openai": replies(), **others}


def all_streams() -> dict[str, list[Stream]]:
    """Returns the streams of every family."""
    others = {name: [_stream(name, seed) for seed in range(VARIANTS)] for name in FAMILIES[1:]}
    return {"openai": streams(), **others}


def _reply(name: str, seed: int) -> Reply:
    text, (prompt, output) = prose(seed + 500, 960 + seed % 9 * 15), tokens(seed)
    body: dict[str, object]
    if name == "anthropic":
        content = [{"type": "text", "text": text}]
        body = {**_message(seed), "content": content, "stop_reason": "end_turn", "usage": _used(prompt, output)}
    elif name == "gemini":
        body = {**_candidate(text, "STOP"), "usageMetadata": _counted(prompt, output)}
    else:
        message = {"message": {"role": "assistant", "content": [{"text": text}]}}
        body = {
            "output": message,
            "stopReason": "end_turn",
            "usage": _billed(prompt, output),
            "metrics": {"latencyMs": 9},
        }
    raw = _json(body)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(raw)
    return Reply(head + raw, prompt, output)


def _stream(name: str, seed: int) -> Stream:
    prompt, output = tokens(seed)
    events = [_event(name, seed, number) for number in range(STAMPED_EVENTS)]
    if name == "anthropic":
        stop = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": output}}
        finish = _sse({"type": "content_block_stop", "index": 0}) + _sse(stop)
        last = _sse({"type": "message_stop"})
    elif name == "gemini":
        finish = _sse({**_candidate("", None)})
        last = _sse({**_candidate("", "STOP"), "usageMetadata": _counted(prompt, output)})
    else:
        finish = frame("contentBlockStop", _json({"contentBlockIndex": 0}))
        finish += frame("messageStop", _json({"stopReason": "end_turn"}))
        last = frame("metadata", _json({"usage": _billed(prompt, output), "metrics": {"latencyMs": 9}}))
    return Stream(events, chunked(finish), chunked(last), prompt, output)


def _event(name: str, seed: int, number: int) -> Event:
    arrival = f"^{ARRIVAL.decode()} " if number == 0 else ""
    text = f"{arrival}{word(seed, number)} @{STAMP} "
    if name == "bedrock":
        # Its checksum covers the time of its writing: the frame is made when it is written.
        head, _, tail = _json({"contentBlockIndex": 0, "delta": {"text": text}}).partition(_MARK)
        return Event(head, tail)
    if name == "anthropic":
        delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        payload = (_anthropic_start(seed) if number == 0 else b"") + _sse(delta)
    else:
        payload = _sse(_candidate(text, None))
    head, _, tail = chunked(payload).partition(_MARK)
    return Event(head, tail)


def framed(head: bytes, stamp: bytes, tail: bytes) -> bytes:
    """Returns a Bedrock event as an HTTP chunk."""
    return chunked(frame("contentBlockDelta", head + stamp + tail))


def frame(kind: str, payload: bytes) -> bytes:
    """Returns an AWS event-stream message."""
    headers = _header(":event-type", kind) + _header(":content-type", "application/json")
    headers += _header(":message-type", "event")
    prelude = pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    return bytes((len(name),)) + name.encode() + b"\x07" + pack(">H", len(value)) + value.encode()


def _anthropic_start(seed: int) -> bytes:
    prompt, _ = tokens(seed)
    message = {**_message(seed), "content": [], "stop_reason": None, "usage": _used(prompt, 1)}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    return _sse({"type": "message_start", "message": message}) + _sse(block)


def _message(seed: int) -> dict[str, object]:
    return {"id": f"msg_bench{seed:04d}", "type": "message", "role": "assistant", "model": MODEL, "stop_sequence": None}


def _used(prompt: int, output: int) -> dict[str, int]:
    return {"input_tokens": prompt, "output_tokens": output, "cache_read_input_tokens": 0}


def _counted(prompt: int, output: int) -> dict[str, int]:
    return {"promptTokenCount": prompt, "candidatesTokenCount": output, "totalTokenCount": prompt + output}


def _billed(prompt: int, output: int) -> dict[str, int]:
    return {"inputTokens": prompt, "outputTokens": output, "totalTokens": prompt + output}


def _candidate(text: str, finish: str | None) -> dict[str, object]:
    candidate: dict[str, object] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": MODEL, "responseId": "bench"}


def _json(said: object) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode()


def _sse(said: dict[str, object]) -> bytes:
    name = f"event: {said['type']}\n".encode() if "type" in said else b""
    return name + b"data: " + _json(said) + b"\n\n"
