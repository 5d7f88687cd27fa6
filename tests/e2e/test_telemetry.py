"""A running gateway tells a collector, a process of its own, of the calls of official clients."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from e2e.running import Gateway, free_port, until
from e2e.upstream import Seen, Upstream, Wire, say

OTHER, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{OTHER}-{PARENT}-01"
COLLECTOR_KEY = "collector-key-" + "c" * 16
SAID = "words that stay here"


class Collector:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.file = folder / "spans"
        script = Path(__file__).with_name("collector.py")
        self.process = subprocess.Popen([sys.executable, str(script), str(self.port), str(self.file)])

    def spans(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []

    def of(self, answer: Any) -> dict[str, Any]:
        """The span of an answer's call."""
        trace_id = answer.headers["x-gatepost-trace-id"]
        (found,) = until(
            lambda: [one for one in self.spans() if one["attributes"]["gatepost.trace_id"] == trace_id], 30
        )
        return found


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    async def answer(seen: Seen, wire: Wire) -> None:
        await say(seen, wire)

    with Upstream(answer) as one:
        yield one


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    one = Collector(tmp_path_factory.mktemp("collector"))
    yield one
    one.process.kill()
    one.process.wait()


@pytest.fixture(scope="module")
def gateway(collector: Collector, upstream: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    telemetry = {
        "endpoint": f"http://127.0.0.1:{collector.port}",
        "headers": {"Api-Key": {"env": "COLLECTOR_KEY"}},
        "interval_seconds": 1,
    }
    common: dict[str, Any] = {"provider": "openai", "api_key": {"env": "K"}}
    handed_on = {"additional_config": {"traceparent": True}}
    config = {
        "server": {"egress": {"allow": ["127.0.0.0/8"]}, "telemetry": telemetry},
        "models": [
            {"id": "m", "identifier": "gpt-m", "base_url": f"{upstream.url}/m", **common},
            {"id": "n", "identifier": "gpt-n", "base_url": f"{upstream.url}/n", **common, **handed_on},
        ],
        "policies": {"chain": [{"name": "no", "kind": "keyword", "terms": ["forbidden"], "action": "block"}]},
    }  # fmt: skip
    return gateways(json.dumps(config), env={"K": "sk-telemetry-" + "k" * 20, "COLLECTOR_KEY": COLLECTOR_KEY})


def test_an_official_clients_call_is_a_child_of_its_span(
    gateway: Gateway, upstream: Upstream, collector: Collector
) -> None:
    client = OpenAI(api_key=gateway.runtime_key, base_url=f"{gateway.base_url}/v1", max_retries=0)
    messages: Any = [{"role": "user", "content": SAID}]
    said = {"traceparent": TRACEPARENT, "tracestate": "vendor=1"}
    raw = client.chat.completions.with_raw_response.create(model="n", messages=messages, extra_headers=said)
    span = collector.of(raw)
    assert (span["trace"], span["parent"], span["traceState"]) == (OTHER, PARENT, "vendor=1")
    assert (span["name"], span["kind"]) == ("chat gpt-n", "SPAN_KIND_CLIENT")
    usage = raw.parse().usage
    assert usage is not None
    assert span["attributes"]["gen_ai.usage.output_tokens"] == usage.completion_tokens
    assert upstream.last().headers["traceparent"] == f"00-{OTHER}-{span['span']}-01"
    assert upstream.last().headers["tracestate"] == "vendor=1"
    with client.chat.completions.with_streaming_response.create(model="m", messages=messages, stream=True) as streamed:
        list(streamed.iter_lines())
    own = collector.of(streamed)
    assert own["trace"] == streamed.headers["x-gatepost-trace-id"].replace("-", "")
    assert own["parent"] == ""
    assert own["attributes"]["gen_ai.request.stream"] is True
    assert "traceparent" not in upstream.last().headers
    client.close()


def test_what_is_no_generation_does_not_look_like_one(gateway: Gateway, collector: Collector) -> None:
    span = collector.of(gateway.chat("m", "forbidden"))
    assert (span["name"], span["attributes"]["gatepost.outcome"]) == ("gatepost call", "blocked")
    assert not [name for name in span["attributes"] if name.startswith("gen_ai.")]


def test_metrics_arrive_and_nothing_that_was_said_does(gateway: Gateway, collector: Collector) -> None:
    gateway.chat("m", SAID)
    metrics = collector.file.with_suffix(".metrics")
    until(lambda: metrics.exists() and "gen_ai.client.token.usage" in metrics.read_text(), 30)
    told = collector.file.read_text() + metrics.read_text()
    for secret in (SAID, "sk-telemetry", COLLECTOR_KEY, gateway.runtime_key[-20:]):
        assert secret not in told
        assert secret == SAID or secret not in gateway.log()
    counts = gateway.get("/api/v1/health")["telemetry"]
    assert counts["told"] >= 1
    assert counts["dropped"] == counts["failed"] == 0
