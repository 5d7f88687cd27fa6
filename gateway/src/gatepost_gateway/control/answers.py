"""The bodies of the answers. Money is dollars as exact decimal text, None where it is not known; times are RFC 3339."""

from typing import Any

from msgspec import Struct, field

from gatepost_gateway.control.view import Change
from gatepost_gateway.domain.limits import RateLimits


class Version(Struct, frozen=True):
    number: int
    created_at: str
    by: str
    digest: str
    note: str
    current: bool


class VersionPage(Struct, frozen=True):
    items: list[Version]


class VersionDocument(Struct, frozen=True):
    """A version with its document, secrets left out."""

    number: int
    created_at: str
    by: str
    digest: str
    note: str
    current: bool
    document: dict[str, Any]


class VersionDiff(Struct, frozen=True):
    changes: list[Change]


class Rollback(Struct, frozen=True):
    number: int
    changes: list[Change]


class Applied(Struct, frozen=True):
    number: int
    changes: list[Change]
    warnings: list[str]
    dry_run: bool = False


class Facts(Struct, frozen=True):
    """What holds for a model: its own words, else the catalogue's."""

    input_cost_per_1k: str | None
    output_cost_per_1k: str | None
    cache_read_cost_per_1k: str | None
    cache_write_cost_per_1k: str | None
    image_cost: str | None
    context_window: int | None
    max_output: int | None
    source: str
    """`entry`, `catalogue` with its day, or `unknown`: where the price comes from."""


class Model(Struct, frozen=True, kw_only=True):
    """An entry as it was declared, without its key."""

    id: str
    identifier: str
    provider: str
    name: str | None
    base_url: str | None
    api_key_set: bool
    api_key_source: str | None
    is_public: bool
    project: str | None
    input_cost_per_1k: str | None
    output_cost_per_1k: str | None
    cache_read_cost_per_1k: str | None
    cache_write_cost_per_1k: str | None
    image_cost: str | None
    context_window: int | None
    max_output: int | None
    data_retention_days: int | None
    additional_config: dict[str, Any]
    operations: list[str]
    data_policy: dict[str, Any] | None
    """What the operator declares: `zero_retention`, `training`, `region`."""
    managed_by: str
    effective: Facts


class ModelPage(Struct, frozen=True):
    items: list[Model]


class Key(Struct, frozen=True, kw_only=True):
    """A key as it may be shown: never its secret."""

    id: str
    name: str
    kind: str
    project: str
    proxy: str | None
    status: str
    created_at: str
    expires_at: str | None
    models: list[str]
    """Empty: all of its project's."""
    paths: list[str]
    """Empty: every one."""
    rate_limits: RateLimits
    member: str | None
    """Whose admin key it is; null: an operator's."""


class NewKey(Key, frozen=True, kw_only=True):
    """`key` is shown this once."""

    key: str


class KeyPage(Struct, frozen=True):
    items: list[Key]


class Budget(Struct, frozen=True):
    """What a project may spend in a period. `settled` and `held` are None where no records are at hand."""

    limit_id: str
    period: str
    limit: str
    settled: str | None
    held: str | None
    resets_at: str
    fallback_price: bool


class ScopedBudget(Struct, frozen=True, kw_only=True):
    """A budget in one period. `account`, `settled`, `held` and `remaining` are None where it has many: ask for one."""

    id: str
    limit_id: str
    scope: str
    match: str | None
    project: str | None
    period: str
    limit: str
    account: str | None
    settled: str | None
    held: str | None
    remaining: str | None
    resets_at: str
    fallback_price: bool
    managed_by: str


class ScopedBudgetPage(Struct, frozen=True):
    items: list[ScopedBudget]


class Project(Struct, frozen=True, kw_only=True):
    id: str
    org: str
    name: str | None
    default_model: str | None
    budgets: list[Budget]
    rate_limits: RateLimits
    pass_through_provider: str | None
    features: list[str]
    managed_by: str


class ProjectPage(Struct, frozen=True):
    items: list[Project]


class EscalationTurn(Struct, frozen=True):
    """Who turned an escalation to what."""

    at: str
    by: str
    status: str
    note: str


class Escalation(Struct, frozen=True, kw_only=True):
    """A call that a rule held back for a person. `admits_until`: the identical request passes once until then."""

    id: str
    status: str
    created_at: str
    expires_at: str
    rule: str
    kind: str
    phase: str
    reason_code: str | None
    message: str | None
    severity: str
    org: str
    project: str
    proxy: str | None
    key_id: str
    user: str | None
    surface: str
    model: str | None
    trace_id: str
    step_id: str
    session_id: str | None
    request_id: str | None
    config_version: int
    admits_until: str | None
    admitted_step_id: str | None
    history: list[EscalationTurn]


class EscalationPage(Struct, frozen=True):
    items: list[Escalation]


class RegoPolicy(Struct, frozen=True, kw_only=True):
    """A policy in force. `packages` are those that it speaks in, `reads` what it looks at."""

    stage: str
    source: str
    file: str | None
    mode: str
    timeout_ms: int
    on_error: str
    packages: list[str]
    reads: list[str]
    managed_by: str


class RegoPolicyPage(Struct, frozen=True):
    items: list[RegoPolicy]


class Totals(Struct, frozen=True, kw_only=True):
    """Costs in dollars. Latency of answered calls; a quantile is off by at most `quantile_error` of itself."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost_usd: float
    unpriced_requests: int
    error_rate: float
    cache_hit_rate: float
    avg_latency_ms: float | None
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    p99_latency_ms: float | None
    quantile_error: float


class MetricGroup(Struct, frozen=True, kw_only=True):
    key: str
    requests: int
    total_tokens: int
    cost_usd: float
    avg_latency_ms: float | None
    error_rate: float


class MetricPoint(Struct, frozen=True, kw_only=True):
    """A stretch of time that begins at `bucket`; stretches without a call are left out."""

    bucket: str
    requests: int
    total_tokens: int
    cost_usd: float
    error_rate: float


class Metrics(Struct, frozen=True, kw_only=True):
    scope: str
    scope_id: str
    range_from: str
    range_to: str
    group_by: str
    granularity: str
    totals: Totals
    breakdown: list[MetricGroup]
    timeseries: list[MetricPoint]


class UsageLine(Struct, frozen=True, kw_only=True):
    """Money as exact decimal text, in dollars. `margin` is revenue less cost."""

    key: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    revenue: str
    cost: str
    margin: str
    unpriced_requests: int


class UsagePage(Struct, frozen=True, kw_only=True):
    range_from: str
    range_to: str
    group_by: str
    total: UsageLine
    items: list[UsageLine]


class CohortLine(Struct, frozen=True):
    """Users who first came in the period that begins on `cohort`; `active` and `shares` by periods since, 0 first."""

    cohort: str
    size: int
    active: list[int]
    shares: list[float]


class RetentionPage(Struct, frozen=True):
    project: str
    feature: str | None
    period: str
    cohorts: list[CohortLine]


class Proxy(Struct, frozen=True, kw_only=True):
    """A proxy. Policies are Rego text; `policies` names rule instances; `keys` are the ids of its own keys."""

    id: str
    name: str | None
    project: str
    owner: str | None
    environment: str | None
    description: str | None
    models: list[str]
    providers: list[str]
    default_model: str | None
    target_model: str | None
    model_policy: str | None
    request_policy: str | None
    response_policy: str | None
    policies: list[str]
    record_tool_arguments: bool
    rate_limits: RateLimits
    keys: list[str]
    openai_path: str
    anthropic_path: str
    managed_by: str


class Policy(Struct, frozen=True, kw_only=True):
    """A rule instance of the chain. `project` and `proxy` null: for every call; empty lists: all that its kind can."""

    name: str
    kind: str
    mode: str
    phases: list[str]
    operations: list[str]
    streaming_mode: str | None
    project: str | None
    proxy: str | None
    settings: dict[str, Any]
    managed_by: str


class PolicyPage(Struct, frozen=True):
    items: list[Policy]


class ProxyPage(Struct, frozen=True):
    items: list[Proxy]


class Health(Struct, frozen=True):
    """How the control plane is."""

    status: str
    config: str
    config_version: int
    identity_seq: int
    catalog: str
    warnings: list[str] = field(default_factory=list[str])
    telemetry: dict[str, int] | None = None


class Where(Struct, frozen=True):
    """One mistake and its place."""

    where: str
    message: str


class Problem(Struct, frozen=True, omit_defaults=True):
    """Every refusal."""

    error: str
    code: str
    request_id: str
    hint: str | None = None
    errors: list[Where] | None = None
