import pytest
from pydantic import ValidationError

from gatepost_gateway.settings.shapes import BudgetShape, CacheShape, ModelShape, PriceShape, RuleShape, SecretShape


def test_a_rule_keeps_the_keys_of_its_kind() -> None:
    rule = RuleShape.model_validate({"name": "r", "kind": "pii-detector", "action": "redact"})
    assert rule.model_extra == {"action": "redact"}


@pytest.mark.parametrize(
    "said", ["sk-1", 3, [], {}, {"env": "A", "file": "b"}, {"enw": "A"}, {"env": "a-b"}, {"file": ""}]
)
def test_a_secret_is_in_one_place(said: object) -> None:
    with pytest.raises(ValidationError):
        SecretShape.model_validate(said)
    assert SecretShape.model_validate({"env": "A"}).env == "A"


@pytest.mark.parametrize(
    "said", [{"input_cost_per_1k": 1}, {"output_cost_per_1k": 1}, {"cache_read_cost_per_1k": 1}, {"image_cost": 1}]
)
def test_half_a_price_is_none(said: object) -> None:
    with pytest.raises(ValidationError, match="half a price"):
        PriceShape.model_validate(said)


@pytest.mark.parametrize(
    ("operations", "said", "enough"),
    [
        (["embeddings"], {"input_cost_per_1k": 1}, True),
        (["images"], {"image_cost": 1}, True),
        (["images"], {}, True),
        (["images"], {"input_cost_per_1k": 1, "image_cost": 1}, True),
        (["embeddings"], {"image_cost": 1}, False),
        (["embeddings"], {"output_cost_per_1k": 1}, False),
        (["images"], {"output_cost_per_1k": 1, "image_cost": 1}, False),
        (["chat", "embeddings"], {"input_cost_per_1k": 1}, False),
        (None, {"image_cost": 1}, False),
    ],
)
def test_an_entry_needs_the_prices_of_what_it_serves(operations: object, said: dict[str, object], enough: bool) -> None:
    entry = {"id": "a", "identifier": "x", "provider": "openai", "operations": operations, **said}
    if enough:
        assert ModelShape.model_validate(entry).id == "a"
    else:
        with pytest.raises(ValidationError, match="half a price"):
            ModelShape.model_validate(entry)


@pytest.mark.parametrize("provider", ["azure", "internal"])
def test_some_providers_have_no_address_of_their_own(provider: str) -> None:
    with pytest.raises(ValidationError, match="base_url"):
        ModelShape.model_validate({"id": "a", "identifier": "x", "provider": provider})


def test_the_sandbox_address_is_the_sandboxes() -> None:
    said = {"id": "a", "identifier": "x", "provider": "openai", "base_url": "sandbox://echo"}
    with pytest.raises(ValidationError, match="http"):
        ModelShape.model_validate(said)
    assert ModelShape.model_validate({**said, "provider": "sandbox"}).provider == "sandbox"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"scope": "user"}, "without an amount"),
        ({"scope": "user", "hourly_usd": 1}, "spend cap of a key"),
        ({"scope": "ip", "daily_usd": 1}, "a budget stands on"),
        ({"scope": "metadata", "daily_usd": 1}, "must be org"),
        ({"scope": "team", "daily_usd": 1}, "must be org"),
        ({"id": "a/b", "scope": "user", "daily_usd": 1}, "letters, digits"),
    ],
)
def test_a_budget_says_what_it_can_hold(said: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        BudgetShape.model_validate({"id": "b", **said})


def test_a_budget_stands_on_a_scope() -> None:
    for scope in ("org", "project", "key", "user", "metadata:team"):
        assert BudgetShape.model_validate({"id": "b", "scope": scope, "daily_usd": 1}).scope == scope


@pytest.mark.parametrize("said", [{"ttl_seconds": 0}, {"max_bytes": 1}, {"max_bytes": 2**40}, {"ttl": 3}])
def test_a_cache_has_bounds(said: object) -> None:
    with pytest.raises(ValidationError):
        CacheShape.model_validate(said)
