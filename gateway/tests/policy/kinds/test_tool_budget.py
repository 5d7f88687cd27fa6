"""`tool-budget`."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.governance import Effect, Ruling
from gatepost_gateway.ledger import MemoryCounters
from gatepost_gateway.policy.counting import Counting
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.policy.rules import Reach, reach_of
from tests.policy.kinds.making import engine, spec
from tests.policy.kit import asking, call, replying


def judged(counters: MemoryCounters, *calls: Any, **budget: Any) -> Ruling:
    facts = replying(asking(), None, *calls)
    facts.counting = Counting(counters)
    ruling = engine(spec("tool-budget", budgets={"search": budget})).judge(facts)
    if ruling.effect is Effect.ALLOW:
        facts.counting.commit()
    return ruling


def test_calls_of_a_session() -> None:
    counters = MemoryCounters(SystemClock())
    assert judged(counters, call("search"), call("search"), call("other"), max_calls=2).effect is Effect.ALLOW
    ruling = judged(counters, call("search"), max_calls=2)
    assert (ruling.effect, ruling.code) == (Effect.BLOCK, "tool_budget_exceeded")
    assert judged(counters, call("other"), max_calls=2).effect is Effect.ALLOW


def test_tokens_of_arguments() -> None:
    counters = MemoryCounters(SystemClock())
    assert judged(counters, call("search", "x" * 40), max_tokens=15).effect is Effect.ALLOW
    assert judged(counters, call("search", "x" * 24), max_tokens=15).effect is Effect.BLOCK
    assert judged(counters, call("search", "x" * 20), max_tokens=15).effect is Effect.ALLOW


def test_it_holds_back_calls_and_nothing_else() -> None:
    assert reach_of(load_rule(spec("tool-budget", budgets={"a": {"max_calls": 1}}), Toolbox()).rule) is Reach.TOOL_CALLS


@pytest.mark.parametrize("budgets", [{}, {"a": {}}, {"a": {"max_calls": 0}}, {"a": {"max_cost_usd": 1}}])
def test_what_it_cannot_honour_does_not_load(budgets: dict[str, Any]) -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("tool-budget", budgets=budgets), Toolbox())
