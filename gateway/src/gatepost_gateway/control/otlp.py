"""Spans and metrics on their way to a collector, by OpenTelemetry's own SDK and OTLP over HTTP.

The fold hands over what it took in; nothing here is on the way of a call. What waits is bounded: when the collector
does not keep up, the newest is dropped and counted.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags, TraceState
from opentelemetry.trace.status import Status, StatusCode

from gatepost_gateway.control.spans import Lookup, SpanData, generation_attributes, is_generation, sampled, span
from gatepost_gateway.domain.records import Closed
from gatepost_gateway.storage.steps import Payload, read_step
from gatepost_gateway.version import VERSION

if TYPE_CHECKING:
    from gatepost_gateway.settings.telemetry import Telemetry

log = logging.getLogger("gatepost.telemetry")
MOST = 10_000
"""Records that wait to be told."""
AT_ONCE = 512
TICK = 0.5
TIMEOUT = 5.0
MOST_MODELS = 200
"""Models that metrics tell apart; the rest is `other`."""
_TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864]
_SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
_SCOPE = InstrumentationScope("gatepost", VERSION)
_MODELS = ("gen_ai.request.model", "gen_ai.response.model")


class Exporter:
    """`offer` may be called from any thread and never waits. `counts` for who looks after it."""

    def __init__(self, said: "Telemetry", lookup: Lookup) -> None:
        self._said = said
        self._lookup = lookup
        self._waiting: deque[bytes] = deque()
        self._models: set[str] = set()
        self.counts = {"told": 0, "dropped": 0, "failed": 0}
        self._resource = Resource({"service.name": said.service_name, "service.version": VERSION})
        headers = {name: secret.reveal() for name, secret in said.headers.items()}
        ways: dict[str, Any] = {"headers": headers, "timeout": TIMEOUT, "compression": Compression.Gzip}
        self._spans = (
            OTLPSpanExporter(endpoint=f"{said.endpoint}/v1/traces", session=_session(), **ways) if said.traces else None
        )
        self._metrics = _Metrics(said, self._resource, ways) if said.metrics else None

    def offer(self, entries: Iterable[Payload]) -> None:
        """Steps as the journal has them."""
        for entry in entries:
            if len(self._waiting) >= MOST:
                self.counts["dropped"] += 1
            else:
                self._waiting.append(bytes(entry))

    async def run(self) -> None:
        """Tells what is offered until it is cancelled."""
        dropped = 0
        while True:
            await asyncio.sleep(TICK)
            while self._waiting:
                await asyncio.to_thread(self.flush)
            if self.counts["dropped"] != dropped:
                dropped = self.counts["dropped"]
                log.warning("the collector does not keep up: %d records were not told so far", dropped)

    def flush(self) -> None:
        """One batch."""
        steps = (read_step(self._waiting.popleft()) for _ in range(min(AT_ONCE, len(self._waiting))))
        calls = [one for one in steps if isinstance(one, Closed)]
        if self._metrics is not None:
            for one in calls:
                if is_generation(one):
                    self._metrics.count(one, self._bounded(generation_attributes(one, self._lookup)))
        if self._spans is None:
            return
        spans = [self._readable(span(one, self._lookup)) for one in calls if sampled(one, self._said.sample)]
        if spans and self._spans.export(spans) is SpanExportResult.SUCCESS:
            self.counts["told"] += len(spans)
        else:
            self.counts["failed"] += len(spans)

    def close(self) -> None:
        """Tells what waits, for as long as one try takes."""
        if self._waiting:
            self.flush()
        if self._spans is not None:
            self._spans.shutdown()
        if self._metrics is not None:
            self._metrics.close()

    def _bounded(self, attributes: dict[str, Any]) -> dict[str, Any]:
        """Names of models come from callers where entries are inferred: labels must not."""
        for name in _MODELS:
            model = attributes.get(name)
            if model is None or model in self._models:
                continue
            if len(self._models) < MOST_MODELS:
                self._models.add(model)
            else:
                attributes[name] = "other"
        return attributes

    def _readable(self, one: SpanData) -> ReadableSpan:
        trace_id, state = int(one.trace_id, 16), TraceState.from_header([one.state] if one.state else [])

        def context(span_id: str, *, remote: bool = False) -> SpanContext:
            return SpanContext(trace_id, int(span_id, 16), remote, TraceFlags(TraceFlags.SAMPLED), state)

        return ReadableSpan(
            one.name,
            context(one.span_id),
            parent=context(one.parent.span_id, remote=True) if one.parent is not None else None,
            resource=self._resource,
            attributes=one.attributes,
            events=[Event(event.name, event.attributes, event.at) for event in one.events],
            links=[Link(context(one.linked))] if one.linked is not None else (),
            kind=SpanKind.CLIENT if one.client else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR, one.error) if one.error is not None else Status(),
            start_time=one.start,
            end_time=one.end,
            instrumentation_scope=_SCOPE,
        )


class _Metrics:
    """The histograms of the conventions."""

    def __init__(self, said: "Telemetry", resource: Resource, ways: dict[str, Any]) -> None:
        exporter = OTLPMetricExporter(endpoint=f"{said.endpoint}/v1/metrics", session=_session(), **ways)
        reader = PeriodicExportingMetricReader(exporter, said.interval_seconds * 1000, TIMEOUT * 1000)
        self._provider = MeterProvider([reader], resource, shutdown_on_exit=False)
        meter = self._provider.get_meter("gatepost", VERSION)
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._seconds = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._first = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "Time to receive the first chunk.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )

    def count(self, one: Closed, attributes: dict[str, Any]) -> None:
        usage = one.usage
        for kind, tokens in (("input", usage.input + usage.cache_read + usage.cache_write), ("output", usage.output)):
            if tokens:
                self._tokens.record(tokens, {**attributes, "gen_ai.token.type": kind})
        if one.stream and one.first_micros is not None and one.error is None:
            self._first.record(one.first_micros / 1_000_000, attributes)
        error = {"error.type": one.error} if one.error is not None else {}
        self._seconds.record(one.micros / 1_000_000, attributes | error)

    def close(self) -> None:
        self._provider.shutdown(timeout_millis=TIMEOUT * 1000)


def _session() -> requests.Session:
    """Follows no redirect, and reads neither proxies nor credentials from the environment."""
    session = requests.Session()
    session.trust_env = False
    session.max_redirects = 0
    return session
