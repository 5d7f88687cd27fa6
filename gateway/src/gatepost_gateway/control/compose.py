"""Configuration and identities become the one document that the data plane serves from."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from msgspec import structs

from gatepost_gateway.control.limits import project_budgets, rates, scoped_budgets, scoped_rates
from gatepost_gateway.control.pricing import prices
from gatepost_gateway.control.rego import rego_entries
from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.escalation import LIFE_MICROS
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.routing import BreakerRules, DataTerms, ModelPolicy, Routing, Strategy
from gatepost_gateway.domain.snapshot import (
    Inference,
    ModelEntry,
    ProjectEntry,
    ProviderKind,
    ProxyEntry,
    Retries,
    Sealed,
    SnapshotDocument,
    Timeouts,
)
from gatepost_gateway.settings import SANDBOX_MODEL
from gatepost_gateway.settings.declared import DeclaredModel, DeclaredProject, DeclaredProxy, DeclaredRouting, Document
from gatepost_gateway.storage import catalog
from gatepost_gateway.storage.config import Identities, OwnKeySet

DEFAULT_ORG = "default"

ADDRESSES: Mapping[ProviderKind, str] = {
    ProviderKind.OPENAI: "https://api.openai.com/v1",
    ProviderKind.ANTHROPIC: "https://api.anthropic.com",
    ProviderKind.GEMINI: "https://generativelanguage.googleapis.com/v1beta/models",
    ProviderKind.BEDROCK: "https://bedrock-runtime.amazonaws.com",
    ProviderKind.SANDBOX: "sandbox://echo",
}
"""Where a provider is when an entry does not say."""

INFERRED: Mapping[ProviderKind, tuple[str, ...]] = {
    ProviderKind.ANTHROPIC: ("claude-",),
    ProviderKind.OPENAI: ("gpt-", "chatgpt-", *(f"o{digit}" for digit in range(10))),
    ProviderKind.GEMINI: ("gemini-",),
    ProviderKind.BEDROCK: tuple(
        f"{region}{vendor}."
        for region in ("", "us.", "eu.", "apac.", "global.", "us-gov.", "jp.", "au.")
        for vendor in ("amazon", "anthropic", "meta", "cohere", "mistral", "stability", "ai21", "deepseek", "writer")
    ),
}
"""The names that are a provider's own, for the providers that this version can call."""

SANDBOX = ModelEntry(
    id=SANDBOX_MODEL,
    identifier=SANDBOX_MODEL,
    provider=ProviderKind.SANDBOX,
    base_url=ADDRESSES[ProviderKind.SANDBOX],
    name="Sandbox: a local echo",
    prices=Prices(0, 0, 0, 0, 0),
    context_window=1_000_000,
)


def build_snapshot(
    version: int, document: Document, identities: Identities, credentials: Mapping[ProviderKind, Sealed]
) -> SnapshotDocument:
    """What is true now. `credentials`: the provider keys that the environment holds, sealed."""
    file = document.file
    models = [model_entry(model, credentials) for layer in (file, document.api) for model in layer.models]
    models += [azure_entry(key) for key in identities.own_keys.values() if key.provider is ProviderKind.AZURE]
    projects = project_entries(document, identities)
    return SnapshotDocument(
        version=version,
        identity_seq=identities.seq,
        keys=tuple(identities.keys.values()),
        projects=projects,
        models=(*models, SANDBOX),
        fallbacks=file.fallbacks,
        pass_through_project=file.server.pass_through_project,
        timeouts=structs.replace(Timeouts(), **file.server.timeouts),
        retries=_retries(file.retries),
        escalation_life=_micros(file.escalations.get("expires_seconds"), LIFE_MICROS),
        header_prefixes=tuple(prefix.lower().rstrip("-") + "-" for prefix in file.compat.header_prefixes),
        metadata_keys=file.metrics.metadata_keys,
        inferred=tuple(_inferences(projects, credentials)),
        tiers=file.tiers,
        routing=_routing(file.routing),
        breaker=_breaker(file.breaker),
        proxies=tuple(proxy_entry(proxy) for layer in (file, document.api) for proxy in layer.proxies),
        rules=tuple(_rules(document)),
        loops=file.loops,
        budgets=scoped_budgets((*file.budgets, *document.api.budgets)),
        rates=scoped_rates(file),
    )


def model_entry(model: DeclaredModel, credentials: Mapping[ProviderKind, Sealed]) -> ModelEntry:
    """An entry with what the catalogue knows where it says nothing itself."""
    provider = ProviderKind(model.provider)
    known = catalog.facts(provider, model.identifier)
    base_url = model.base_url or ADDRESSES.get(provider, "")
    return ModelEntry(
        id=model.id,
        identifier=model.identifier,
        provider=provider,
        base_url=base_url,
        name=model.name,
        project=model.project,
        credential=_credential(model, base_url, credentials),
        at_home=provider in ADDRESSES and origin(base_url) == origin(ADDRESSES[provider]),
        is_public=model.is_public,
        prices=prices(model, model.operations) or known.prices,
        context_window=model.context_window or known.context_window,
        max_output=model.max_output or known.max_output,
        data_retention_days=model.data_retention_days,
        additional_config=model.additional_config,
        operations=model.operations or _served_at(provider, base_url),
        data_terms=model.data_policy or DataTerms(),
    )


def azure_entry(key: OwnKeySet) -> ModelEntry:
    """The deployment that a project's Azure key is for, called as `azure/<deployment>`.

    Its address is a tenant's word: it goes through the egress rules like any that nobody declared.
    """
    deployment = key.meta["deployment"]
    known = catalog.facts(ProviderKind.OPENAI, deployment)
    return ModelEntry(
        id=f"azure/{deployment}@{key.project}",
        identifier=f"azure/{deployment}",
        provider=ProviderKind.AZURE,
        base_url=f"{key.meta['endpoint']}/openai/deployments/{deployment}",
        project=key.project,
        credential=key.sealed,
        prices=known.prices,
        context_window=known.context_window,
        max_output=known.max_output,
        additional_config={"api_version": key.meta["api_version"]},
        at_home=True,
        declared=False,
    )


def proxy_entry(proxy: DeclaredProxy) -> ProxyEntry:
    return ProxyEntry(
        id=proxy.id,
        project=proxy.project,
        name=proxy.name,
        owner=proxy.owner,
        environment=proxy.environment,
        models=proxy.models,
        providers=tuple(ProviderKind(name) for name in proxy.providers),
        default_model=proxy.default_model,
        target_model=proxy.target_model,
        model_policy=ModelPolicy(proxy.model_policy) if proxy.model_policy is not None else None,
        rego=rego_entries(f"proxies/{proxy.id}", proxy.request_policy, proxy.response_policy),
        chain=proxy.policies.chain,
        record_tool_arguments=proxy.record_tool_arguments,
        rate_limits=rates(proxy.rate_limits),
    )


def _rules(document: Document) -> Iterable[RuleSpec]:
    """The chain; each rule knows the proxies that name it."""
    named: dict[str, list[str]] = {}
    for proxy in (*document.file.proxies, *document.api.proxies):
        for name in dict.fromkeys(proxy.policies.chain):
            named.setdefault(name, []).append(proxy.id)
    for rule in (*document.file.rules, *document.api.rules):
        yield structs.replace(rule, named_by=tuple(named[rule.name])) if rule.name in named else rule


def _served_at(provider: ProviderKind, base_url: str) -> tuple[str, ...]:
    """What an internal server's address is for: called as it stands, it serves one operation."""
    if provider is not ProviderKind.INTERNAL:
        return ()
    path = urlsplit(base_url).path.rstrip("/")
    return (Operation.EMBED.value,) if path.endswith("/embeddings") else (Operation.CHAT.value,)


def _credential(model: DeclaredModel, base_url: str, credentials: Mapping[ProviderKind, Sealed]) -> Sealed | None:
    """The entry's own key; else the environment's, which goes to its provider's own address and nowhere else."""
    if model.api_key is not None:
        return model.api_key.sealed
    provider = ProviderKind(model.provider)
    if provider in ADDRESSES and origin(base_url) == origin(ADDRESSES[provider]):
        return credentials.get(provider)
    return None


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: where a key that is sent to `url` ends up."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def project_entries(document: Document, identities: Identities) -> tuple[ProjectEntry, ...]:
    """The projects that the file declares, and those that were made otherwise."""
    declared = {project.id: project for layer in (document.api, document.file) for project in layer.projects}
    names = [project.id for project in document.file.projects]
    names += [name for name in identities.projects if name not in names]
    return tuple(
        structs.replace(
            _project(declared.get(name), name, identities),
            own_keys=_own_keys(name, identities),
            own_keys_only=name in identities.projects and identities.projects[name].own_keys_only,
        )
        for name in names
    )


def _own_keys(project: str, identities: Identities) -> dict[ProviderKind, Sealed]:
    return {key.provider: key.sealed for key in identities.own_keys.values() if key.project == project}


def _project(declared: DeclaredProject | None, name: str, identities: Identities) -> ProjectEntry:
    made = identities.projects.get(name)
    org = made.org if made is not None else DEFAULT_ORG
    if declared is None:
        return ProjectEntry(id=name, org=org, name=made.name if made is not None else "")
    passing = declared.pass_through_provider
    return ProjectEntry(
        id=name,
        org=org,
        name=declared.name,
        default_model=declared.default_model,
        budgets=project_budgets(declared),
        rate_limits=rates(declared.rate_limits),
        pass_through_provider=ProviderKind(passing) if passing is not None else None,
        features=declared.features,
        max_output_default=declared.max_output_default,
        strict_translation=declared.strict_translation,
        body_bytes=declared.body_bytes if declared.store_bodies else 0,
        rego=rego_entries(f"projects/{name}", declared.request_policy, declared.response_policy),
        tiers=declared.tiers,
        routing=_routing(declared.routing) if declared.routing is not None else None,
        model_policy=ModelPolicy(declared.model_policy),
        data_policy=declared.data_policy,
        cache=declared.cache,
    )


def _routing(said: DeclaredRouting) -> Routing:
    return Routing(Strategy(said.strategy), said.weights)


def _micros(seconds: float | None, unsaid: int) -> int:
    return unsaid if seconds is None else int(seconds * 1_000_000)


def _retries(said: Mapping[str, float]) -> Retries:
    found = structs.replace(Retries(), **said)
    return structs.replace(found, attempts=int(found.attempts))


def _breaker(said: Mapping[str, float]) -> BreakerRules:
    names = {"error_share": "share"}
    found = structs.replace(BreakerRules(), **{names.get(name, name): value for name, value in said.items()})
    return structs.replace(found, failures=int(found.failures), calls=int(found.calls))


def _inferences(projects: tuple[ProjectEntry, ...], credentials: Mapping[ProviderKind, Sealed]) -> Iterable[Inference]:
    """For everyone where the environment has a key; else for the projects that brought one, or whose callers do."""
    for provider, prefixes in INFERRED.items():
        known = dict(catalog.family(provider))
        if provider in credentials:
            yield Inference(provider, ADDRESSES[provider], prefixes, credentials[provider], None, known)
            continue
        for project in projects:
            if project.pass_through_provider is provider or provider in project.own_keys:
                yield Inference(provider, ADDRESSES[provider], prefixes, None, project.id, known)
