"""`model-allowlist`."""

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import facts_of


@pytest.mark.parametrize(("models", "effect"), [(["gpt-*", "m"], Effect.ALLOW), (["gpt-*"], Effect.BLOCK)])
def test_names_are_matched(models: list[str], effect: Effect) -> None:
    ruling = judged(facts_of("hello"), "model-allowlist", models=models)
    assert ruling.effect is effect
    assert ruling.code == ("model_not_allowed" if effect is Effect.BLOCK else None)


def test_an_empty_list_does_not_load() -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("model-allowlist", models=[]), Toolbox())
