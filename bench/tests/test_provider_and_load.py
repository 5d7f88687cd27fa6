"""The provider answers, and the driver counts what it answered: both as they run in a benchmark."""

import http.client
import json
from collections.abc import Iterator

import pytest

from bench import procs
from bench.bodies import STAMPED_EVENTS
from bench.load import Job
from bench.running import Provider, drive, probe, provider
from bench.targets import Launch

HEADERS = {"authorization": "Bearer any"}
PATH = "/v1/chat/completions"


@pytest.fixture(scope="module")
def placement() -> procs.Placement:
    return procs.place()


@pytest.fixture(scope="module")
def upstream(placement: procs.Placement) -> Iterator[Provider]:
    with provider(placement) as running:
        yield running


def post(port: int, body: dict[str, object]) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", PATH, json.dumps(body), {"content-type": "application/json"})
        response = connection.getresponse()
        assert response.status == 200
        return response.read()
    finally:
        connection.close()


def test_a_plain_reply_is_a_chat_completion_and_is_billed(upstream: Provider) -> None:
    before = upstream.bill()
    reply = json.loads(post(upstream.port, {"model": "m", "messages": []}))
    after = upstream.bill()
    assert reply["object"] == "chat.completion"
    assert 1200 < len(json.dumps(reply)) < 1800
    assert after.calls == before.calls + 1
    assert after.prompt_tokens - before.prompt_tokens == reply["usage"]["prompt_tokens"]


@pytest.mark.parametrize("usage", [False, True])
def test_a_stream_has_its_events_its_end_and_usage_when_asked(upstream: Provider, *, usage: bool) -> None:
    body: dict[str, object] = {"model": "m", "messages": [], "stream": True}
    if usage:
        body["stream_options"] = {"include_usage": True}
    events = post(upstream.port, body).decode().strip().split("\n\n")
    assert events[-1] == "data: [DONE]"
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-1]]
    assert sum("@" in str(chunk["choices"]) for chunk in chunks) == STAMPED_EVENTS
    assert [chunk for chunk in chunks if chunk.get("usage")] == (chunks[-1:] if usage else [])
    assert any(chunk["choices"] and chunk["choices"][0]["finish_reason"] == "stop" for chunk in chunks)


def test_replies_differ(upstream: Provider) -> None:
    assert len({post(upstream.port, {"messages": []}) for _ in range(8)}) == 8


def test_the_driver_counts_every_plain_call(upstream: Provider, placement: procs.Placement) -> None:
    before = upstream.bill()
    report = drive(Job(upstream.port, PATH, HEADERS, clients=4, calls=200), placement)
    assert (report.calls, report.errors, report.reconnects) == (200, 0, 0)
    assert upstream.bill().calls - before.calls == 200
    assert report.latency.count == 196
    assert 0 < report.latency.p50 <= report.latency.p99


def test_the_driver_sees_every_event_of_a_stream(upstream: Provider, placement: procs.Placement) -> None:
    report = drive(Job(upstream.port, PATH, HEADERS, clients=3, calls=6, stream=True), placement)
    assert (report.calls, report.errors) == (6, 0)
    assert report.lateness is not None
    assert report.lateness.count == report.latency.count * STAMPED_EVENTS
    assert report.first_event is not None
    # What the provider waits before its first event is taken off.
    assert 0 < report.first_event.p50 < 5_000
    assert report.latency.p50 > STAMPED_EVENTS * 5_000


def test_the_driver_reports_refusals_and_ends(upstream: Provider, placement: procs.Placement) -> None:
    report = drive(Job(upstream.port, "/elsewhere", HEADERS, clients=2, seconds=5), placement)
    assert report.calls == 0
    assert report.errors > 0
    assert report.first_error.startswith("HTTP 404")


def test_a_probe_tells_a_good_target_from_a_bad_one(upstream: Provider) -> None:
    good = Launch([], {}, upstream.port, PATH, HEADERS)
    assert probe(good, stream=False) == ""
    assert probe(good, stream=True) == ""
    assert probe(good._replace(path="/elsewhere"), stream=True).startswith("HTTP 404")
    assert probe(good._replace(port=procs.free_port()), stream=False).startswith("no answer")
