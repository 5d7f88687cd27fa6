"""The whole data plane through its ASGI door, without a socket."""

import asyncio
import json

import msgspec
import pytest

from gatepost_gateway.app.dataplane import Beginning, Bounds, DataPlane, Foundation
from gatepost_gateway.domain.clock import DAY_MICROS, SystemClock, day
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.governance import Claim
from gatepost_gateway.domain.limits import RateLimits, Reach, Scope, ScopedRates
from gatepost_gateway.domain.records import BreakerTurned
from gatepost_gateway.domain.routing import BreakerRules
from gatepost_gateway.domain.snapshot import SnapshotDocument
from gatepost_gateway.edge.http import BodyLimits

from ..pipeline.fakes import KEY, KeptRecorder, NoArchive, PlainVault, chat, entry, snapshot_of


class Away:
    async def forward(self, method, path, query, headers, body):
        return 200, [(b"content-type", b"application/json")], json.dumps([method, path, len(body)]).encode()


def plane_of(*models, clock=None, **more) -> tuple[DataPlane, KeptRecorder]:
    recorder = KeptRecorder()
    base = Foundation(recorder, PlainVault(), NoArchive(), Away(), clock or SystemClock())
    begin = Beginning(snapshot_of(*models, **more).document, {}, [], b"secret")
    bounds = Bounds(BodyLimits(bytes=2000), trusted_proxies=["10.0.0.0/8"])
    return DataPlane(base, begin, bounds, lambda: {"journal": "ok", "control": "ok"}), recorder


async def ask(
    plane: DataPlane, method: str, path: str, body: bytes = b"", key: str | None = KEY, client=None, headers=()
):
    headers = [*headers, *([(b"authorization", f"Bearer {key}".encode())] if key else [])]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers, "client": client}
    given = [{"type": "http.request", "body": body, "more_body": False}]
    sent = []

    async def receive():
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    await plane.edge(scope, receive, send)
    page = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), page


def asking(plane: DataPlane, *args, **more):
    return asyncio.run(ask(plane, *args, **more))


def body(**more) -> bytes:
    return msgspec.json.encode(chat(model="sandbox/echo", **more))


def test_a_call_comes_through_the_door_and_leaves_its_record():
    plane, recorder = plane_of()
    status, headers, page = asking(plane, "POST", "/v1/chat/completions", body())
    assert status == 200
    assert json.loads(page)["choices"][0]["message"]["content"] == "hello"
    assert headers[b"x-gatepost-trace-id"].decode() == recorder.closed[0].trace_id


def test_a_stream_comes_whole():
    plane, _ = plane_of()
    status, headers, page = asking(plane, "POST", "/v1/chat/completions", body(stream=True))
    assert (status, headers[b"content-type"]) == (200, b"text/event-stream; charset=utf-8")
    assert page.endswith(b"data: [DONE]\n\n")


def test_a_broken_stream_ends_with_an_error_and_the_end_mark():
    plane, recorder = plane_of()
    _, _, page = asking(
        plane,
        "POST",
        "/v1/chat/completions",
        msgspec.json.encode(chat("/cut\nsome words", model="sandbox/echo", stream=True)),
    )
    last = page.removesuffix(b"data: [DONE]\n\n").rsplit(b"data: ", 1)[1]
    assert json.loads(last)["error"]["code"] == "upstream_truncated"
    assert recorder.closed[0].error == "upstream_truncated"


@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/traces", "/openapi.json", "/api/v1/versions"])
def test_admin_pages_are_answered_elsewhere(path):
    plane, _ = plane_of()
    assert json.loads(asking(plane, "GET", path)[2]) == ["GET", path, 0]


def test_a_body_over_the_limit_is_refused():
    plane, _ = plane_of()
    status, headers, page = asking(plane, "POST", "/v1/chat/completions", b"x" * 2001)
    assert (status, json.loads(page)["error"]["code"]) == (413, "body_too_large")
    assert b"x-request-id" in headers


def test_a_new_snapshot_serves_the_next_call_and_an_older_one_is_ignored():
    plane, _ = plane_of()
    newer = msgspec.structs.replace(snapshot_of(entry("new")).document, version=8)
    asyncio.run(plane.publish(newer))
    assert json.loads(asking(plane, "GET", "/v1/models")[2])["data"][0]["id"] == "new"
    asyncio.run(plane.publish(SnapshotDocument(version=3, identity_seq=0)))
    assert plane.snapshot().version == 8


def test_a_draining_gateway_is_not_ready():
    plane, _ = plane_of()
    assert asking(plane, "GET", "/health/ready", key=None)[0] == 200
    plane.draining = True
    assert asking(plane, "GET", "/health/ready", key=None)[0] == 503
    assert json.loads(asking(plane, "GET", "/health", key=None)[2])["status"] == "unhealthy"


def test_tidying_keeps_what_is_in_use():
    plane, _ = plane_of()
    asking(plane, "POST", "/v1/chat/completions", body())
    asyncio.run(plane.tidy())
    assert plane.health()["open_holds"] == 0


class Moved:
    """A clock that somebody puts right."""

    def __init__(self) -> None:
        self.now = 1_795_185_000_000_000

    def micros(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return 5.0


def test_a_clock_that_is_put_forward_and_back_finds_what_was_spent():
    clock = Moved()
    plane, _ = plane_of(clock=clock)
    account, amount = f"p/daily@{day(clock.now)}", 70

    async def go() -> tuple[int, int]:
        hold = await plane.ledger.reserve("one", (Claim(account, 100, amount),))
        plane.ledger.settle(hold, amount)
        await plane.tidy()
        clock.now += 3 * DAY_MICROS
        await plane.tidy()
        back = plane.ledger.used(account)
        for _ in range(60):
            await plane.tidy()
        return back[0], plane.ledger.used(account)[0]

    assert asyncio.run(go()) == (amount, 0), "and an hour later it is over"


def test_health_tells_how_each_provider_is_and_no_address():
    plane, _ = plane_of(entry(base_url="http://secret-host.test/v1"))
    assert plane.health()["providers"] == {}
    rules = BreakerRules(failures=1)
    for name in ("openai http://a", "openai http://b", "gemini http://c"):
        plane.breakers.ask(name, rules)
    plane.breakers.ask("openai http://b", rules).failed(None)
    assert plane.health()["providers"] == {
        "gemini": {"state": "closed", "endpoints": 1, "open": 0},
        "openai": {"state": "open", "endpoints": 2, "open": 1},
    }
    page = json.loads(asking(plane, "GET", "/health", key=None)[2])
    assert (page["status"], page["providers"]["openai"]["state"]) == ("degraded", "open")


def test_what_was_counted_is_there_to_be_scraped():
    plane, _ = plane_of()
    asking(plane, "POST", "/v1/chat/completions", body())
    content_type, page = plane.exposition()
    lines = page.decode().splitlines()
    assert content_type.startswith(b"text/plain; version=0.0.4")
    assert 'gatepost_requests_total{provider="sandbox",model="sandbox/echo",status="success"} 1' in lines
    for line in ("gatepost_ready 1", "gatepost_open_holds 0", "gatepost_config_version 7", "gatepost_cache_entries 0"):
        assert line in lines
    assert asking(plane, "GET", "/metrics", key=None)[0] == 401  # no peer is known here


def test_a_breaker_that_turns_is_recorded_and_one_that_cannot_be_harms_no_call(caplog):
    plane, recorder = plane_of(entry())
    rules = BreakerRules(failures=1)
    plane.breakers.ask("openai http://a", rules).failed(None)
    (turned,) = [one for one in recorder.entries if isinstance(one, BreakerTurned)]
    assert (turned.endpoint, turned.state, turned.why) == ("openai http://a", "open", "1 failures in a row")

    recorder.fail = GatewayFault("the disk is full")
    plane.breakers.ask("openai http://b", rules).failed(None)
    assert "could not be recorded" in caplog.text


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_an_address_is_limited_as_a_proxy_that_we_trust_says_and_as_nobody_else_does(path):
    each = ScopedRates("per_ip", Reach(Scope.IP), RateLimits(rpm=1))
    plane, recorder = plane_of(rates=(each,))
    more = {"max_tokens": 5} if path == "/v1/messages" else {}
    proxy, stranger = ("10.0.0.1", 1), ("192.0.2.9", 1)

    def call(client, said):
        headers = [(b"x-forwarded-for", said)] if said else []
        status, _, page = asking(plane, "POST", path, body(**more), client=client, headers=headers)
        return status, json.loads(page)

    assert [call(proxy, b"203.0.113.7")[0], call(proxy, b"203.0.113.8")[0]] == [200, 200]
    assert call(proxy, b"6.6.6.6, 203.0.113.7")[0] == 429
    assert [call(stranger, b"203.0.113.50")[0], call(stranger, b"203.0.113.51")[0]] == [200, 429]
    assert [call(proxy, b"2001:db8::1")[0], call(proxy, b"2001:db8::2")[0]] == [200, 429]
    assert call(None, None)[0] == 200
    status, page = call(stranger, None)
    assert (status, page["error"]["limit"]["limit_id"]) == (429, "per_ip:requests for ip 192.0.2.9")
    assert recorder.closed[-1].error == "rate_limited"
