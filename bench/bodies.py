"""What travels in the benchmark: varied chat requests of about 1 KB, replies of about 1.5 KB, streams.

Everything is made before the clock starts and is the same on every machine; only a number that makes
each request unique, and the time at which a streamed event was written, are filled in while it runs.
"""

import json
from typing import NamedTuple

MODEL = "gpt-4o-mini"
TEMPLATES = 64
VARIANTS = 32
STREAM_EVENTS = 64
STAMPED_EVENTS = STREAM_EVENTS - 1
"""The last event of a stream carries the finish reason and no content, so it bears no time."""

NONCE_DIGITS = 12
STAMP_DIGITS = 19
_NONCE = "7" * NONCE_DIGITS
STAMP = "8" * STAMP_DIGITS
ARRIVAL = b"6" * STAMP_DIGITS
"""Stands in the first event where the provider writes when the request reached it."""

_WORDS = (
    "ledger invoice river amber quarter margin signal harbour copper lantern audit copy window garden method "
    "sample weather station library orange cabin ticket summary vessel pattern morning engine review customer "
    "answer silver mountain policy token budget draft release market carbon winter velvet compass journey "
    "fabric bridge meadow planet recipe studio tunnel valley yellow zebra anchor basket candle"
).split()


class Template(NamedTuple):
    """A request body around the number that makes it unique."""

    head: bytes
    tail: bytes

    @property
    def length(self) -> int:
        """The length of the whole body."""
        return len(self.head) + NONCE_DIGITS + len(self.tail)


class Event(NamedTuple):
    """One event of a stream as an HTTP chunk, around the time of its writing."""

    head: bytes
    tail: bytes


class Stream(NamedTuple):
    """All that a streamed reply is made of."""

    events: list[Event]
    finish: bytes
    usage: bytes
    prompt_tokens: int
    completion_tokens: int


class Reply(NamedTuple):
    """A plain reply, ready to be written."""

    raw: bytes
    prompt_tokens: int
    completion_tokens: int


def prose(seed: int, size: int) -> str:
    """Returns text of `size` characters that differs for every seed."""
    words: list[str] = []
    length = 0
    step = seed % 23 + 1
    at = seed * 17
    while length < size:
        at += step + len(words) % 5
        word = _WORDS[at % len(_WORDS)]
        words.append(word)
        length += len(word) + 1
    return " ".join(words)[:size]


def _request(seed: int, *, stream: bool) -> dict[str, object]:
    """Returns one request; the shapes differ as callers' requests do."""
    messages: list[dict[str, str]] = [{"role": "system", "content": prose(seed % 4, 180)}]
    if seed % 3 == 0:
        messages.append({"role": "user", "content": prose(seed + 100, 140)})
        messages.append({"role": "assistant", "content": prose(seed + 200, 160)})
        messages.append({"role": "user", "content": f"{_NONCE} {prose(seed + 300, 230)}"})
    else:
        messages.append({"role": "user", "content": f"{_NONCE} {prose(seed + 400, 540 + seed % 7 * 20)}"})
    body: dict[str, object] = {"model": MODEL, "messages": messages, "temperature": round(seed % 10 / 10, 1)}
    body["max_tokens"] = 256 + seed
    if seed % 2:
        body["user"] = f"user-{seed % 16}"
    if stream:
        body["stream"] = True
        if seed % 4 != 1:
            body["stream_options"] = {"include_usage": True}
    return body


def request_templates(*, stream: bool) -> list[Template]:
    """Returns the request bodies, each split around its number."""
    templates: list[Template] = []
    for seed in range(TEMPLATES):
        body = json.dumps(_request(seed, stream=stream), separators=(",", ":")).encode()
        head, _, tail = body.partition(_NONCE.encode())
        templates.append(Template(head, tail))
    return templates


def tokens(seed: int) -> tuple[int, int]:
    return 210 + seed % 40, 230 + seed % 50


def _usage(seed: int) -> dict[str, object]:
    prompt, completion = tokens(seed)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": seed % 3 * 32, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _reply(seed: int) -> Reply:
    message = {"role": "assistant", "content": prose(seed + 500, 960 + seed % 9 * 15), "refusal": None}
    body = json.dumps(
        {
            "id": f"chatcmpl-bench{seed:04d}",
            "object": "chat.completion",
            "created": 1_750_000_000 + seed,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
            "usage": _usage(seed),
            "service_tier": "default",
            "system_fingerprint": f"fp_{seed:08x}",
        },
        separators=(",", ":"),
    ).encode()
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        f"x-request-id: req_{seed:024d}\r\nopenai-processing-ms: {100 + seed}\r\nopenai-version: 2020-10-01\r\n\r\n"
    )
    return Reply(head.encode() + body, *tokens(seed))


def replies() -> list[Reply]:
    """Returns the plain replies."""
    return [_reply(seed) for seed in range(VARIANTS)]


def _data(seed: int, choices: list[object], **more: object) -> bytes:
    chunk: dict[str, object] = {
        "id": f"chatcmpl-bench{seed:04d}",
        "object": "chat.completion.chunk",
        "created": 1_750_000_000 + seed,
        "model": MODEL,
        "system_fingerprint": f"fp_{seed:08x}",
        "choices": choices,
        **more,
    }
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"


def chunked(payload: bytes) -> bytes:
    """Returns the payload as one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def _choice(delta: dict[str, str], finish: str | None) -> list[object]:
    return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]


def word(seed: int, number: int) -> str:
    """Returns the word of an event."""
    return _WORDS[(seed * 5 + number * 3) % len(_WORDS)]


def _event(seed: int, number: int) -> Event:
    delta = {"role": "assistant"} if number == 0 else {}
    arrival = f"^{ARRIVAL.decode()} " if number == 0 else ""
    delta["content"] = f"{arrival}{word(seed, number)} @{STAMP} "
    head, _, tail = chunked(_data(seed, _choice(delta, None))).partition(STAMP.encode())
    return Event(head, tail)


def streams() -> list[Stream]:
    """Returns the streamed replies."""
    made: list[Stream] = []
    for seed in range(VARIANTS):
        events = [_event(seed, number) for number in range(STAMPED_EVENTS)]
        finish = chunked(_data(seed, _choice({}, "stop")))
        usage = chunked(_data(seed, [], usage=_usage(seed)))
        made.append(Stream(events, finish, usage, *tokens(seed)))
    return made


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n"
    b"cache-control: no-cache\r\nopenai-version: 2020-10-01\r\n\r\n"
)
STREAM_END = chunked(b"data: [DONE]\n\n") + b"0\r\n\r\n"
