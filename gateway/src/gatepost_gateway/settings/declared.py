"""What a configuration says, as it is kept in a version: frozen, complete, readable for ever.

Fields are only ever added, with a default; none is removed or reused, so that every version ever stored can be read.
"""

from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.limits import LoopRules
from gatepost_gateway.domain.routing import DataPolicy, DataTerms
from gatepost_gateway.domain.snapshot import CacheRules, Sealed
from gatepost_gateway.domain.webhooks import SpikeRules


class SecretSource(Struct, frozen=True):
    """Where a secret comes from, and what was found there as ciphertext.

    `mark` is a keyed hash of the plain text, so that a change can be seen without opening anything. Neither `env` nor
    `file` is set when the secret came in by the admin API.
    """

    env: str | None = None
    file: str | None = None
    sealed: Sealed | None = None
    mark: str | None = None


class PriceSheet(Struct, frozen=True):
    """Dollars per thousand tokens, an image in dollars a piece."""

    input_cost_per_1k: Decimal | None = None
    output_cost_per_1k: Decimal | None = None
    cache_read_cost_per_1k: Decimal | None = None
    cache_write_cost_per_1k: Decimal | None = None
    image_cost: Decimal | None = None


class DeclaredModel(Struct, frozen=True, kw_only=True):
    id: str
    identifier: str
    provider: str
    base_url: str | None = None
    name: str = ""
    project: str | None = None
    api_key: SecretSource | None = None
    is_public: bool = True
    input_cost_per_1k: Decimal | None = None
    output_cost_per_1k: Decimal | None = None
    cache_read_cost_per_1k: Decimal | None = None
    cache_write_cost_per_1k: Decimal | None = None
    image_cost: Decimal | None = None
    context_window: int | None = None
    max_output: int | None = None
    data_retention_days: int | None = None
    additional_config: dict[str, Any] = field(default_factory=dict[str, Any])
    operations: tuple[str, ...] = ()
    data_policy: DataTerms | None = None


class DeclaredBudgets(Struct, frozen=True):
    daily_usd: Decimal | None = None
    monthly_usd: Decimal | None = None
    fallback_price: PriceSheet | None = None


class DeclaredBudget(Struct, frozen=True, kw_only=True):
    """`scope`: `org`, `project`, `key`, `user` or `metadata:<name>`; without `match` every subject of it apart."""

    id: str
    scope: str
    match: str | None = None
    project: str | None = None
    hourly_usd: Decimal | None = None
    daily_usd: Decimal | None = None
    monthly_usd: Decimal | None = None
    fallback_price: PriceSheet | None = None


class DeclaredRates(Struct, frozen=True):
    rpm: int | None = None
    tpm: int | None = None
    max_parallel_requests: int | None = None


class DeclaredLimit(Struct, frozen=True, kw_only=True):
    """`scope`: as that of a budget, or `proxy`, `ip` or `global`."""

    id: str
    scope: str
    match: str | None = None
    project: str | None = None
    rpm: int | None = None
    tpm: int | None = None
    max_parallel_requests: int | None = None


class DeclaredRouting(Struct, frozen=True):
    strategy: str = "ordered"
    weights: dict[str, int] = field(default_factory=dict[str, int])


class DeclaredPolicy(Struct, frozen=True):
    """Rego as it was read and checked when it was declared; `file`: where from.

    `asked` are the packages that it might have spoken in, beside our own. `packages` and `reads` are what the check
    found; `slow`: it took long to compile.
    """

    file: str | None = None
    source: str | None = None
    mode: str = "enforce"
    timeout_ms: int = 10
    on_error: str = "block"
    asked: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    reads: tuple[tuple[str, ...], ...] = ()
    slow: bool = False


class DeclaredProject(Struct, frozen=True, kw_only=True):
    id: str
    name: str = ""
    default_model: str | None = None
    budgets: DeclaredBudgets = DeclaredBudgets()
    rate_limits: DeclaredRates = DeclaredRates()
    pass_through_provider: str | None = None
    features: tuple[str, ...] = ()
    max_output_default: int = 4096
    strict_translation: bool = False
    request_policy: DeclaredPolicy | None = None
    response_policy: DeclaredPolicy | None = None
    tiers: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    routing: DeclaredRouting | None = None
    model_policy: str = "honour"
    data_policy: DataPolicy | None = None
    store_bodies: bool = False
    body_bytes: int = 65_536
    cache: CacheRules | None = None


class DeclaredRules(Struct, frozen=True):
    chain: tuple[str, ...] = ()


class DeclaredProxy(Struct, frozen=True, kw_only=True):
    id: str
    name: str = ""
    project: str = "default"
    owner: str = ""
    environment: str = ""
    description: str = ""
    models: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    default_model: str | None = None
    target_model: str | None = None
    model_policy: str | None = None
    request_policy: DeclaredPolicy | None = None
    response_policy: DeclaredPolicy | None = None
    policies: DeclaredRules = DeclaredRules()
    record_tool_arguments: bool = True
    rate_limits: DeclaredRates = DeclaredRates()


class DeclaredServer(Struct, frozen=True):
    """The part of `server` that the data plane follows while it runs; the rest is read once, at start."""

    pass_through_project: str | None = None
    timeouts: dict[str, float] = field(default_factory=dict[str, float])


class DeclaredCompat(Struct, frozen=True):
    header_prefixes: tuple[str, ...] = ()
    rego_packages: tuple[str, ...] = ()


class DeclaredMetrics(Struct, frozen=True):
    metadata_keys: tuple[str, ...] = ()


class DeclaredWebhook(Struct, frozen=True, kw_only=True):
    id: str
    url: str
    events: tuple[str, ...] = ()
    project: str | None = None
    thresholds: tuple[int, ...] = (50, 80, 100)
    error_spikes: SpikeRules = SpikeRules()
    enabled: bool = True
    secret: SecretSource
    previous_secret: SecretSource | None = None


class Layer(Struct, frozen=True):
    """One owner's part of the configuration."""

    server: DeclaredServer = DeclaredServer()
    models: tuple[DeclaredModel, ...] = ()
    fallbacks: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    projects: tuple[DeclaredProject, ...] = ()
    compat: DeclaredCompat = DeclaredCompat()
    retries: dict[str, float] = field(default_factory=dict[str, float])
    tiers: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    proxies: tuple[DeclaredProxy, ...] = ()
    policies: dict[str, Any] = field(default_factory=dict[str, Any])
    routing: DeclaredRouting = DeclaredRouting()
    escalations: dict[str, float] = field(default_factory=dict[str, float])
    metrics: DeclaredMetrics = DeclaredMetrics()
    breaker: dict[str, float] = field(default_factory=dict[str, float])
    rules: tuple[RuleSpec, ...] = ()
    budgets: tuple[DeclaredBudget, ...] = ()
    loops: LoopRules = LoopRules()
    rate_limits: dict[str, DeclaredRates] = field(default_factory=dict[str, DeclaredRates])
    """By scope: `global`, `per_key`..."""
    limits: tuple[DeclaredLimit, ...] = ()
    webhooks: tuple[DeclaredWebhook, ...] = ()


class Document(Struct, frozen=True):
    """A version: what the file declares, and what was declared by the API. No entry is in both."""

    file: Layer = Layer()
    api: Layer = Layer()
