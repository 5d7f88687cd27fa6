"""What is true now: configuration and identities, immutable, swapped as one reference.

`SnapshotDocument` is what the control plane sends; `Snapshot` is the same with the indexes that a call needs.
"""

import re
from enum import StrEnum
from typing import Any

from msgspec import Struct, field, structs

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.escalation import LIFE_MICROS, HumanVerdict
from gatepost_gateway.domain.limits import (
    Budget,
    Index,
    LoopRules,
    RateLimits,
    Scope,
    ScopedBudget,
    ScopedRates,
    own_rates,
)
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.named import Named
from gatepost_gateway.domain.rego import RegoEntry
from gatepost_gateway.domain.routing import BreakerRules, DataPolicy, DataTerms, ModelPolicy, Routing


class KeyKind(StrEnum):
    RUNTIME = "runtime"
    ADMIN = "admin"


class KeyState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    REVOKED = "revoked"


NO_RATES = RateLimits()


class KeyEntry(Struct, frozen=True):
    """A gateway key: the id may be shown, `digest` is SHA-256 of the secret part. `expires_at`: microseconds, UTC."""

    id: str
    kind: KeyKind
    name: str
    digest: bytes
    org: str
    project: str
    state: KeyState = KeyState.ACTIVE
    proxy: str | None = None
    expires_at: int | None = None
    models: tuple[str, ...] = ()
    """Ids or identifiers of the models that it may call; empty: all of its project's."""
    paths: tuple[str, ...] = ()
    """Paths that it may ask, `*` at the end for all that begin so; empty: every one."""
    member: str | None = None
    """An admin key of a member of the organisation does what the member's role may; None: an operator's."""
    rate_limits: RateLimits = NO_RATES

    def allows(self, entry: "ModelEntry") -> bool:
        """Whether its calls may go to `entry`."""
        return not self.models or entry.id in self.models or entry.identifier in self.models

    def reaches(self, path: str) -> bool:
        """Whether it may ask `path`."""
        return not self.paths or any(covers(allowed, path) for allowed in self.paths)


def covers(allowed: str, path: str) -> bool:
    """Whether `path`, or the pattern that it is, lies within `allowed`."""
    return path == allowed or (allowed.endswith("*") and path.startswith(allowed[:-1]))


class Sealed(Struct, frozen=True):
    """A secret as ciphertext: AES-GCM with the master key named by `master`, nonce first. Opens only for `purpose`."""

    master: str
    box: bytes
    purpose: str = ""


class ProviderKind(Named):
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    BEDROCK = "bedrock"
    AZURE = "azure"
    INTERNAL = "internal"
    SANDBOX = "sandbox"


class ModelEntry(Struct, frozen=True):
    """A registered model. `base_url` has no trailing slash; limits are in tokens; no price means unknown, not free."""

    id: str
    identifier: str
    provider: ProviderKind
    base_url: str
    name: str = ""
    project: str | None = None
    credential: Sealed | None = None
    is_public: bool = True
    prices: Prices | None = None
    context_window: int | None = None
    max_output: int | None = None
    data_retention_days: int | None = None
    additional_config: dict[str, Any] = field(default_factory=dict[str, Any])
    operations: tuple[str, ...] = ()
    """The operations that this entry serves; empty: whatever its provider can."""
    at_home: bool = False
    """Its address is the provider's own: a project's own key of that provider may go there."""
    declared: bool = True
    """False for entries that the gateway inferred; the operator vouches for a declared entry's address."""
    data_terms: DataTerms = DataTerms()


def endpoint_of(entry: ModelEntry) -> str | None:
    """What fails together: a provider at an address, in a region where that is said apart. None: this process."""
    if entry.provider is ProviderKind.SANDBOX:
        return None
    region = entry.additional_config.get("aws_region")
    return f"{entry.provider.value} {entry.base_url}" + (f" {region}" if region else "")


class ModelFacts(Struct, frozen=True, array_like=True):
    """What the catalogue knows of a model."""

    prices: Prices | None = None
    context_window: int | None = None
    max_output: int | None = None


class Inference(Struct, frozen=True):
    """Names that need no entry: they begin with one of `prefixes`, and a credential of their provider is here.

    `project` None: in every project. Without a credential only a caller's own key can serve such a call.
    """

    provider: ProviderKind
    base_url: str
    prefixes: tuple[str, ...]
    credential: Sealed | None = None
    project: str | None = None
    known: dict[str, ModelFacts] = field(default_factory=dict[str, ModelFacts])

    def entry(self, project: str, name: str) -> ModelEntry | None:
        """The entry that `name` stands for in `project`, if it is a name of this family."""
        if self.project not in (None, project) or not name.startswith(self.prefixes) or not _NAME.fullmatch(name):
            return None
        facts = self.known.get(name) or self.known.get(undated(name)) or ModelFacts()
        return ModelEntry(
            id=name,
            identifier=name,
            provider=self.provider,
            base_url=self.base_url,
            credential=self.credential,
            prices=facts.prices,
            context_window=facts.context_window,
            max_output=facts.max_output,
            at_home=True,
            declared=False,
        )


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_DATE = re.compile(r"[-@](\d{4}-\d{2}-\d{2}|\d{8})$")


def undated(name: str) -> str:
    """The family of a dated model: `gpt-4o-mini-2024-07-18` is a `gpt-4o-mini`."""
    return _DATE.sub("", name)


class CacheRules(Struct, frozen=True):
    """How long answers may be given again, how many bytes of them are held, and to which questions."""

    ttl_seconds: float = 300.0
    max_bytes: int = 32 * 1024 * 1024
    temperature_zero_only: bool = True
    """Only where the caller asks for a temperature of 0."""


class ProjectEntry(Struct, frozen=True):
    id: str
    org: str
    name: str = ""
    default_model: str | None = None
    budgets: tuple[Budget, ...] = ()
    rate_limits: RateLimits = NO_RATES
    pass_through_provider: ProviderKind | None = None
    """The one provider family that a caller's own key may go to, where pass-through is on."""
    features: tuple[str, ...] = ()
    max_output_default: int = 4096
    """The output cap in tokens for a call under a budget whose model has no known maximum and whose caller set none."""
    strict_translation: bool = False
    """A request that the target's format cannot carry whole is refused, not sent with a listed loss."""
    tiers: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Entry ids by tier, where they differ from everybody's."""
    routing: Routing | None = None
    """None: as for everybody."""
    model_policy: ModelPolicy = ModelPolicy.HONOUR
    data_policy: DataPolicy | None = None
    rego: tuple[RegoEntry, ...] = ()
    """Its own policies: a proxy may have more."""
    body_bytes: int = 0
    """The most bytes of a request, and of an answer, that are kept with its record, masked; 0: they are not kept."""
    cache: CacheRules | None = None
    """None: only calls that ask for it are answered from the cache."""
    own_keys: dict[ProviderKind, Sealed] = field(default_factory=dict[ProviderKind, Sealed])
    """The provider keys that it brought itself: they come before the registry's."""
    own_keys_only: bool = False
    """It signed itself up: nothing is spent for it with a key that it did not bring."""

    def key_for(self, entry: ModelEntry) -> Sealed | None:
        """The key for `entry`: its own where it may go there, which is to the provider's own address or to an entry of
        that provider that has no key; else the entry's.
        """
        own = self.own_keys.get(entry.provider)
        keyless = entry.credential is None and (entry.project == self.id or not self.own_keys_only)
        if own is not None and (entry.at_home or keyless):
            return own
        return None if self.own_keys_only else entry.credential


class ProxyEntry(Struct, frozen=True):
    """An agent's own way in: its calls, sessions, keys and policies are its own.

    `models`: ids or identifiers that it may call, and `providers` the families; empty: all of its project's. A
    `target_model` is called whatever the caller names. `chain` names rule instances.
    """

    id: str
    project: str
    name: str = ""
    owner: str = ""
    environment: str = ""
    models: tuple[str, ...] = ()
    providers: tuple[ProviderKind, ...] = ()
    default_model: str | None = None
    target_model: str | None = None
    model_policy: ModelPolicy | None = None
    rego: tuple[RegoEntry, ...] = ()
    chain: tuple[str, ...] = ()
    record_tool_arguments: bool = True
    rate_limits: RateLimits = NO_RATES

    def allows(self, entry: ModelEntry) -> bool:
        """Whether its calls may go to `entry`."""
        if self.providers and entry.provider not in self.providers:
            return False
        return not self.models or entry.id in self.models or entry.identifier in self.models


class Timeouts(Struct, frozen=True):
    """Seconds that an upstream may take."""

    connect: float = 10.0
    first_byte: float = 120.0
    idle: float = 60.0
    total: float = 600.0


class Retries(Struct, frozen=True):
    """`attempts` on one target; `budget` seconds in all, waits included; `base` seconds doubled each time."""

    attempts: int = 2
    base: float = 0.25
    cap: float = 8.0
    budget: float = 30.0


class SnapshotDocument(Struct, frozen=True):
    """Everything a data plane needs, as it travels from the control plane."""

    version: int
    identity_seq: int
    keys: tuple[KeyEntry, ...] = ()
    projects: tuple[ProjectEntry, ...] = ()
    models: tuple[ModelEntry, ...] = ()
    fallbacks: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    pass_through_project: str | None = None
    timeouts: Timeouts = Timeouts()
    retries: Retries = Retries()
    header_prefixes: tuple[str, ...] = ()
    metadata_keys: tuple[str, ...] = ()
    """The metadata that metrics are grouped by."""
    inferred: tuple[Inference, ...] = ()
    tiers: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    routing: Routing = Routing()
    verdicts: tuple[HumanVerdict, ...] = ()
    """What people decided about escalated calls, as long as it holds."""
    escalation_life: int = LIFE_MICROS
    """Microseconds that an escalation waits for a person."""
    breaker: BreakerRules = BreakerRules()
    proxies: tuple[ProxyEntry, ...] = ()
    rules: tuple[RuleSpec, ...] = ()
    """The policy chain: global rules, and those of projects and proxies."""
    judge_keys: dict[str, Sealed | None] = field(default_factory=dict[str, Sealed | None])
    """The keys that judges outside are shown, by the names of the rules that ask them; None: it is not there."""
    budgets: tuple[ScopedBudget, ...] = ()
    """Beside those of projects."""
    loops: LoopRules = LoopRules()
    rates: tuple[ScopedRates, ...] = ()
    """Beside those of projects, proxies and keys."""

    @property
    def all_rates(self) -> tuple[ScopedRates, ...]:
        """Every rate limit, in the order in which a call looks at them: its own before everybody's."""
        own = [
            own_rates(scope, one.id, one.rate_limits)
            for scope, ones in ((Scope.KEY, self.keys), (Scope.PROXY, self.proxies), (Scope.PROJECT, self.projects))
            for one in ones
            if one.rate_limits != NO_RATES
        ]
        return (*own, *self.rates)


class Snapshot:
    """The document with its indexes. Never changed after it is built."""

    __slots__ = (
        "budgets",
        "chains",
        "document",
        "fallbacks",
        "keys",
        "models",
        "names",
        "policies",
        "projects",
        "proxies",
        "rates",
        "verdicts",
    )

    def __init__(self, document: SnapshotDocument, chains: object = None, policies: object = None) -> None:
        self.document = document
        self.chains = chains
        """The document's rules, compiled by whoever serves it."""
        self.policies = policies
        """The document's policies in Rego, compiled likewise; None: there is none."""
        self.keys = {key.id: key for key in document.keys}
        self.projects = {project.id: project for project in document.projects}
        self.proxies = {proxy.id: proxy for proxy in document.proxies}
        self.models = {entry.id: entry for entry in document.models}
        self.fallbacks = document.fallbacks
        self.budgets = Index(document.budgets)
        self.rates = Index(document.all_rates)
        self.verdicts = {verdict.fingerprint: verdict for verdict in document.verdicts}
        # (project or None, what a caller says) -> entries; an id beats an identifier, a project's entry a shared one.
        names: dict[tuple[str | None, str], list[ModelEntry]] = {}
        for entry in document.models:
            names.setdefault((entry.project, entry.id), []).insert(0, entry)
            if entry.identifier != entry.id:
                names.setdefault((entry.project, entry.identifier), []).append(entry)
        self.names = {name: tuple(entries) for name, entries in names.items()}

    @property
    def version(self) -> int:
        return self.document.version

    def called(self, project: str, name: str) -> tuple[ModelEntry, ...]:
        """The entries that `name` may mean in `project`, best first."""
        own = self.names.get((project, name), ())
        shared = self.names.get((None, name), ())
        found = own + shared if own else shared
        return found or self._inferred(project, name)

    def _inferred(self, project: str, name: str) -> tuple[ModelEntry, ...]:
        entries = (inference.entry(project, name) for inference in self.document.inferred)
        return tuple(entry for entry in entries if entry is not None)

    def tier(self, project: ProjectEntry, tier: str) -> tuple[str, ...]:
        """The ids of a tier in `project`, as they were declared; empty: it is not configured."""
        return project.tiers.get(tier) or self.document.tiers.get(tier, ())

    def project_of(self, project: str, proxy: str | None) -> ProjectEntry:
        """A project as the calls of one of its proxies see it."""
        found, own = self.projects[project], self.proxies.get(proxy) if proxy is not None else None
        if own is None or (own.default_model is None and own.model_policy is None):
            return found
        return structs.replace(
            found,
            default_model=own.default_model or found.default_model,
            model_policy=own.model_policy or found.model_policy,
        )

    def visible(self, project: str) -> list[ModelEntry]:
        """The entries that a project may call by name, in the order of their registration."""
        return [entry for entry in self.document.models if entry.project in (None, project)]
