"""`data-routing-policy`."""

from typing import Any

import pytest
from msgspec import structs

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect, Mode
from gatepost_gateway.domain.routing import DataPolicy
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import engine, judged, spec
from tests.policy.kit import facts_of


def test_what_it_demands_goes_with_the_ruling() -> None:
    ruling = judged(
        facts_of("hello"),
        "data-routing-policy",
        require_zero_data_retention=True,
        require_no_training=True,
        max_retention_days=30,
        regions=["eu"],
    )
    demands = DataPolicy(zero_retention=True, no_training=True, regions=("eu",), max_retention_days=30)
    assert (ruling.effect, ruling.demands) == (Effect.ALLOW, (("r", demands),))


def test_one_that_observes_demands_nothing() -> None:
    said = structs.replace(spec("data-routing-policy", require_private=True), mode=Mode.OBSERVE)
    assert engine(said).judge(facts_of("hello")).demands == ()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"require_private": True, "log_provider_selection": False},
        {"require_private": True, "on_no_compliant_provider": "allow"},
        {"max_retention_days": -1},
    ],
)
def test_what_it_cannot_honour_does_not_load(settings: dict[str, Any]) -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("data-routing-policy", **settings), Toolbox())
