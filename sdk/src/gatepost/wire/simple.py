"""The simple API: one question, one flat answer; keys, whose they are, and what was used."""

from typing import Literal, Optional, Union

from pydantic import Field

from .shape import Answer, Ask, JsonObject, Money


class Message(Ask):
    """One message of a conversation."""

    role: str
    """One of "system", "user" or "assistant"."""
    content: str


class ChatRequest(Ask):
    """POST /v1/chat. `fallback_models`, at most 5, are tried in their order when the model does not answer."""

    model: str
    messages: list[Message]
    max_tokens: Optional[int] = Field(default=None, ge=1)
    temperature: Optional[float] = None
    stream: bool = False
    top_p: Optional[float] = None
    stop: Optional[Union[str, list[str]]] = None
    presence_penalty: Optional[float] = None
    frequency_penalty: Optional[float] = None
    seed: Optional[int] = None
    fallback_models: list[str] = []
    cache: Optional[bool] = None


class ChatUsage(Answer):
    """Tokens as OpenAI counts them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class ChatResponse(Answer):
    """The answer to a question, flat."""

    id: str
    provider: Optional[str] = None
    model: Optional[str] = None
    content: str
    usage: ChatUsage = ChatUsage()
    cost_usd: Optional[Money] = None
    """None where the price is not known."""
    finish_reason: Optional[str] = None
    cached: bool = False
    fallback_used: bool = False
    latency_ms: Optional[float] = None


class SignupRequest(Ask):
    """POST /v1/signup."""

    email: str
    org_name: Optional[str] = None
    project_name: str = "Default"


class Account(Answer):
    """What signing up made. `api_key` is shown this once."""

    org_id: str
    project_id: str
    email: str
    api_key: str = Field(repr=False)
    message: Optional[str] = None


class ProviderKeySet(Ask):
    """POST /v1/keys: a provider's key that a project brings. `meta` is for azure: its endpoint and deployment."""

    provider: Literal["openai", "anthropic", "gemini", "azure", "bedrock"]
    api_key: str = Field(repr=False)
    meta: Optional[JsonObject] = None


class ApiKeyNew(Ask):
    """POST /v1/keys/api."""

    name: str
    expires_at: Optional[str] = None
    models: Optional[list[str]] = None
    paths: Optional[list[str]] = None
    rate_limits: Optional[JsonObject] = None


class ApiKeyCreated(Answer):
    """A new key of the caller's project. `api_key` is shown this once and stored hashed."""

    id: str
    name: str
    key_prefix: str
    status: Optional[str] = None
    created_at: Optional[str] = None
    last_used_at: Optional[str] = None
    revoked_at: Optional[str] = None
    expires_at: Optional[str] = None
    models: list[str] = []
    paths: list[str] = []
    api_key: str = Field(repr=False)


class MeResponse(Answer):
    """GET /v1/me: whose key it is. Budgets in dollars a period; None: none."""

    org_id: str
    project_id: str
    project_name: str
    key_prefix: str
    rate_limit_per_min: Optional[int] = None
    daily_budget: Optional[Money] = None
    monthly_budget: Optional[Money] = None
    configured_providers: list[str] = []


class MetricsTotals(Answer):
    """All of it. Latency of answered calls."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cost_usd: Money
    unpriced_requests: int = 0
    error_rate: float = 0.0
    cache_hit_rate: float = 0.0
    avg_latency_ms: Optional[float] = None
    p50_latency_ms: Optional[float] = None
    p95_latency_ms: Optional[float] = None
    p99_latency_ms: Optional[float] = None
    quantile_error: Optional[float] = None


class MetricsGroup(Answer):
    """One provider, model, user or status."""

    key: str
    requests: int = 0
    total_tokens: int = 0
    cost_usd: Money
    avg_latency_ms: Optional[float] = None
    error_rate: float = 0.0


class MetricsPoint(Answer):
    """A stretch of time that begins at `bucket`; stretches without a call are left out."""

    bucket: str
    requests: int = 0
    total_tokens: int = 0
    cost_usd: Money
    error_rate: float = 0.0


class MetricsResponse(Answer):
    """GET /v1/metrics."""

    scope: str
    scope_id: str
    range_from: str
    range_to: str
    group_by: str
    granularity: str
    totals: MetricsTotals
    breakdown: list[MetricsGroup] = []
    timeseries: list[MetricsPoint] = []
