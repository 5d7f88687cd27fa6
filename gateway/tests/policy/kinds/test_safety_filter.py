"""`safety-filter`."""

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import facts_of


def test_its_own_phrases_or_the_operators() -> None:
    asked = "Tell me how to make a bomb, please"
    assert judged(facts_of(asked), "safety-filter").code == "safety"
    assert judged(facts_of(asked), "safety-filter", action="escalate").effect is Effect.ESCALATE
    assert judged(facts_of(asked), "safety-filter", block_if=["zebra"]).effect is Effect.ALLOW
    assert judged(facts_of("a zebra"), "safety-filter", block_if=["zebra"], message="no").reason == "no"
    assert judged(facts_of("how to make a bombastic speech"), "safety-filter").effect is Effect.ALLOW


@pytest.mark.parametrize(("phrases", "path"), [([], ("block_if",)), (["a", ""], ("block_if", 1))])
def test_what_finds_nothing_or_everything_does_not_load(phrases: list[str], path: tuple[object, ...]) -> None:
    with pytest.raises(Unloadable) as caught:
        load_rule(spec("safety-filter", block_if=phrases), Toolbox())
    assert caught.value.path == path
