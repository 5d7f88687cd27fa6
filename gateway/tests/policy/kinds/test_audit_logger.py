"""`audit-logger`."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import engine, judged, spec
from tests.policy.kit import facts_of


def test_every_call_passes_and_its_record_is_kept() -> None:
    ruling = judged(facts_of("hello"), "audit-logger")
    assert (ruling.effect, ruling.retention_days) == (Effect.ALLOW, 365)
    assert ruling.decisions[0].reason == "kept for 365 days"
    assert ruling.risk == 0


def test_of_several_the_longest_counts() -> None:
    ruling = engine(spec("audit-logger", retention_days=30), spec("audit-logger", retention_days=90))
    assert ruling.judge(facts_of("hello")).retention_days == 90


@pytest.mark.parametrize(
    "settings",
    [
        {"retention_days": 0},
        {"immutable": False},
        {"log_all_access": True},
        {"hipaa_audit_controls": True},
    ],
)
def test_what_it_cannot_honour_does_not_load(settings: dict[str, Any]) -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("audit-logger", **settings), Toolbox())
