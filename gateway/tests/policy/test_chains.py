"""Each call meets the rules of everyone, of its project and of its proxy."""

import pytest

from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.chains import NO_CHAINS, Chains
from gatepost_gateway.policy.rules import Reach
from tests.policy.kit import answered, facts_of


def word(name: str, **said: str) -> RuleSpec:
    return RuleSpec(name=name, kind="keyword", settings={"terms": [name]}, **said)  # type: ignore[arg-type]


CHAINS = Chains([word("proxy", proxy="x", project="p"), word("project", project="p"), word("all")], b"key")


def names(project: str, proxy: str | None) -> list[str]:
    ruling = CHAINS.engine(project, proxy, Operation.CHAT).judge(facts_of("hello"))
    return [one.rule for one in ruling.decisions]


def test_scopes_add_up_in_order() -> None:
    assert names("q", None) == ["all"]
    assert names("p", None) == ["all", "project"]
    assert names("p", "x") == ["all", "project", "proxy"]
    assert names("p", "y") == ["all", "project"]


def test_a_proxy_that_names_a_rule_is_judged_by_it() -> None:
    chains = Chains([word("all"), word("other", proxy="z", named_by=("x", "y"))], b"key")  # type: ignore[arg-type]
    for proxy, wanted in (("x", True), ("y", True), ("z", True), ("w", False), (None, False)):
        said = chains.engine("q", proxy, Operation.CHAT).judge(facts_of("other"))
        assert (said.rule == "other") is wanted


def test_an_engine_is_put_together_once() -> None:
    assert CHAINS.engine("p", "x", Operation.CHAT) is CHAINS.engine("p", "x", Operation.CHAT)
    assert NO_CHAINS.engine("p", None, Operation.CHAT).idle
    assert not CHAINS.engine("p", None, Operation.CHAT).idle


def test_a_rule_that_has_nothing_to_look_at_says_so() -> None:
    firewall = RuleSpec(name="fw", kind="agent-firewall", settings={"blocked_tools": ["x"]})
    engine = Chains([firewall, word("w")], b"k").engine("p", None, Operation.EMBED)
    ruling = engine.judge(facts_of("hello"))
    assert [(one.rule, one.phase, one.effect) for one in ruling.decisions] == [
        ("w", "request", Effect.ALLOW),
        ("fw", "request", None),
        ("fw", "response", None),
        ("w", "response", None),
    ]
    assert all("nothing for it to look at" in (one.not_run or "") for one in ruling.decisions[1:])
    assert engine.reach is Reach.NOTHING
    assert not engine.judges(Phase.RESPONSE)
    alone = Chains([firewall], b"k").engine("p", None, Operation.EMBED).judge(facts_of("hello"))
    assert (alone.effect, len(alone.decisions)) == (Effect.ALLOW, 2)


def test_an_operation_that_was_not_chosen_is_said_too() -> None:
    chat = RuleSpec(name="w", kind="keyword", settings={"terms": ["a"]}, operations=("chat",))
    said = Chains([chat], b"k").engine("p", None, Operation.IMAGE).judge(facts_of("a")).decisions
    assert [one.not_run for one in said] == ["it is set to judge chat only"] * 2


def test_the_answer_is_judged_by_the_same_chain() -> None:
    assert CHAINS.engine("q", None, Operation.CHAT).judge(answered("all of it")).effect is Effect.BLOCK


def test_what_cannot_be_carried_out_does_not_compile() -> None:
    with pytest.raises(Unloadable):
        Chains([RuleSpec(name="r", kind="nothing")], b"k")
