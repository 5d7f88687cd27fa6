import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import LimitExceeded
from gatepost_gateway.domain.limits import LoopRules

from .fakes import House, chat, run, snapshot_of

ECHO = "sandbox/echo"


def ask(house, text="hello", **more):
    headers = more.pop("headers", None)
    trace = more.pop("trace", None)
    return run(house.call(chat(text, model=ECHO, **more), headers=headers, trace_id=trace)).status


def stopped(house, **more):
    with pytest.raises(LimitExceeded, match="looks like a loop") as caught:
        ask(house, **more)
    return caught.value


def test_the_fifth_identical_request_of_a_trace_is_a_loop():
    house, trace = House(snapshot_of()), ids.new()
    assert [ask(house, trace=trace) for _ in range(4)] == [200] * 4
    error = stopped(house, trace=trace)
    assert (error.status, error.code) == (429, "LOOP_DETECTED")
    assert 0 < error.retry_after <= 60
    assert (house.record.outcome, house.record.error) == ("refused", "LOOP_DETECTED")
    assert ask(house, trace=ids.new()) == 200
    assert ask(house, "another", trace=trace) == 200
    assert ask(house, trace=trace) == 200


@pytest.mark.parametrize("where", [{"headers": {b"x-gatepost-session-id": ids.new().encode()}}, {"user": "ann"}])
def test_a_session_is_watched_however_it_is_named(where):
    house = House(snapshot_of())
    assert [ask(house, **where) for _ in range(4)] == [200] * 4
    assert stopped(house, **where).code == "LOOP_DETECTED"


def test_calls_that_stand_alone_may_be_the_same():
    house = House(snapshot_of())
    assert [ask(house) for _ in range(7)] == [200] * 7


@pytest.mark.parametrize("rules", [LoopRules(enabled=False), LoopRules(except_keys=("k1",)), LoopRules(repeats=9)])
def test_the_rule_can_be_changed_for_a_key_or_for_all(rules):
    house, trace = House(snapshot_of(loops=rules)), ids.new()
    assert [ask(house, trace=trace) for _ in range(6)] == [200] * 6


def test_the_result_of_a_tool_in_between_makes_another_question():
    house, trace = House(snapshot_of()), ids.new()
    asked = [(ask(house, trace=trace), ask(house, f"the tool said {number}", trace=trace)) for number in range(6)]
    assert asked == [(200, 200)] * 6
