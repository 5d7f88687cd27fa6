"""What the data plane answers, for the description of the API: its routes and the shapes that they speak.

The data plane is another process and another storey, so its shapes are named here again; a test holds the two together.
"""

from typing import Any

from msgspec import Struct, field

from gatepost_gateway.control.execution_shapes import ExecutionDone, ExecutionNew
from gatepost_gateway.control.story import UsageView


class Route(Struct, frozen=True):
    """A route of the data plane. `body` and `answer`: their types; None: an open object of another's format."""

    method: str
    path: str
    summary: str
    answer: Any = None
    body: Any = None
    status: int = 200
    public: bool = False
    text: bool = False
    """The answer is plain text."""


class TraceNew(Struct, frozen=True):
    """`revenue` in dollars."""

    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    revenue: float | str | None = None


class TraceOpen(Struct, frozen=True):
    id: str
    status: str
    metadata: dict[str, Any]
    revenue: str | None
    created_at: str


class TraceDone(Struct, frozen=True):
    id: str
    status: str
    total_cost: str | None
    total_latency_ms: float
    revenue: str | None
    gross_margin: str | None
    steps: int
    unpriced_steps: int
    completed_at: str


class Question(Struct, frozen=True, omit_defaults=True):
    """`trace_id` and `parent_step_id` belong to checks, `metadata` to simulations."""

    input: str | list[dict[str, Any]]
    trace_id: str | None = None
    parent_step_id: str | None = None
    model: str | None = None
    tools: list[dict[str, Any]] | None = None
    metadata: dict[str, Any] | None = None
    max_tokens: int | None = None


class RuleVerdict(Struct, frozen=True):
    """What one rule said; `verdict` null: it did not run, and `not_run` says why."""

    rule: str
    kind: str
    phase: str
    mode: str
    verdict: str | None
    reason: str | None
    code: str | None
    findings: int
    latency_ms: float
    not_run: str | None


class Finding(Struct, frozen=True):
    """What a rule found, without the thing: characters `start` to `end` of the text at `path`."""

    rule: str
    kind: str
    place: str
    path: str
    start: int
    end: int
    masked: str
    digest: str
    effect: str


class CheckDone(Struct, frozen=True):
    allowed: bool
    trace_id: str
    step_id: str
    reason: str | None
    code: str | None
    policy_name: str | None
    policy_violated: bool
    pii_detected: bool
    injection_attempt: bool
    secret_leaked: bool
    risk_score: float
    findings: list[Finding]
    checks: list[RuleVerdict]


class SimulationDone(Struct, frozen=True):
    """`status` is `resolved` or `blocked`. Costs in dollars, null where a price is not known."""

    status: str
    allowed: bool
    reason: str | None
    policy_name: str | None
    model: str | None
    provider: str | None
    tier: str | None
    source: str | None
    rationale: str | None
    fallbacks: list[str]
    estimated_cost: float | None
    worst_case_cost: float | None
    risk_score: float
    decisions: list[RuleVerdict]


class ActionNew(Struct, frozen=True, omit_defaults=True):
    """`capability`, or `stage` and `operation`."""

    payload: Any = None
    capability: str | None = None
    stage: str | None = None
    operation: str | None = None
    session_id: str | None = None
    env: str | None = None


class ActionVerdict(Struct, frozen=True, omit_defaults=True):
    outcome: str
    escalated: bool = False


class ActionDone(Struct, frozen=True, omit_defaults=True):
    """`payload` is there when it was redacted; `rule_id` and `reason` where a `capability` was named."""

    status: str
    decision: ActionVerdict
    trace_id: str
    payload: Any = None
    error: str | None = None
    rule_id: str | None = None
    reason: str | None = None


class EmbeddingNew(Struct, frozen=True, omit_defaults=True):
    trace_id: str
    input: str | list[str]
    model: str
    dimensions: int | None = None
    parent_step_id: str | None = None


class EmbeddingDone(Struct, frozen=True):
    """One vector an input, in order. `status` is `blocked` (with `reason`, without vectors) or null."""

    trace_id: str
    step_id: str | None
    embeddings: list[list[float]]
    usage_tokens: int
    model: str | None
    provider: str | None
    usage: UsageView | None
    cost: str | None
    latency_ms: float
    status: str | None
    reason: str | None = None


class ImageNew(Struct, frozen=True, omit_defaults=True):
    """`size`: like `1024x1024`."""

    trace_id: str
    prompt: str
    model: str
    n: int | None = None
    size: str | None = None
    quality: str | None = None
    parent_step_id: str | None = None


class Image(Struct, frozen=True, omit_defaults=True):
    """`b64_json` or `url`, as the provider gave it."""

    b64_json: str | None = None
    url: str | None = None
    revised_prompt: str | None = None


class ImageDone(Struct, frozen=True):
    """`status` is `blocked` (with `reason`, without pictures) or null."""

    trace_id: str
    step_id: str | None
    images: list[Image]
    model: str | None
    provider: str | None
    usage: UsageView | None
    cost: str | None
    latency_ms: float
    status: str | None
    reason: str | None = None


class LogNew(Struct, frozen=True):
    trace_id: str
    name: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    parent_step_id: str | None = None


class LogDone(Struct, frozen=True):
    step_id: str
    trace_id: str


class SdkFeatures(Struct, frozen=True):
    offline_testing: bool


class SdkConfig(Struct, frozen=True):
    features: SdkFeatures
    version: str
    project: str


class ChatMessage(Struct, frozen=True):
    """`role`: `system`, `user` or `assistant`."""

    role: str
    content: str


class ChatNew(Struct, frozen=True, omit_defaults=True):
    """`fallback_models`, at most 5, are tried in their order when the model does not answer."""

    model: str
    messages: list[ChatMessage]
    max_tokens: int | None = None
    temperature: float | None = None
    stream: bool = False
    top_p: float | None = None
    stop: str | list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    fallback_models: list[str] = []
    cache: bool | None = None


class ChatUsage(Struct, frozen=True):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatDone(Struct, frozen=True):
    """`cost_usd` is null where the price is not known. A stream is `text/plain`."""

    id: str
    provider: str
    model: str
    content: str
    usage: ChatUsage
    cost_usd: float | None
    finish_reason: str | None
    cached: bool
    fallback_used: bool
    latency_ms: float


class Up(Struct, frozen=True):
    status: str
    version: str


class Release(Struct, frozen=True):
    version: str


class ProviderCondition(Struct, frozen=True):
    """`state`: the worst of the breakers of its endpoints, `closed`, `half_open` or `open`."""

    state: str
    endpoints: int
    open: int


class Condition(Struct, frozen=True):
    """`parts`: each part in a word."""

    status: str
    version: str
    uptime_seconds: float
    parts: dict[str, str]
    providers: dict[str, ProviderCondition]


ROUTES: tuple[Route, ...] = (
    Route("POST", "/v1/chat/completions", "A chat completion in OpenAI's format, plain or streamed"),
    Route("POST", "/v1/chat", "A question and its answer, flat; or a stream of plain text", ChatDone, ChatNew),
    Route("POST", "/v1/messages", "A message in Anthropic's format, plain or streamed"),
    Route("POST", "/v1/messages/count_tokens", "How many tokens a message would have, where its provider tells"),
    Route("POST", "/v1/embeddings", "Vectors of texts in OpenAI's format"),
    Route("POST", "/v1/images/generations", "Pictures of words in OpenAI's format"),
    Route("GET", "/v1/models", "The models that this key may call, in OpenAI's format"),
    Route("GET", "/v1/models/{id}", "One model, with prices and limits where known"),
    Route("POST", "/a/{id}/openai/v1/chat/completions", "The same for the agent behind a proxy"),
    Route("POST", "/a/{id}/openai/v1/responses", "The same for the agent behind a proxy"),
    Route("POST", "/a/{id}/openai/v1/completions", "The same for the agent behind a proxy"),
    Route("POST", "/a/{id}/openai/v1/embeddings", "The same for the agent behind a proxy"),
    Route("GET", "/a/{id}/openai/v1/models", "The models that a proxy may call"),
    Route("POST", "/a/{id}/anthropic/v1/messages", "A message for the agent behind a proxy"),
    Route("POST", "/a/{id}/anthropic/v1/messages/count_tokens", "How many tokens it would have"),
    Route("POST", "/api/v1/traces", "Open a trace", TraceOpen, TraceNew, 201),
    Route("PATCH", "/api/v1/traces/{id}/complete", "Seal a trace", TraceDone),
    Route("POST", "/api/v1/traces/{id}/complete", "Seal a trace", TraceDone),
    Route("POST", "/api/v1/executions", "A governed call on a trace", ExecutionDone, ExecutionNew),
    Route("POST", "/api/v1/checks", "What policy says of a request, as a step of a trace", CheckDone, Question),
    Route("POST", "/api/v1/simulate", "Where a call would go, and its cost; no model call", SimulationDone, Question),
    Route("POST", "/v1/execute", "What policy says of an agent's action", ActionDone, ActionNew),
    Route("POST", "/api/v1/embeddings", "Vectors of texts, as a step of a trace", EmbeddingDone, EmbeddingNew),
    Route("POST", "/api/v1/images", "Pictures of words, as a step of a trace", ImageDone, ImageNew),
    Route("POST", "/api/v1/logs", "A custom event on a trace", LogDone, LogNew, 201),
    Route("GET", "/api/v1/sdk/config", "What the project allows SDKs to do", SdkConfig),
    Route("GET", "/up", "Whether the gateway is there", Up, public=True),
    Route("GET", "/version", "Which version it is", Release, public=True),
    Route("GET", "/metrics", "What is counted, as Prometheus reads it: open on this machine", text=True),
    Route("GET", "/health", "How it is", Condition, public=True),
    Route("GET", "/health/live", "Whether the process lives", public=True),
    Route("GET", "/health/ready", "Whether it takes calls", public=True),
)
