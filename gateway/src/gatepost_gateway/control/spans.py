"""Records as spans, by the conventions of OpenTelemetry for generative AI. Pure: no library of theirs is needed.

Only a call that a model was asked in is a generation: a check, a refusal, a cached answer or a count of tokens carries
no attribute of the conventions, so that nobody adds it up as one. Nothing that was said, no user and no secret is in a
span.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.domain.records import Attempt, Closed, Outcome, StepKind
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.domain.tracing import TraceParent, read_parent, span_of, trace_of

Attributes = dict[str, Any]
Lookup = Callable[[str], ModelEntry | None]
"""The entry of a model's id, where it is still there."""

OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        Operation.CHAT.value: "chat",
        Operation.EMBED.value: "embeddings",
        # The conventions have no word for pictures alone, and let one choose.
        Operation.IMAGE.value: "image_generation",
    }
)
PROVIDERS: Mapping[str, str] = MappingProxyType(
    {
        ProviderKind.OPENAI.value: "openai",
        ProviderKind.ANTHROPIC.value: "anthropic",
        ProviderKind.GEMINI.value: "gcp.gemini",
        ProviderKind.BEDROCK.value: "aws.bedrock",
        ProviderKind.AZURE.value: "azure.ai.openai",
    }
)
_WENT_WRONG = frozenset({Outcome.FAILED, Outcome.INTERRUPTED})


class Event(Struct, frozen=True):
    name: str
    at: int
    attributes: Attributes


class SpanData(Struct, frozen=True):
    """A span; times in nanoseconds. `client`: it asked somebody else. `error`: what went wrong, as a code."""

    name: str
    trace_id: str
    span_id: str
    parent: TraceParent | None
    state: str | None
    client: bool
    start: int
    end: int
    attributes: Attributes
    events: tuple[Event, ...] = ()
    linked: str | None = None
    """The id of another span of the same trace that this one goes on from."""
    error: str | None = None


def is_generation(one: Closed) -> bool:
    """Whether a model was asked."""
    return one.kind is StepKind.RUN and bool(one.attempts) and not one.cached and one.operation in OPERATIONS


def sampled(one: Closed, share: float) -> bool:
    """Whether a call's span is told: as its caller decided, else by a share of traces, the same for a whole one."""
    parent = read_parent(one.traceparent.encode()) if one.traceparent is not None else None
    if parent is not None:
        return parent.sampled
    return int(trace_of(one.trace_id)[-8:], 16) < share * 2**32


def span(one: Closed, lookup: Lookup) -> SpanData:
    """The span of a call, or of something that was asked of the gateway alone."""
    parent = read_parent(one.traceparent.encode()) if one.traceparent is not None else None
    generation = is_generation(one)
    attributes = _ours(one)
    name = f"gatepost {'call' if one.kind is StepKind.RUN else one.kind.value}"
    if generation:
        attributes |= generation_attributes(one, lookup) | _usage(one)
        name = f"{attributes['gen_ai.operation.name']} {attributes['gen_ai.request.model']}"
    if one.error is not None:
        attributes["error.type"] = one.error
    start = one.at * 1000
    return SpanData(
        name=name,
        trace_id=parent.trace_id if parent is not None else trace_of(one.trace_id),
        span_id=span_of(one.step_id),
        parent=parent,
        state=one.tracestate if parent is not None else None,
        client=generation,
        start=start,
        end=start + one.micros * 1000,
        attributes=attributes,
        events=_events(one, start),
        linked=span_of(one.parent_step_id) if one.parent_step_id is not None and parent is None else None,
        error=one.error or one.outcome.value if one.outcome in _WENT_WRONG else None,
    )


def generation_attributes(one: Closed, lookup: Lookup) -> Attributes:
    """What the conventions know of the call: whom it asked for what."""
    provider, model = one.provider or "", one.model or one.model_asked or ""
    entry = lookup(model)
    found: Attributes = {
        "gen_ai.operation.name": OPERATIONS[one.operation],
        "gen_ai.provider.name": PROVIDERS.get(provider, provider),
        "gen_ai.request.model": entry.identifier if entry is not None else model,
    }
    if entry is not None and (host := urlsplit(entry.base_url).hostname):
        parts = urlsplit(entry.base_url)
        found["server.address"] = host
        found["server.port"] = parts.port or (80 if parts.scheme == "http" else 443)
    return found


def _usage(one: Closed) -> Attributes:
    usage = one.usage
    found: Attributes = {
        "gen_ai.conversation.id": one.session_id,
        "gen_ai.response.id": one.upstream_id,
        "gen_ai.response.model": one.model_said,
        "gen_ai.response.finish_reasons": list(one.finish) or None,
        "gen_ai.request.stream": one.stream or None,
    }
    if one.stream and one.first_micros is not None:
        found["gen_ai.response.time_to_first_chunk"] = one.first_micros / 1_000_000
    if usage.total:
        found |= {
            # The conventions count cached tokens among the input; our buckets never overlap.
            "gen_ai.usage.input_tokens": usage.input + usage.cache_read + usage.cache_write,
            "gen_ai.usage.output_tokens": usage.output,
            "gen_ai.usage.cache_read.input_tokens": usage.cache_read or None,
            "gen_ai.usage.cache_creation.input_tokens": usage.cache_write or None,
            "gen_ai.usage.reasoning.output_tokens": usage.reasoning or None,
        }
    return {name: value for name, value in found.items() if value is not None}


def _ours(one: Closed) -> Attributes:
    found: Attributes = {
        "gatepost.trace_id": one.trace_id,
        "gatepost.step_id": one.step_id,
        "gatepost.parent_step_id": one.parent_step_id,
        "gatepost.parent_trace_id": one.parent_trace_id,
        "gatepost.flow_id": one.flow_id,
        "gatepost.session_path": one.session_path,
        "gatepost.request_id": one.request_id,
        "gatepost.org": one.org,
        "gatepost.project": one.project,
        "gatepost.proxy": one.proxy,
        "gatepost.key_id": one.key_id,
        "gatepost.surface": one.surface,
        "gatepost.operation": one.operation,
        "gatepost.outcome": one.outcome.value,
        "gatepost.status": one.status,
        "gatepost.model": one.model,
        "gatepost.cached": one.cached or None,
        "gatepost.estimated": one.estimated or None,
        "gatepost.cost_nanodollars": one.cost,
        "gatepost.config_version": one.config_version,
        "gatepost.blocked_by": next((said.rule for said in one.decisions if said.effect is Effect.BLOCK), None),
    }
    return {name: value for name, value in found.items() if value is not None}


def _events(one: Closed, start: int) -> tuple[Event, ...]:
    """The tries of a call that took more than one, each where it ended."""
    if len(one.attempts) < 2:
        return ()
    at, found = start, list[Event]()
    for attempt in one.attempts:
        at += attempt.micros * 1000
        found.append(Event("gatepost.attempt", at, _attempt(attempt)))
    return tuple(found)


def _attempt(one: Attempt) -> Attributes:
    said: Attributes = {
        "gatepost.model": one.model,
        "gen_ai.provider.name": PROVIDERS.get(one.provider, one.provider),
        "http.response.status_code": one.status,
        "error.type": one.error,
    }
    return {name: value for name, value in said.items() if value is not None}
