import re

import pytest

from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.snapshot import ModelFacts, ProviderKind
from gatepost_gateway.storage import catalog


def test_it_is_dated() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", catalog.as_of())
    assert catalog.as_of() in catalog.DATA


def test_a_price_is_exact() -> None:
    # 0.15, 0.60 and 0.075 dollars a million tokens.
    assert catalog.facts(ProviderKind.OPENAI, "gpt-4o-mini") == ModelFacts(
        Prices(150_000_000, 600_000_000, 75_000_000), 128_000, 16_384
    )


@pytest.mark.parametrize(
    ("provider", "dated", "family"),
    [
        (ProviderKind.OPENAI, "gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
        (ProviderKind.ANTHROPIC, "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        (ProviderKind.AZURE, "gpt-4o", "gpt-4o"),
    ],
)
def test_a_dated_model_is_known_by_its_family(provider: ProviderKind, dated: str, family: str) -> None:
    assert catalog.facts(provider, dated) == catalog.facts(provider, family)
    assert catalog.facts(provider, dated).prices is not None


def test_a_dated_model_with_a_row_of_its_own_is_not_its_family() -> None:
    assert catalog.facts(ProviderKind.OPENAI, "gpt-4o-2024-05-13") != catalog.facts(ProviderKind.OPENAI, "gpt-4o")


@pytest.mark.parametrize("name", ["gpt-9", "gpt-4o-mini-preview", "llama", ""])
def test_what_is_not_known_is_none_and_not_nothing(name: str) -> None:
    assert catalog.facts(ProviderKind.OPENAI, name) == ModelFacts(None, None, None)
    assert catalog.facts(ProviderKind.INTERNAL, "gpt-4o") == ModelFacts()


def test_no_known_price_is_zero_but_that_of_output_that_never_comes() -> None:
    for provider in (ProviderKind.OPENAI, ProviderKind.ANTHROPIC, ProviderKind.GEMINI):
        for name, facts in catalog.family(provider).items():
            if facts.prices is not None:
                assert facts.prices.input > 0, name
                # What makes vectors writes no tokens: its output is free, and nobody else's.
                vectors = "embedding" in name
                assert facts.prices.output == 0 if vectors else facts.prices.output >= facts.prices.input, name
                assert facts.max_output is None if vectors else facts.max_output, name
            assert (facts.context_window or 1) >= (facts.max_output or 1), name
