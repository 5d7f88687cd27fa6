"""How many actions an agent may take, how often, for how much."""

from decimal import Decimal
from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.governance import Effect, Ruling
from gatepost_gateway.ledger import MemoryCounters
from gatepost_gateway.policy.counting import Counting
from gatepost_gateway.policy.kinds.action_limits import amounts
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import engine, spec
from tests.policy.kit import asking, call, replying

NAMES = ("amount",)


class Agent:
    """Answers that call tools, one after the other; those that go out count."""

    def __init__(self, **settings: Any) -> None:
        self.engine = engine(spec("agent-firewall", **settings))
        self.counters = MemoryCounters(SystemClock())

    def judged(self, *calls: Any, out: bool = True) -> Ruling:
        facts = replying(asking(), None, *calls)
        facts.counting = Counting(self.counters)
        ruling = self.engine.judge(facts)
        if out and ruling.effect is Effect.ALLOW:
            facts.counting.commit()
        return ruling


def pay(amount: Any) -> dict[str, Any]:
    return call("pay", {"to": "x", "amount": amount})


def test_actions_of_a_session() -> None:
    agent = Agent(max_actions_per_session=3)
    assert agent.judged(call("a"), call("b")).effect is Effect.ALLOW
    assert agent.judged(call("a"), call("b")).code == "max_actions"
    assert agent.judged(call("a")).effect is Effect.ALLOW
    assert agent.judged(call("a")).code == "max_actions"


def test_what_is_only_judged_counts_nothing() -> None:
    agent = Agent(max_actions_per_session=1)
    for _ in range(5):
        assert agent.judged(call("a"), out=False).effect is Effect.ALLOW


def test_calls_of_a_tool_a_minute() -> None:
    agent = Agent(rate_limits={"default": 2, "slow": 1})
    assert agent.judged(call("a"), call("a"), call("slow")).effect is Effect.ALLOW
    assert agent.judged(call("b")).effect is Effect.ALLOW
    assert agent.judged(call("a")).code == "tool_rate_limited"
    assert agent.judged(call("slow")).code == "tool_rate_limited"


def test_one_transaction() -> None:
    agent = Agent(transaction_limits={"max_single_transaction": 100, "require_approval_above": 50})
    assert agent.judged(pay(50)).effect is Effect.ALLOW
    assert agent.judged(pay(50.01)).effect is Effect.ESCALATE
    assert agent.judged(pay("100.01")).code == "transaction_too_large"
    assert agent.judged(pay(-101)).code == "transaction_too_large"
    assert agent.judged(call("look")).effect is Effect.ALLOW


def test_all_transactions_of_a_day() -> None:
    agent = Agent(transaction_limits={"max_daily_total": 1})
    for _ in range(10):
        assert agent.judged(pay(0.1)).effect is Effect.ALLOW
    assert agent.judged(pay("0.0000001")).code == "daily_total_exceeded"


@pytest.mark.parametrize("amount", ["much", "1,000", True, "NaN", "1e99", 1e300, "Infinity"])
def test_an_amount_that_cannot_be_read_is_none_that_may_be_moved(amount: Any) -> None:
    assert Agent(transaction_limits={"max_daily_total": 5}).judged(pay(amount)).code == "amount_unreadable"


def test_where_amounts_are_found() -> None:
    said = '{"a": [{"AMOUNT": 2}, {"amount": "3.5"}], "amount": {"amount": 1}}'
    assert sorted(amounts(said, NAMES)) == [Decimal(1), Decimal(2), Decimal("3.5")]
    with pytest.raises(ValueError, match="not JSON"):
        list(amounts("[" * 100_000, NAMES))


@pytest.mark.parametrize(
    "settings",
    [
        {"max_actions_per_session": 0},
        {"rate_limits": {"a": 0}},
        {"transaction_limits": {}},
        {"transaction_limits": {"max_daily_total": -1}},
        {"transaction_limits": {"max_daily_total": 1, "amount_fields": []}},
    ],
)
def test_limits_that_cannot_be_met_do_not_load(settings: dict[str, Any]) -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("agent-firewall", **settings), Toolbox())


def test_near_a_limit_is_an_alert_and_stops_nothing() -> None:
    agent = Agent(max_actions_per_session=4, monitoring={"alert_threshold_percent": 50})
    assert agent.judged(call("a")).decisions[0].signals == ()
    near = agent.judged(call("a"))
    assert (near.effect, near.decisions[0].signals, near.decisions[0].code) == (
        Effect.ALLOW,
        ("alert",),
        "near_limit",
    )


def test_an_approval_is_asked_for_near_a_daily_total_too() -> None:
    limits = {"max_daily_total": 100, "require_approval_above": 50}
    agent = Agent(transaction_limits=limits, monitoring={"alert_threshold_percent": 10})
    assert agent.judged(pay(60)).code == "approval_required"


def test_what_is_denied_is_an_alert_where_that_is_wanted() -> None:
    limited = Agent(max_actions_per_session=1, monitoring={"alert_on_rate_limit": True})
    assert limited.judged(call("a"), call("b")).decisions[0].signals == ("alert",)
    denied = Agent(blocked_tools=["a"], monitoring={"alert_on_denied_action": True})
    assert denied.judged(call("a")).decisions[0].signals == ("alert",)
    assert Agent(blocked_tools=["a"]).judged(call("a")).decisions[0].signals == ()
    with pytest.raises(Unloadable, match="threshold"):
        Agent(blocked_tools=["a"], monitoring={"alert_threshold_percent": 100})
