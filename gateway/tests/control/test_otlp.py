"""Told to a collector that is real as far as the wire goes: an HTTP server that decodes the protobuf."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gatepost_gateway.control import otlp
from gatepost_gateway.control.otlp import Exporter
from gatepost_gateway.domain.records import Closed, Logged
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.settings.telemetry import Telemetry

from .test_spans import ENTRY, OTHER, PARENT, record


class Collector(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.metrics: dict[str, Any] = {}
        self.headers: list[dict[str, str]] = []
        self.status = 200
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.take(self.path, {k.lower(): v for k, v in self.headers.items()}, gzip.decompress(body))
                self.send_response(collector.status)
                self.send_header("location", "http://127.0.0.1:1/")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.headers.append(headers)
        if self.status != 200:
            return
        if path == "/v1/traces":
            said = ExportTraceServiceRequest.FromString(body)
            for one in said.resource_spans:
                self.resource = {pair.key: pair.value.string_value for pair in one.resource.attributes}
                self.spans += [span for scope in one.scope_spans for span in scope.spans]
        else:
            assert path == "/v1/metrics"
            metrics = ExportMetricsServiceRequest.FromString(body)
            for resource in metrics.resource_metrics:
                for scope in resource.scope_metrics:
                    self.metrics |= {metric.name: metric for metric in scope.metrics}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def exporter(collector: Collector, **said: Any) -> Exporter:
    return Exporter(Telemetry(collector.url, **said), {"fast": ENTRY}.get)


def told(one: Exporter, *entries: Closed | Logged) -> None:
    one.offer(memoryview(msgspec.msgpack.encode(entry)) for entry in entries)
    one.close()


def plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [plain(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def test_spans_arrive_as_they_are_meant(collector: Collector) -> None:
    child = record(traceparent=f"00-{OTHER}-{PARENT}-01", tracestate="a=1")
    failed = record(
        step_id="019f4b2c-7a32-7d33-9e44-000000000001",
        outcome="failed",
        error="upstream_failed",
        parent_step_id=child.step_id,
    )
    note = Logged("l-1", child.trace_id, 5, "o", "p", "k", "seen")
    told(exporter(collector, headers={"Api-Key": Secret("collector-key")}), child, failed, note)
    first, second = collector.spans
    assert (first.name, first.kind, first.trace_id.hex(), first.parent_span_id.hex()) == (
        "chat gpt-4o-mini",
        3,
        OTHER,
        PARENT,
    )
    assert (first.span_id.hex(), first.trace_state, first.status.code) == ("9e44aabbccddeeff", "a=1", 0)
    assert first.end_time_unix_nano - first.start_time_unix_nano == 1_200_000_000
    attributes = {pair.key: plain(pair.value) for pair in first.attributes}
    assert attributes["gen_ai.usage.input_tokens"] == 45
    assert attributes["gen_ai.response.finish_reasons"] == ["stop"]
    assert (second.parent_span_id, second.status.code, second.status.message) == (b"", 2, "upstream_failed")
    assert second.links[0].span_id == first.span_id
    assert collector.resource["service.name"] == "gatepost"
    assert {headers["api-key"] for headers in collector.headers} == {"collector-key"}


def test_metrics(collector: Collector) -> None:
    streamed = record(stream=True, first_micros=250_000)
    refused = record(attempts=(), outcome="refused", error="budget_exceeded")
    told(exporter(collector), record(), streamed, refused)
    points = collector.metrics["gen_ai.client.operation.duration"].histogram.data_points
    assert [(point.count, point.sum) for point in points] == [(2, 2.4)]
    assert list(points[0].explicit_bounds)[:2] == [0.01, 0.02]
    tokens = collector.metrics["gen_ai.client.token.usage"].histogram.data_points
    found = {
        plain(pair.value): point.sum for point in tokens for pair in point.attributes if pair.key == "gen_ai.token.type"
    }
    assert found == {"input": 90, "output": 40}
    first = collector.metrics["gen_ai.client.operation.time_to_first_chunk"].histogram.data_points
    assert [(point.count, point.sum) for point in first] == [(1, 0.25)]


def test_labels_are_bounded(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "MOST_MODELS", 3)
    told(exporter(collector, traces=False), *(record(model=f"m{number}") for number in range(9)))
    assert collector.spans == []
    points = collector.metrics["gen_ai.client.operation.duration"].histogram.data_points
    names = {
        plain(pair.value): point.count
        for point in points
        for pair in point.attributes
        if pair.key == "gen_ai.request.model"
    }
    assert names == {"m0": 1, "m1": 1, "m2": 1, "other": 6}


def test_a_queue_that_is_full_drops_and_counts(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp, "MOST", 3)
    one = exporter(collector, metrics=False)
    told(one, *(record() for _ in range(5)))
    assert len(collector.spans) == 3
    assert one.counts == {"told": 3, "dropped": 2, "failed": 0}


@pytest.mark.parametrize("status", [400, 307])
def test_a_refusal_is_counted_and_a_redirect_is_not_followed(collector: Collector, status: int) -> None:
    collector.status = status
    one = exporter(collector, metrics=False)
    told(one, record())
    assert one.counts == {"told": 0, "dropped": 0, "failed": 1}


def test_what_is_not_sampled_is_counted_in_metrics_alone(collector: Collector) -> None:
    told(exporter(collector, sample=1.0), record(traceparent=f"00-{OTHER}-{PARENT}-00"))
    assert collector.spans == []
    assert "gen_ai.client.operation.duration" in collector.metrics
