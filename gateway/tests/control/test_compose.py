from decimal import Decimal

from gatepost_gateway.control.compose import build_snapshot, model_entry, origin
from gatepost_gateway.control.pricing import prices
from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.routing import BreakerRules, DataPolicy, DataTerms, Routing, Strategy
from gatepost_gateway.domain.snapshot import CacheRules, ProviderKind, Sealed, Snapshot
from gatepost_gateway.settings.declared import (
    DeclaredBudgets,
    DeclaredModel,
    DeclaredProject,
    DeclaredRates,
    DeclaredRouting,
    DeclaredServer,
    Document,
    Layer,
    PriceSheet,
    SecretSource,
)
from gatepost_gateway.storage.config import Identities, ProjectMade

NOBODY = Identities(7, {"default": ProjectMade("default", "acme", "Default")}, {}, {})
SEALED = Sealed("m", b"box", "provider/openai")


def model(**more: object) -> DeclaredModel:
    return DeclaredModel(**{"id": "a", "identifier": "gpt-4o", "provider": "openai", **more})  # type: ignore[arg-type]


def test_the_catalogue_speaks_where_an_entry_does_not() -> None:
    entry = model_entry(model(), {})
    assert entry.base_url == "https://api.openai.com/v1"
    assert entry.prices == Prices(2_500_000_000, 10_000_000_000, 1_250_000_000)
    assert (entry.context_window, entry.max_output) == (128_000, 16_384)
    own = model_entry(model(input_cost_per_1k=Decimal(0), output_cost_per_1k=Decimal(0), max_output=5), {})
    assert (own.prices, own.max_output) == (Prices(0, 0), 5)
    assert model_entry(model(identifier="mine"), {}).prices is None


def test_a_key_of_the_environment_goes_to_its_provider_alone() -> None:
    keys = {ProviderKind.OPENAI: SEALED}
    assert model_entry(model(), keys).credential is SEALED
    assert model_entry(model(base_url="https://api.openai.com:443/v1"), keys).credential is SEALED
    for elsewhere in ("https://api.openai.com.evil.example/v1", "http://api.openai.com/v1", "https://x/v1"):
        assert model_entry(model(base_url=elsewhere), keys).credential is None
    assert model_entry(model(api_key=SecretSource(env="X")), keys).credential is None
    assert origin("https://x/v1") == ("https", "x", 443)


def test_an_entry_needs_the_prices_of_what_it_serves() -> None:
    inward = PriceSheet(Decimal("0.001"), None)
    assert prices(inward, ["embeddings"]) == Prices(10**9, 0)
    assert prices(inward, ["embeddings", "chat"]) is None
    picture = PriceSheet(None, None, None, None, Decimal("0.04"))
    assert prices(picture, ["images"]) == Prices(0, 0, None, None, 40_000_000)
    assert prices(picture, ["images", "embeddings"]) is None
    assert prices(picture) is None
    entry = model_entry(model(operations=("embeddings",), identifier="x", input_cost_per_1k=Decimal("0.001")), {})
    assert entry.prices == Prices(10**9, 0)


def test_an_internal_address_serves_one_operation() -> None:
    def served(url: str, **more: object) -> tuple[str, ...]:
        return model_entry(model(provider="internal", base_url=url, **more), {}).operations

    assert served("http://x/v1/embeddings/?a=b") == ("embeddings",)
    assert served("http://x/v1/chat/completions") == ("chat",)
    assert served("http://x/vectors", operations=("embeddings",)) == ("embeddings",)
    assert model_entry(model(), {}).operations == ()


def test_the_document_has_both_layers_and_the_sandbox() -> None:
    file = Layer(
        server=DeclaredServer("default", {"idle": 5.0}),
        models=(model(),),
        fallbacks={"a": ("b",)},
        projects=(
            DeclaredProject(
                id="p",
                budgets=DeclaredBudgets(Decimal(2), Decimal(30), PriceSheet(Decimal(1), Decimal(2))),
                rate_limits=DeclaredRates(1, 2),
                pass_through_provider="openai",
            ),
        ),
        retries={"attempts": 3.0, "base": 0.5},
    )
    built = build_snapshot(4, Document(file, Layer(models=(model(id="b"),))), NOBODY, {})
    assert (built.version, built.identity_seq) == (4, 7)
    assert [entry.id for entry in built.models] == ["a", "b", "sandbox/echo"]
    assert (built.timeouts.idle, built.timeouts.connect) == (5.0, 10.0)
    assert (built.retries.attempts, built.retries.base) == (3, 0.5)
    first, second = built.projects
    assert [(budget.id, budget.period, budget.limit) for budget in first.budgets] == [
        ("p/daily", Period.DAILY, 2 * 10**9),
        ("p/monthly", Period.MONTHLY, 30 * 10**9),
    ]
    assert first.budgets[0].fallback == Prices(10**12, 2 * 10**12)
    assert (second.id, second.org) == ("default", "acme")


def test_names_are_inferred_where_there_is_a_key_or_callers_bring_one() -> None:
    passing = Layer(projects=(DeclaredProject(id="p", pass_through_provider="openai"), DeclaredProject(id="q")))
    with_key = Snapshot(build_snapshot(1, Document(), NOBODY, {ProviderKind.OPENAI: SEALED}))
    assert with_key.called("default", "o3-mini")[0].credential is SEALED
    assert with_key.called("default", "omni") == ()
    without = Snapshot(build_snapshot(1, Document(file=passing), NOBODY, {}))
    assert without.called("p", "chatgpt-4o-latest")[0].credential is None
    assert without.called("q", "chatgpt-4o-latest") == ()


def test_routing_is_composed_for_all_and_for_projects() -> None:
    terms, demands = DataTerms(region="eu"), DataPolicy(regions=("eu",))
    project = DeclaredProject(
        id="p",
        tiers={"simple": ("a",)},
        routing=DeclaredRouting("round_robin"),
        model_policy="tier",
        data_policy=demands,
    )
    file = Layer(
        models=(model(data_policy=terms),),
        projects=(project, DeclaredProject(id="q")),
        tiers={"complex": ("a",)},
        routing=DeclaredRouting("weighted", {"a": 3}),
        breaker={"failures": 3.0, "error_share": 0.2},
    )
    snapshot = Snapshot(build_snapshot(1, Document(file), NOBODY, {}))
    mine, other = snapshot.projects["p"], snapshot.projects["q"]
    assert (snapshot.tier(mine, "simple"), snapshot.tier(mine, "complex")) == (("a",), ("a",))
    assert (snapshot.tier(other, "simple"), other.routing, other.data_policy) == ((), None, None)
    assert (mine.routing, mine.model_policy, mine.data_policy) == (Routing(Strategy.ROUND_ROBIN), "tier", demands)
    assert snapshot.document.routing == Routing(Strategy.WEIGHTED, {"a": 3})
    assert snapshot.document.breaker == BreakerRules(failures=3, share=0.2)
    assert snapshot.models["a"].data_terms == terms


def test_a_projects_cache_is_its_own() -> None:
    layer = Layer(projects=(DeclaredProject(id="p", cache=CacheRules(5)), DeclaredProject(id="q")))
    found = {one.id: one.cache for one in build_snapshot(1, Document(layer), NOBODY, {}).projects}
    assert (found["p"], found["q"]) == (CacheRules(5), None)
