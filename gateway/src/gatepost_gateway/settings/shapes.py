"""The shape of `gatepost.yaml`: DESIGN section 11 as types. Nothing is read that is not named here."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from gatepost_gateway.settings.cases import TestingShape
from gatepost_gateway.settings.fields import (
    Count,
    Dollars,
    HeaderPrefix,
    Id,
    Identifier,
    Listen,
    ModelId,
    Name,
    Network,
    Price,
    ProxyId,
    Region,
    RegoFile,
    RegoPackage,
    Seconds,
    Settings,
    Shape,
    Targets,
    Url,
    Weight,
)
from gatepost_gateway.settings.limit_shapes import LimitShape, LoopsShape, RateLimitsShape, RatesShape, ReachShape
from gatepost_gateway.settings.secret_shapes import SecretShape
from gatepost_gateway.settings.telemetry import TelemetryShape
from gatepost_gateway.settings.webhook_shapes import WebhookShape

ProviderName = Literal["openai", "anthropic", "gemini", "bedrock", "azure", "internal", "sandbox"]
OperationName = Literal["chat", "embeddings", "images"]

_FIXED_ADDRESS = ("openai", "anthropic", "gemini", "bedrock", "sandbox")


class TlsShape(Shape):
    cert: str
    key: str


class TimeoutsShape(Shape):
    connect: Seconds | None = None
    first_byte: Seconds | None = None
    idle: Seconds | None = None
    total: Seconds | None = None


class LimitsShape(Shape):
    body_bytes: Count | None = None
    header_bytes: Count | None = None
    header_count: Count | None = None
    header_seconds: Seconds | None = None
    body_seconds: Seconds | None = None


class McpShape(Shape):
    """What an execution may take of tool servers; `connect`, `call` and `total` in seconds."""

    rounds: Count | None = None
    calls: Count | None = None
    at_once: Count | None = None
    servers: Count | None = None
    tools: Count | None = None
    answer_bytes: Count | None = None
    result_bytes: Count | None = None
    connect: Seconds | None = None
    call: Seconds | None = None
    total: Seconds | None = None
    sessions: Count | None = None
    project_sessions: Count | None = None


class EgressShape(Shape):
    allow: list[Network] = Field(default=[])


class ServerShape(Shape):
    listen: Listen | None = None
    data_dir: str | None = Field(default=None, min_length=1)
    public_url: Url | None = None
    tls: TlsShape | None = None
    trusted_proxies: list[Network] = Field(default=[])
    pass_through_project: Id | None = None
    timeouts: TimeoutsShape | None = None
    limits: LimitsShape | None = None
    egress: EgressShape | None = None
    mcp: McpShape | None = None
    drain_seconds: Seconds | None = None
    fsync: bool | None = None
    signup: bool | None = None
    state_url: SecretShape | None = None
    telemetry: TelemetryShape | None = None
    store_url: SecretShape | None = None


class PriceShape(Shape):
    input_cost_per_1k: Price | None = None
    output_cost_per_1k: Price | None = None
    cache_read_cost_per_1k: Price | None = None
    cache_write_cost_per_1k: Price | None = None
    image_cost: Dollars | None = None

    @model_validator(mode="after")
    def _whole(self) -> "PriceShape":
        if self._half():
            raise ValueError("half a price is none: give `input_cost_per_1k` and `output_cost_per_1k`")
        return self

    def _half(self) -> bool:
        said = [value for value in (self.input_cost_per_1k, self.output_cost_per_1k) if value is not None]
        rest = (self.cache_read_cost_per_1k, self.cache_write_cost_per_1k, self.image_cost)
        return len(said) == 1 or (not said and any(value is not None for value in rest))


class DataTermsShape(Shape):
    """What the operator vouches for of an entry's provider."""

    zero_retention: bool | None = None
    training: bool | None = None
    region: Region | None = None
    retention_days: int | None = Field(default=None, ge=0, le=36_500)


class ModelFields(PriceShape):
    """An entry of the registry without its key."""

    identifier: Identifier
    provider: ProviderName
    base_url: Url | None = None
    name: Name | None = None
    project: Id | None = None
    is_public: bool | None = None
    context_window: Count | None = None
    max_output: Count | None = None
    data_retention_days: Count | None = None
    additional_config: Settings | None = None
    operations: list[OperationName] | None = None
    data_policy: DataTermsShape | None = None

    def _half(self) -> bool:
        """What makes vectors only has no output to price, what makes pictures only no tokens."""
        operations = {*(self.operations or ())}
        if operations and operations <= {"embeddings", "images"} and self.input_cost_per_1k is not None:
            return False
        tokens = self.input_cost_per_1k is not None or self.output_cost_per_1k is not None
        return (operations != {"images"} or tokens or self.image_cost is None) and super()._half()

    @model_validator(mode="after")
    def _addressed(self) -> "ModelFields":
        if self.base_url is None and self.provider not in _FIXED_ADDRESS:
            raise ValueError(f"provider `{self.provider}` has no address of its own: `base_url` is missing")
        if self.base_url is not None and self.base_url.startswith("sandbox:") and self.provider != "sandbox":
            raise ValueError("`base_url` must begin with http:// or https://")
        return self


class ModelShape(ModelFields):
    id: ModelId
    api_key: SecretShape | None = None


class BudgetsShape(Shape):
    daily_usd: Dollars | None = None
    monthly_usd: Dollars | None = None
    fallback_price: PriceShape | None = None


class BudgetShape(ReachShape):
    hourly_usd: Dollars | None = None
    daily_usd: Dollars | None = None
    monthly_usd: Dollars | None = None
    fallback_price: PriceShape | None = None

    @model_validator(mode="after")
    def _whole(self) -> "BudgetShape":
        if self.scope in ("proxy", "ip", "global"):
            raise ValueError("a budget stands on org, project, key, user or metadata:<name>")
        if self.hourly_usd is None and self.daily_usd is None and self.monthly_usd is None:
            raise ValueError("a budget without an amount is none: give `daily_usd`, `monthly_usd` or `hourly_usd`")
        if self.hourly_usd is not None and self.scope != "key":
            raise ValueError("`hourly_usd` is the spend cap of a key: its `scope` must be `key`")
        return self


class TiersShape(Shape):
    """One id a tier, or a list of them."""

    simple: Targets | None = None
    medium: Targets | None = None
    complex: Targets | None = None
    secure: Targets | None = None


class RoutingShape(Shape):
    strategy: Literal["ordered", "weighted", "round_robin", "lowest_latency", "lowest_cost"] | None = None
    weights: dict[Id, Weight] | None = None


class RequestPolicyShape(Shape):
    """Rego, in a file or in place."""

    file: RegoFile | None = None
    source: str | None = Field(default=None, min_length=1, max_length=262_144)
    mode: Literal["enforce", "observe"] | None = None
    timeout_ms: int | None = Field(default=None, ge=1, le=200)

    @model_validator(mode="after")
    def _one(self) -> "RequestPolicyShape":
        if (self.file is None) == (self.source is None):
            raise ValueError("must say one: {file: path} or {source: text}")
        return self


class ResponsePolicyShape(RequestPolicyShape):
    """`on_error`: what becomes of an answer that the policy gives no verdict on."""

    on_error: Literal["block", "allow"] | None = None


class DataPolicyShape(Shape):
    """What a project demands of every place that its data goes to."""

    zero_retention: bool | None = None
    no_training: bool | None = None
    regions: list[Region] | None = Field(default=None, min_length=1, max_length=50)
    private_only: bool | None = None
    max_retention_days: int | None = Field(default=None, ge=0, le=36_500)


class RuleFields(Shape):
    """What every rule instance may say of itself."""

    kind: Id
    mode: Literal["enforce", "observe"] | None = None
    phases: list[Literal["request", "response"]] | None = None
    operations: list[Id] | None = None
    streaming_mode: Literal["realtime", "buffered"] | None = None
    proxy: ProxyId | None = None


class RuleShape(RuleFields):
    """An instance in the chain; each kind reads further keys of its own. `alone`: only its kind was named."""

    model_config = ConfigDict(extra="allow")

    name: Id
    alone: bool = Field(default=False, exclude_if=lambda said: not said)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"name": value, "kind": value, "alone": True}
        if isinstance(value, dict) and "alone" in value:
            raise ValueError("has no key `alone`")
        return value  # pyright: ignore[reportUnknownVariableType]


class PoliciesShape(Shape):
    chain: list[RuleShape] = Field(default=[])


class CacheShape(Shape):
    """Earlier answers to the same questions."""

    ttl_seconds: Seconds | None = None
    max_bytes: int | None = Field(default=None, ge=4096, le=256 * 1024 * 1024)
    temperature_zero_only: bool | None = None


class ProxyRulesShape(PoliciesShape):
    """A proxy's own chain: rules in place, and the names of rules that stand elsewhere."""

    @model_validator(mode="after")
    def _its_own(self) -> "ProxyRulesShape":
        for rule in self.chain:
            if rule.proxy is not None:
                raise ValueError(f"the rule `{rule.name}` stands in a proxy's chain: it says no `proxy` of its own")
        return self


class ProjectShape(Shape):
    id: Id
    name: Name | None = None
    default_model: Id | None = None
    tiers: TiersShape | None = None
    routing: RoutingShape | None = None
    model_policy: Literal["honour", "override", "tier"] | None = None
    data_policy: DataPolicyShape | None = None
    budgets: BudgetsShape | None = None
    rate_limits: RatesShape | None = None
    pass_through_provider: ProviderName | None = None
    features: list[Literal["offline_testing"]] | None = None
    max_output_default: Count | None = None
    strict_translation: bool | None = None
    store_bodies: bool | None = None
    body_bytes: int | None = Field(default=None, ge=1024, le=1_048_576)
    cache: CacheShape | None = None
    policies: PoliciesShape | None = None
    request_policy: RequestPolicyShape | None = None
    response_policy: ResponsePolicyShape | None = None


class ProxyFields(Shape):
    """A proxy without its id."""

    name: Name | None = None
    project: Id | None = None
    owner: Name | None = None
    environment: Id | None = None
    description: str | None = Field(default=None, max_length=2000)
    models: list[Identifier] | None = None
    providers: list[ProviderName] | None = None
    default_model: Identifier | None = None
    target_model: Identifier | None = None
    model_policy: Literal["honour", "override", "tier"] | None = None
    request_policy: RequestPolicyShape | None = None
    response_policy: ResponsePolicyShape | None = None
    policies: ProxyRulesShape | None = None
    record_tool_arguments: bool | None = None
    rate_limits: RatesShape | None = None


class ProxyShape(ProxyFields):
    id: ProxyId


class CompatShape(Shape):
    header_prefixes: list[HeaderPrefix] = Field(default=[])
    rego_packages: list[RegoPackage] = Field(default=[])


class RetriesShape(Shape):
    attempts: int | None = Field(default=None, ge=1, le=10)
    base: Seconds | None = None
    cap: Seconds | None = None
    budget: Seconds | None = None


class EscalationsShape(Shape):
    """`expires_seconds`: how long a call that was held back waits for a person."""

    expires_seconds: Seconds | None = None


class MetricsShape(Shape):
    """`metadata_keys`: what calls are added up by beside what the gateway knows of them."""

    metadata_keys: list[Id] = Field(default=[], max_length=8)


class BreakerShape(Shape):
    """Seconds, but for `failures` and `calls`; `error_share` is a part of 1."""

    failures: int | None = Field(default=None, ge=1, le=1000)
    error_share: float | None = Field(default=None, gt=0, le=1)
    calls: int | None = Field(default=None, ge=1, le=100_000)
    window: Seconds | None = None
    open: Seconds | None = None
    longest: Seconds | None = None


class FileShape(Shape):
    server: ServerShape | None = None
    models: list[ModelShape] = Field(default=[])
    tiers: TiersShape | None = None
    routing: RoutingShape | None = None
    fallbacks: dict[Id, list[Id]] = Field(default={})
    projects: list[ProjectShape] = Field(default=[])
    budgets: list[BudgetShape] = Field(default=[])
    rate_limits: RateLimitsShape | None = None
    limits: list[LimitShape] = Field(default=[])
    loops: LoopsShape | None = None
    proxies: list[ProxyShape] = Field(default=[])
    policies: PoliciesShape | None = None
    policy: dict[Id, dict[str, Any]] = Field(default={})
    compat: CompatShape | None = None
    retries: RetriesShape | None = None
    escalations: EscalationsShape | None = None
    metrics: MetricsShape | None = None
    breaker: BreakerShape | None = None
    webhooks: list[WebhookShape] = Field(default=[])
    testing: TestingShape | None = None
    """Cases for `gatepost policy test`: no call is touched by them."""
