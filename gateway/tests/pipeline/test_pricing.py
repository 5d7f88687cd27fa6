import json

from gatepost_gateway.dialects import openai_images
from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.limits import Budget, Purse
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.pipeline import pricing
from gatepost_gateway.pipeline.call import Target

from .fakes import entry

TOKENS, PICTURES = Prices(1, 2), Prices(0, 0, None, None, 40)
ASKED = openai_images.read_asked(json.dumps({"prompt": "x", "n": 3}).encode())


def target(identifier: str, prices: Prices | None) -> Target:
    one = entry("m", identifier=identifier, prices=prices)
    return Target(one, one.prices, None)


def project(*fallbacks: Prices | None) -> tuple[Purse, ...]:
    budgets = [Budget(str(n), Period.DAILY, 1, fallback) for n, fallback in enumerate(fallbacks)]
    return tuple(Purse(budget, budget.id, "project") for budget in budgets)


def test_a_price_of_tokens_is_none_of_pictures() -> None:
    assert pricing.price_of(target("dall-e-3", TOKENS), project(), ASKED) is None
    assert pricing.price_of(target("dall-e-3", PICTURES), project(), ASKED) == PICTURES
    assert pricing.price_of(target("gpt-image-1", TOKENS), project(), ASKED) == TOKENS
    assert pricing.price_of(target("openai/gpt-image-1", TOKENS), project(), ASKED) == TOKENS


def test_a_fallback_must_be_one_for_pictures() -> None:
    assert pricing.price_of(target("x", None), project(TOKENS, PICTURES), ASKED) == PICTURES
    assert pricing.price_of(target("x", None), project(TOKENS), ASKED) is None


def test_how_many_pictures() -> None:
    assert pricing.images_of(ASKED) == 3


def test_tokens_that_were_not_reported() -> None:
    assert pricing.silent(target("gpt-image-1", TOKENS), ASKED, Usage(images=1))
    assert not pricing.silent(target("gpt-image-1", TOKENS), ASKED, Usage(output=5, images=1))
    assert not pricing.silent(target("gpt-image-1", PICTURES), ASKED, Usage(images=1))
    assert not pricing.silent(target("dall-e-3", None), ASKED, Usage(images=1))
