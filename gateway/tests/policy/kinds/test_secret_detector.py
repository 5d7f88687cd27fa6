"""`secret-detector`."""

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import facts_of

TOKEN = "ghp_" + "q7Zk3Xw9Lm2Rt5Vb8Nc1Jd4Hf6Gs0PaEuIyO"
TEXT = f"use {TOKEN} on 10.1.2.3"


def test_it_only_records_unless_told_otherwise() -> None:
    ruling = judged(facts_of(TEXT), "secret-detector")
    assert ruling.effect is Effect.ALLOW
    assert (ruling.decisions[0].found, ruling.decisions[0].signals) == (2, ("secret",))
    assert all(TOKEN not in mark.masked for mark in ruling.decisions[0].marks)


def test_it_redacts_and_blocks() -> None:
    ruling = judged(facts_of(TEXT), "secret-detector", action="redact", ignore=["PRIVATE_ADDRESS"])
    assert list(ruling.changes.values()) == ["use [GITHUB_TOKEN] on 10.1.2.3"]
    assert judged(facts_of(TEXT), "secret-detector", action="block").code == "secret"
    assert judged(facts_of(TEXT), "secret-detector", action="block", kinds=["JWT"]).effect is Effect.ALLOW


def test_a_kind_that_is_not_known_does_not_load() -> None:
    with pytest.raises(Unloadable) as caught:
        load_rule(spec("secret-detector", ignore=["NOSE"]), Toolbox())
    assert caught.value.path == ("ignore", 0)
