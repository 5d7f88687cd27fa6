"""Spans as they are told, whole: a change of one is a change of what people's dashboards stand on."""

from typing import Any

import pytest

from gatepost_gateway.control.spans import SpanData, is_generation, sampled, span
from gatepost_gateway.domain.governance import Decision, Effect, Mode
from gatepost_gateway.domain.records import Attempt, Closed, Outcome, StepKind
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.domain.tracing import TraceParent
from gatepost_gateway.domain.usage import Usage

TRACE, STEP = "019f4b2c-7a31-7c11-8d22-3e5566778899", "019f4b2c-7a32-7d33-9e44-aabbccddeeff"
OTHER, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
AT = 1_795_185_000_000_000
ENTRY = ModelEntry(
    id="fast", identifier="gpt-4o-mini", provider=ProviderKind.OPENAI, base_url="https://api.openai.com/v1"
)


def record(**said: Any) -> Closed:
    base: dict[str, Any] = {
        "step_id": STEP,
        "trace_id": TRACE,
        "at": AT,
        "surface": "openai",
        "org": "o",
        "project": "p",
        "key_id": "k",
        "user": "ann@x.test",
        "model_asked": "fast",
        "model": "fast",
        "provider": "openai",
        "outcome": Outcome.ANSWERED,
        "status": 200,
        "micros": 1_200_000,
        "usage": Usage(10, 20, cache_read=30, cache_write=5, reasoning=7),
        "cost": 900,
        "attempts": (Attempt("fast", "openai", 1_100_000, 200),),
        "finish": ("stop",),
        "upstream_id": "chatcmpl-1",
        "model_said": "gpt-4o-mini-2024-07-18",
        "session_id": "s-1",
        "properties": {"team": "secret team"},
        "message": "words that quote somebody",
        "config_version": 3,
    }
    return Closed(**(base | said))


def of(**said: Any) -> SpanData:
    return span(record(**said), {"fast": ENTRY}.get)


OURS = {
    "gatepost.trace_id": TRACE,
    "gatepost.step_id": STEP,
    "gatepost.org": "o",
    "gatepost.project": "p",
    "gatepost.key_id": "k",
    "gatepost.surface": "openai",
    "gatepost.operation": "chat",
    "gatepost.outcome": "answered",
    "gatepost.status": 200,
    "gatepost.model": "fast",
    "gatepost.cost_nanodollars": 900,
    "gatepost.config_version": 3,
}
ASKED = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "server.address": "api.openai.com",
    "server.port": 443,
    "gen_ai.conversation.id": "s-1",
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 45,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 30,
    "gen_ai.usage.cache_creation.input_tokens": 5,
    "gen_ai.usage.reasoning.output_tokens": 7,
}


def test_a_chat() -> None:
    assert of() == SpanData(
        name="chat gpt-4o-mini",
        trace_id="019f4b2c7a317c118d223e5566778899",
        span_id="9e44aabbccddeeff",
        parent=None,
        state=None,
        client=True,
        start=AT * 1000,
        end=AT * 1000 + 1_200_000_000,
        attributes={**OURS, **ASKED},
    )


def test_a_stream_under_a_callers_span() -> None:
    said = of(
        stream=True, first_micros=250_000, traceparent=f"00-{OTHER}-{PARENT}-01", tracestate="a=1",
        parent_trace_id="t-2", flow_id="f-1", session_path="planner/search", parent_step_id=TRACE,
    )  # fmt: skip
    assert (said.trace_id, said.parent, said.state) == (OTHER, TraceParent(OTHER, PARENT), "a=1")
    assert said.linked is None
    added = {name: value for name, value in said.attributes.items() if (OURS | ASKED).get(name) != value}
    assert added == {
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gatepost.parent_trace_id": "t-2",
        "gatepost.flow_id": "f-1",
        "gatepost.session_path": "planner/search",
        "gatepost.parent_step_id": TRACE,
    }


def test_a_failure_with_its_tries() -> None:
    tries = (
        Attempt("fast", "openai", 400_000, 503, "upstream_failed"),
        Attempt("slow", "anthropic", 700_000, None, "upstream_timeout"),
    )
    said = of(
        outcome=Outcome.FAILED,
        status=504,
        error="upstream_timeout",
        attempts=tries,
        usage=Usage(),
        cost=None,
        finish=(),
    )
    assert (said.error, said.attributes["error.type"], said.client) == ("upstream_timeout", "upstream_timeout", True)
    assert not any(name.startswith("gen_ai.usage") for name in said.attributes)
    assert [(event.name, event.at, event.attributes) for event in said.events] == [
        (
            "gatepost.attempt", (AT + 400_000) * 1000,
            {
                "gatepost.model": "fast", "gen_ai.provider.name": "openai",
                "http.response.status_code": 503, "error.type": "upstream_failed",
            },
        ),
        (
            "gatepost.attempt", (AT + 1_100_000) * 1000,
            {"gatepost.model": "slow", "gen_ai.provider.name": "anthropic", "error.type": "upstream_timeout"},
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"kind": StepKind.CHECK, "attempts": ()}, "gatepost check"),
        ({"kind": StepKind.TOOL_CALL, "operation": "action", "attempts": ()}, "gatepost tool_call"),
        ({"attempts": (), "outcome": Outcome.REFUSED, "status": 402, "error": "budget_exceeded"}, "gatepost call"),
        ({"attempts": (), "outcome": Outcome.BLOCKED, "status": 409, "error": "input_blocked"}, "gatepost call"),
        ({"cached": True, "attempts": ()}, "gatepost call"),
        ({"operation": "count_tokens"}, "gatepost call"),
    ],
)
def test_what_is_no_generation_does_not_look_like_one(said: dict[str, Any], name: str) -> None:
    found = of(**said)
    assert not is_generation(record(**said))
    assert (found.name, found.client, found.error) == (name, False, None)
    assert not [one for one in found.attributes if one.startswith("gen_ai.")]
    assert found.attributes.get("error.type") == said.get("error")


def test_a_block_names_its_rule_and_is_no_error() -> None:
    decisions = (
        Decision("a", "pii", "request", Mode.ENFORCE, Effect.ALLOW, 1),
        Decision("b", "pii", "response", Mode.ENFORCE, Effect.BLOCK, 1),
    )
    said = of(outcome=Outcome.BLOCKED, status=409, error="output_blocked", decisions=decisions)
    assert (said.attributes["gatepost.blocked_by"], said.error, said.client) == ("b", None, True)


@pytest.mark.parametrize(("operation", "word"), [("embeddings", "embeddings"), ("images", "image_generation")])
def test_other_operations(operation: str, word: str) -> None:
    assert of(operation=operation).name == f"{word} gpt-4o-mini"


@pytest.mark.parametrize(
    ("provider", "word"),
    [("gemini", "gcp.gemini"), ("bedrock", "aws.bedrock"), ("azure", "azure.ai.openai"), ("internal", "internal")],
)
def test_providers_have_the_conventions_names(provider: str, word: str) -> None:
    assert of(provider=provider).attributes["gen_ai.provider.name"] == word


def test_an_entry_that_is_gone_keeps_its_id() -> None:
    said = of(model="gone")
    assert said.name == "chat gone"
    assert "server.address" not in said.attributes


def test_a_step_after_another_is_linked_to_it() -> None:
    assert of(parent_step_id=TRACE).linked == "8d223e5566778899"


def test_nothing_personal_and_nothing_said_is_told() -> None:
    text = repr(of())
    for words in ("ann@x.test", "secret team", "words that quote"):
        assert words not in text


def test_who_decides_what_is_told() -> None:
    assert sampled(record(), 1.0)
    assert not sampled(record(), 0.0)
    assert sampled(record(traceparent=f"00-{OTHER}-{PARENT}-01"), 0.0)
    assert not sampled(record(traceparent=f"00-{OTHER}-{PARENT}-00"), 1.0)
    share = sum(sampled(record(trace_id=f"{number * 2654435761 % 2**128:032x}"), 0.25) for number in range(4000))
    assert 800 < share < 1200
