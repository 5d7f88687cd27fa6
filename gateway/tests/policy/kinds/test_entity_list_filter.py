"""`entity-list-filter`."""

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import facts_of

ACME = [{"name": "Acme Corp", "aliases": ["ACME"]}]


def test_every_name_of_an_entity_counts() -> None:
    assert judged(facts_of("pay acme corp"), "entity-list-filter", entities=ACME).code == "entity"
    ruling = judged(facts_of("pay Acme and acmes"), "entity-list-filter", entities=ACME, action="redact")
    assert (ruling.effect, list(ruling.changes.values())) == (Effect.REDACT, ["pay [ENTITY] and acmes"])


@pytest.mark.parametrize(
    ("entities", "path"), [([], ("entities",)), ([{"name": "a"}, {"name": "b", "aliases": [" "]}], ("entities", 1))]
)
def test_what_finds_nothing_or_everything_does_not_load(entities: list[object], path: tuple[object, ...]) -> None:
    with pytest.raises(Unloadable) as caught:
        load_rule(spec("entity-list-filter", entities=entities), Toolbox())
    assert caught.value.path == path
