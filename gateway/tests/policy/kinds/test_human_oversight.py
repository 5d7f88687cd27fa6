"""`human-oversight`."""

from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.policy.rules import Reach, reach_of
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import answered, facts_of


def test_every_answer_waits_for_a_person() -> None:
    ruling = judged(answered("fine"), "human-oversight")
    assert (ruling.effect, ruling.code) == (Effect.ESCALATE, "human_oversight")
    assert judged(answered("fine"), "human-oversight", action="block").effect is Effect.BLOCK


def test_requests_pass() -> None:
    assert judged(facts_of("hello"), "human-oversight").effect is Effect.ALLOW


def test_only_answers_of_some_models() -> None:
    facts = answered("fine")
    facts.target = ModelEntry("big", "vendor-big-1", ProviderKind.OPENAI, "https://x")
    assert judged(facts, "human-oversight", models=["vendor-*"]).effect is Effect.ESCALATE
    assert judged(facts, "human-oversight", models=["big"]).effect is Effect.ESCALATE
    assert judged(facts, "human-oversight", models=["small"]).effect is Effect.ALLOW


def test_nothing_of_the_answer_goes_out_before() -> None:
    assert reach_of(load_rule(spec("human-oversight"), Toolbox()).rule) is Reach.WHOLE
