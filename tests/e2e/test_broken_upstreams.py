"""Upstreams that are slow, dead or wrong end in a typed error within their timeout; callers that leave are noticed."""

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from e2e.running import Gateway, free_port, until
from e2e.upstream import DONE, Seen, Upstream, Wire, chunk, completion, say, standing_by, usage_chunk

WAIT = 0.4
TOTAL = 1.2
SPARE = 2.0
"""Seconds that a busy machine may add to a timeout."""
Case = Callable[[Seen, Wire], Any]
BODY = json.dumps(completion("x" * 400)).encode()


async def _silent(seen: Seen, wire: Wire) -> None:
    await asyncio.sleep(30)


async def _closes(seen: Seen, wire: Wire) -> None:
    wire.cut()


async def _resets(seen: Seen, wire: Wire) -> None:
    wire.reset()


async def _garbage(seen: Seen, wire: Wire) -> None:
    await wire.raw(b"\x16\x03\x01 this is not HTTP\r\n\r\n" * 5)
    wire.cut()


async def _page(seen: Seen, wire: Wire) -> None:
    await wire.plain(b"<html><body>It works!</body></html>", headers=[("content-type", "text/html")])


async def _short_length(seen: Seen, wire: Wire) -> None:
    """Says fewer bytes than it sends."""
    await wire.head(200, [("content-type", "application/json"), ("content-length", str(len(BODY) // 2))])
    await wire.raw(BODY)
    wire.cut()


async def _long_length(seen: Seen, wire: Wire) -> None:
    """Says more bytes than it sends."""
    await wire.head(200, [("content-type", "application/json"), ("content-length", str(len(BODY) + 100))])
    await wire.raw(BODY)
    wire.cut()


async def _two_lengths(seen: Seen, wire: Wire) -> None:
    await wire.head(200, [("content-length", str(len(BODY))), ("transfer-encoding", "chunked")])
    await wire.raw(BODY)
    wire.cut()


async def _bad_chunk(seen: Seen, wire: Wire) -> None:
    await wire.begin()
    await wire.raw(b"not-a-size\r\n")
    await wire.raw(BODY)
    wire.cut()


async def _endless_head(seen: Seen, wire: Wire) -> None:
    await wire.raw(b"HTTP/1.1 200 OK\r\n")
    for number in range(100_000):
        await wire.raw(b"x-more-%d: %b\r\n" % (number, b"y" * 200))


async def _slow_head(seen: Seen, wire: Wire) -> None:
    await wire.raw(b"HTTP/1.1 200 OK\r\n")
    for number in range(1_000):
        await wire.raw(b"x-%d: y\r\n" % number)
        await asyncio.sleep(0.05)


async def _moved(seen: Seen, wire: Wire) -> None:
    await wire.plain(b"", 302, [("location", "http://127.0.0.1:1/elsewhere")])


async def _half_then_silent(seen: Seen, wire: Wire) -> None:
    await _half(seen, wire)
    await asyncio.sleep(30)


async def _half_then_closes(seen: Seen, wire: Wire) -> None:
    await _half(seen, wire)
    wire.cut()


async def _half_then_resets(seen: Seen, wire: Wire) -> None:
    await _half(seen, wire)
    await asyncio.sleep(0.1)
    wire.reset()


async def _half(seen: Seen, wire: Wire) -> None:
    """The first half of a good answer."""
    if seen.json.get("stream"):
        await wire.begin()
        await wire.chunk(chunk("Hel"))
        await wire.chunk(chunk("lo"))
        await asyncio.sleep(0.05)
    else:
        await wire.begin(headers=[("content-type", "application/json")])
        await wire.chunk(BODY[:200])


async def _never_ends(seen: Seen, wire: Wire) -> None:
    """Always a little more, never long silent."""
    await _half(seen, wire)
    while True:
        await asyncio.sleep(0.05)
        await wire.chunk(chunk(".") if seen.json.get("stream") else b" ")


async def _event_of_nothing(seen: Seen, wire: Wire) -> None:
    await _half(seen, wire)
    await wire.chunk(b"data: {broken\n\n" if seen.json.get("stream") else b"{broken")
    await wire.chunk(DONE)
    await wire.end()


async def _ends_early(seen: Seen, wire: Wire) -> None:
    """HTTP ends well, the answer does not."""
    await _half(seen, wire)
    await wire.end()


async def _reports(seen: Seen, wire: Wire) -> None:
    """The provider says itself that it failed."""
    if not seen.json.get("stream"):
        await wire.plain({"error": {"message": "the model is on fire", "type": "server_error"}}, 500)
        return
    await wire.begin()
    await wire.chunk(chunk("Hel"))
    await asyncio.sleep(0.05)
    await wire.chunk(b'data: {"error": {"message": "the model is on fire", "type": "server_error"}}\n\n')
    await wire.chunk(DONE)
    await wire.end()


FALLS_SILENT = ("upstream_timeout",)
STOPS = ("upstream_truncated",)
NO_CONNECTION = ("upstream_unreachable",)
NONSENSE = ("upstream_garbage",)
CASES: dict[str, tuple[Case, tuple[str, ...]]] = {
    "silent": (_silent, FALLS_SILENT),
    "slow-head": (_slow_head, (*FALLS_SILENT, *NONSENSE)),
    "closes": (_closes, NO_CONNECTION),
    "resets": (_resets, NO_CONNECTION),
    "garbage": (_garbage, NONSENSE),
    "page": (_page, (*NONSENSE, *STOPS)),
    "short-length": (_short_length, (*NONSENSE, *STOPS)),
    "long-length": (_long_length, STOPS),
    "two-lengths": (_two_lengths, NONSENSE),
    "bad-chunk": (_bad_chunk, NONSENSE),
    "endless-head": (_endless_head, NONSENSE),
    "moved": (_moved, ("upstream_failed",)),
    "half-then-silent": (_half_then_silent, FALLS_SILENT),
    "half-then-closes": (_half_then_closes, STOPS),
    "half-then-resets": (_half_then_resets, (*STOPS, *NO_CONNECTION)),
    "never-ends": (_never_ends, FALLS_SILENT),
    "event-of-nothing": (_event_of_nothing, NONSENSE),
    "ends-early": (_ends_early, (*STOPS, *NONSENSE)),
    "reports": (_reports, ("upstream_failed", "upstream_garbage")),
}
AFTER_WORDS = frozenset(
    {"half-then-silent", "half-then-closes", "half-then-resets", "never-ends", "event-of-nothing", "ends-early",
     "reports"}
)  # fmt: skip
"""Cases whose stream breaks when the caller has already heard something."""


async def _stands(seen: Seen, wire: Wire) -> None:
    """Good answers at `/good`, one that waits at `/waits`, one that begins and waits at `/begins`."""
    name = seen.target.split("/")[1]
    if name == "good":
        await say(seen, wire)
    elif name == "waits":
        await asyncio.sleep(30)
    elif name == "begins":
        await _half_then_silent(seen, wire)
    elif name == "talks":
        await wire.begin()
        for _ in range(2_000):
            await wire.chunk(chunk("word "))
            await asyncio.sleep(0.01)
        await wire.chunk(usage_chunk())
    else:
        await CASES[name][0](seen, wire)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(_stands) as one:
        yield one


def _model(name: str, url: str) -> dict[str, Any]:
    return {
        "id": name, "identifier": name, "provider": "openai", "base_url": url, "max_output": 1000,
        "input_cost_per_1k": 0.01, "output_cost_per_1k": 0.02,
    }  # fmt: skip


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, gateways: Callable[..., Gateway]) -> Iterator[Gateway]:
    names = [*CASES, "good", "waits", "begins", "talks"]
    with standing_by() as busy:
        models = [_model(name, f"{upstream.url}/{name}") for name in names]
        models += [_model("dead", f"http://127.0.0.1:{free_port()}"), _model("full", busy)]
        timeouts = {"connect": WAIT, "first_byte": WAIT, "idle": WAIT, "total": TOTAL}
        patient = {
            "server": {"timeouts": timeouts},
            "retries": {"attempts": 1},
            "models": models,
            "projects": [{"id": "default", "budgets": {"daily_usd": 100}}],
        }
        yield gateways(json.dumps(patient))


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("case", [*CASES, "dead", "full"])
def test_a_broken_upstream_gives_a_typed_error_in_time(gateway: Gateway, case: str, stream: bool) -> None:
    codes = CASES[case][1] if case in CASES else ("upstream_timeout",) if case == "full" else NO_CONNECTION
    began = time.monotonic()
    answer = gateway.chat(case, stream=stream)
    took = time.monotonic() - began
    assert took < (TOTAL if case == "never-ends" else 2 * WAIT) + SPARE
    if stream and case in AFTER_WORDS:
        assert answer.status_code == 200
        error = _broken_off(answer.text)
    else:
        assert answer.status_code in (502, 503, 504)
        error = answer.json()["error"]
    assert error["code"] in codes
    assert error["message"]
    assert error["request_id"] == answer.headers["x-request-id"]
    assert gateway.runtime_key not in answer.text
    step = gateway.step(answer)
    assert (step["outcome"], step["error"]) == ("failed", error["code"])
    assert step["attempts"][0]["error"] == error["code"] or case in AFTER_WORDS
    assert gateway.get("/health")["open_holds"] == 0


def _broken_off(text: str) -> dict[str, Any]:
    """The error that ends a stream. A clean end has none."""
    events = [event.removeprefix("data: ") for event in text.split("\n\n") if event.startswith("data: ")]
    assert '"content"' in events[0]
    errors = [json.loads(event)["error"] for event in events if event != "[DONE]" and '"error"' in event]
    assert errors, text
    return errors[-1]


def test_what_broke_does_not_hurt_the_next_call(gateway: Gateway) -> None:
    for stream in (False, True):
        answer = gateway.chat("good", stream=stream)
        assert answer.status_code == 200
        assert gateway.step(answer)["outcome"] == "answered"


def _request(gateway: Gateway, model: str, stream: bool, mark: str) -> bytes:
    body = json.dumps(
        {"model": model, "stream": stream, "messages": [{"role": "user", "content": "Are you there?"}]}
    ).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {gateway.runtime_key}\r\n"
        f"content-type: application/json\r\nx-gatepost-property-mark: {mark}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@pytest.mark.parametrize(
    ("model", "stream", "heard"),
    [
        ("waits", False, b""),
        ("waits", True, b""),
        ("begins", False, b""),
        ("begins", True, b"Hel"),
        ("talks", True, b"word"),
    ],
)
def test_a_caller_that_leaves(gateway: Gateway, upstream: Upstream, model: str, stream: bool, heard: bytes) -> None:
    delays = []
    for attempt in range(3):
        mark = f"{model}-{stream}-{attempt}"
        before = len(upstream.seen)
        with socket.create_connection(("127.0.0.1", gateway.port)) as sock:
            sock.sendall(_request(gateway, model, stream, mark))
            seen = until(lambda before=before: upstream.seen[before:])[0]
            got = b""
            while heard not in got:
                got += sock.recv(65536)
            if not heard:
                time.sleep(0.05)
            left = time.monotonic()
        delays.append(until(lambda seen=seen: seen.closed_at) - left)
        _assert_abandoned(gateway, mark)
    assert min(delays) < 0.1, delays
    assert gateway.get("/health")["open_holds"] == 0


def _assert_abandoned(gateway: Gateway, mark: str) -> None:
    """Its record says so, and what it held is settled at an estimate that is marked."""
    rows = until(lambda: gateway.get(f"/api/v1/traces?property=mark:{mark}")["items"])
    (step,) = gateway.trace(rows[0]["id"])["steps"]
    assert step["outcome"] == "abandoned"
    assert step["estimated"] is True
    assert step["usage"]["exact"] is False
    assert 0 < float(step["cost"]) <= float(step["held"])
    assert len(step["attempts"]) == 1
