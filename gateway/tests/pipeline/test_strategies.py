from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.routing import BreakerRules, Routing, Strategy
from gatepost_gateway.ledger import MemoryBreakers, MemoryPace
from gatepost_gateway.pipeline import strategies
from gatepost_gateway.pipeline.decode import decode
from gatepost_gateway.pipeline.strategies import Ordering, Sight, Turns

from ..ledger.test_rates import HandClock
from .fakes import House, chat, entry, snapshot_of


class Table:
    def __init__(self, strategy=Strategy.ORDERED, weights=None, entries=None):
        self.clock = HandClock()
        self.sight = Sight(MemoryBreakers(self.clock), MemoryPace(self.clock), Turns())
        self.entries = entries or [entry(name, base_url=f"http://{name}.test/v1") for name in "abc"]
        self.routing = Routing(strategy, weights or {})

    def order(self, entries=None, operation=Operation.CHAT, **members):
        house = House(snapshot_of())
        asked = decode(house.inbound(chat(**members)))
        asked.operation = operation
        project = house.snapshot.projects["p"]
        ordering = Ordering(self.routing, BreakerRules(), asked, project, self.sight)
        return "".join(one.id for one in ordering.order(entries or self.entries))

    def shut(self, name):
        for _ in range(5):
            self.sight.breakers.ask(f"openai http://{name}.test/v1", BreakerRules()).failed(None)


def test_ordered_is_as_declared():
    assert [Table().order() for _ in range(3)] == ["abc"] * 3


def test_round_robin_takes_turns_and_goes_on_from_there():
    table = Table(Strategy.ROUND_ROBIN)
    assert [table.order() for _ in range(4)] == ["abc", "bca", "cab", "abc"]


def test_weights_are_shares_and_smooth():
    table = Table(Strategy.WEIGHTED, {"a": 3, "c": 0})
    orders = [table.order() for _ in range(8)]
    assert [order[0] for order in orders] == ["a", "a", "b", "a"] * 2
    assert {order[-1] for order in orders} == {"c"}
    assert Table(Strategy.WEIGHTED, dict.fromkeys("abc", 0)).order() == "abc"


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=6).filter(any))
def test_in_a_whole_round_each_has_exactly_its_weight(weights):
    named = {str(number): weight for number, weight in enumerate(weights)}
    turns = Turns()
    for _ in range(2):
        got = Counter(turns.next(named) for _ in range(sum(weights)))
        assert got == Counter({name: weight for name, weight in named.items() if weight})


def test_the_groups_that_are_remembered_are_bounded(monkeypatch):
    monkeypatch.setattr(strategies, "MOST_GROUPS", 2)
    turns = Turns()
    for name in "xyz":
        turns.next({name: 1, "b": 1})
    assert len(turns._groups) == 2
    assert turns.next({"x": 1, "b": 1}) == "x"


def test_the_fastest_goes_first_and_one_that_is_not_known_is_tried_now_and_then():
    table = Table(Strategy.LOWEST_LATENCY)
    table.sight.pace.note("b", False, 2.0)
    table.sight.pace.note("c", False, 1.0)
    assert [table.order() for _ in range(3)] == ["acb", "cba", "cba"]
    table.clock.now += 30
    assert [table.order() for _ in range(2)] == ["acb", "cba"]
    table.sight.pace.note("a", False, 0.5)
    assert table.order() == "acb"


def test_only_one_that_is_not_known_is_tried_by_a_call():
    table = Table(Strategy.LOWEST_LATENCY)
    assert [table.order() for _ in range(4)] == ["abc", "bac", "cab", "abc"]


def test_the_cheapest_for_this_request_goes_first_and_an_unknown_price_last():
    dear_output = Prices(input=1, output=10**12)
    dear_input = Prices(input=10**11, output=1)
    entries = [entry("u", prices=None), entry("o", prices=dear_output), entry("i", prices=dear_input)]
    table = Table(Strategy.LOWEST_COST, entries=entries)
    assert table.order(max_tokens=4000) == "iou"
    assert table.order(text="x" * 100_000, max_tokens=1) == "oiu"
    assert table.order(operation=Operation.EMBED) == "oiu"


def test_a_smaller_model_does_not_look_cheap_because_it_can_say_less():
    entries = [
        entry("s", prices=Prices(0, 200_000), max_output=10),
        entry("l", prices=Prices(0, 100_000), max_output=10**6),
    ]
    assert Table(Strategy.LOWEST_COST, entries=entries).order() == "ls"


def test_pictures_are_counted_by_the_piece():
    entries = [entry("d", prices=Prices(0, 0, image=20)), entry("c", prices=Prices(0, 0, image=10))]
    table = Table(Strategy.LOWEST_COST, entries=entries)
    assert table.order(operation=Operation.IMAGE, n=2) == "cd"


@pytest.mark.parametrize("strategy", list(Strategy))
def test_what_rests_goes_behind_and_what_is_shut_goes_last(strategy):
    table = Table(strategy)
    for name in "abc":
        table.sight.pace.note(name, False, 1.0)
    table.shut("a")
    table.sight.pace.rest("b", 20)
    assert {table.order() for _ in range(4)} == {"cba"}
    assert table.order([table.entries[0]]) == "a"


def test_a_route_names_its_strategy_where_there_was_a_choice():
    snapshot = snapshot_of(
        entry("a"), entry("b"), tiers={"simple": ("a", "b")}, document_tiers={}, routing=Routing(Strategy.ROUND_ROBIN)
    )
    house = House(snapshot)
    routes = []
    for model in ("tier:simple", "tier:simple", "a"):
        call = house.exchange.open(house.inbound(chat(model=model)))
        call.project, call.asked = snapshot.projects["p"], decode(call.inbound)
        house.exchange._stages.planner.plan(call, None)
        routes.append((call.record.route.model, call.record.route.strategy))
    assert routes == [("a", "round_robin"), ("b", "round_robin"), ("a", None)]
    assert (
        msgspec.msgpack.decode(msgspec.msgpack.encode(call.record), type=type(call.record)).route == call.record.route
    )
