import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from gatepost_gateway.domain.routing import BreakerRules, BreakerState
from gatepost_gateway.ledger import MemoryBreakers, breakers

from .test_rates import HandClock

RULES = BreakerRules(failures=5, share=0.5, calls=20, window=30, open=30, longest=300)
END = "openai https://x/v1"


class Bench:
    def __init__(self, rules=RULES):
        self.clock = HandClock()
        self.held = MemoryBreakers(self.clock)
        self.rules = rules

    def ask(self, endpoint=END):
        return self.held.ask(endpoint, self.rules)

    def wait(self):
        return self.held.wait(END, self.rules)

    def fail(self, times=1, retry_after=None):
        for _ in range(times):
            self.ask().failed(retry_after)

    def succeed(self, times=1):
        for _ in range(times):
            self.ask().succeeded()

    @property
    def state(self):
        return self.held.states()[END]

    def opened(self):
        self.fail(5)
        assert self.state is BreakerState.OPEN
        return self


def test_the_fifth_failure_in_a_row_opens_it_and_time_half_opens_it():
    bench = Bench()
    assert bench.wait() == 0
    bench.fail(4)
    assert bench.state is BreakerState.CLOSED
    bench.fail()
    assert (bench.state, bench.ask(), bench.wait()) == (BreakerState.OPEN, 30, 30)
    bench.clock.now += 29
    assert bench.ask() == pytest.approx(1)
    bench.clock.now += 1
    assert (bench.state, bench.wait()) == (BreakerState.HALF_OPEN, 0)


def test_a_success_between_begins_the_count_anew():
    bench = Bench()
    for _ in range(8):
        bench.fail(4)
        bench.held.ask(END, RULES).succeeded()
        bench.clock.now += 31
    assert bench.state is BreakerState.CLOSED


def test_an_error_share_opens_it_once_there_are_enough_calls():
    bench = Bench()
    for _ in range(9):
        bench.succeed()
        bench.fail()
    bench.succeed()
    assert bench.state is BreakerState.CLOSED
    bench.fail()
    assert bench.state is BreakerState.OPEN


def test_what_is_older_than_the_window_is_forgotten():
    bench = Bench()
    for _ in range(9):
        bench.succeed()
        bench.fail()
    bench.clock.now += 31
    bench.succeed()
    bench.fail()
    assert bench.state is BreakerState.CLOSED


def test_one_probe_at_a_time_decides():
    bench = Bench().opened()
    bench.clock.now += 30
    probe = bench.ask()
    assert bench.ask() == bench.wait() == RULES.probe
    probe.succeeded()
    assert (bench.state, bench.wait()) == (BreakerState.CLOSED, 0)
    bench.fail(4)
    assert bench.state is BreakerState.CLOSED


def test_a_failed_probe_opens_it_for_twice_as_long_up_to_the_longest():
    bench = Bench().opened()
    for seconds in (60, 120, 240, 300, 300):
        bench.clock.now += bench.wait()
        bench.fail()
        assert bench.wait() == seconds
    bench.clock.now += 300
    bench.succeed()
    bench.fail(5)
    assert bench.wait() == 30


@pytest.mark.parametrize(("asked", "seconds"), [(None, 30), (5, 30), (100, 100), (86_400, 300)])
def test_the_endpoint_may_ask_to_be_left_alone_for_longer(asked, seconds):
    bench = Bench()
    bench.fail(4)
    bench.fail(retry_after=asked)
    assert bench.wait() == seconds


def test_a_probe_that_was_left_frees_its_place():
    bench = Bench().opened()
    bench.clock.now += 30
    bench.ask().release()
    assert bench.state is BreakerState.HALF_OPEN
    probe = bench.ask()
    probe.succeeded()
    probe.release()
    assert bench.state is BreakerState.CLOSED


def test_a_probe_that_nobody_ends_does_not_shut_the_endpoint_for_ever():
    bench = Bench().opened()
    bench.clock.now += 30
    lost = bench.ask()
    bench.clock.now += RULES.longest + 1
    bench.ask().succeeded()
    assert bench.state is BreakerState.CLOSED
    lost.failed(None)
    assert bench.state is BreakerState.CLOSED


def test_an_answer_that_began_closes_it_and_may_still_fail():
    bench = Bench().opened()
    bench.clock.now += 30
    probe = bench.ask()
    probe.began()
    assert bench.state is BreakerState.CLOSED
    probe.failed(None)
    bench.fail(3)
    assert bench.state is BreakerState.CLOSED
    bench.fail()
    assert bench.state is BreakerState.OPEN


def test_what_began_before_it_opened_changes_nothing_afterwards():
    bench = Bench()
    early = [bench.ask() for _ in range(6)]
    bench.opened()
    early[0].succeeded()
    early[1].failed(300)
    early[2].release()
    assert bench.wait() == 30
    bench.clock.now += 30
    probe = bench.ask()
    early[3].failed(None)
    early[4].succeeded()
    early[5].began()
    assert bench.state is BreakerState.HALF_OPEN
    probe.succeeded()
    assert bench.state is BreakerState.CLOSED


def test_endpoints_are_apart_and_bounded_in_number(monkeypatch):
    monkeypatch.setattr(breakers, "MOST", 3)
    bench = Bench().opened()
    for number in range(2):
        bench.ask(f"openai {number}").failed(None)
    assert bench.state is BreakerState.OPEN
    assert bench.held.states()["openai 0"] is BreakerState.CLOSED
    bench.ask()
    bench.ask("openai 2")
    assert list(bench.held.states()) == ["openai 1", END, "openai 2"]


class Machine(RuleBasedStateMachine):
    """Whatever calls do, in any order: never two probes, never a call while it is open, never open without a cause."""

    permits = Bundle("permits")

    def __init__(self):
        super().__init__()
        self.bench = Bench(BreakerRules(failures=3, share=0.6, calls=6, window=10, open=5, longest=20))
        self.held = 0
        self.failures = 0
        self.probes: list[object] = []

    @rule(target=permits)
    def ask(self):
        before = self.bench.held.states().get(END, BreakerState.CLOSED)
        wait = self.bench.wait()
        got = self.bench.ask()
        if isinstance(got, float):
            assert got > 0
            assert got == wait
            assert before is not BreakerState.CLOSED
            return None
        assert wait == 0
        assert before is not BreakerState.OPEN
        if before is BreakerState.HALF_OPEN:
            assert not self.probes
            self.probes.append(got)
        return got

    @rule(permit=consumes(permits), how=st.sampled_from(["succeeded", "failed", "release", "began"]))
    def end(self, permit, how):
        if permit is None:
            return
        probe = permit in self.probes
        if probe:
            self.probes.remove(permit)
        if how == "failed":
            self.failures += 1
            permit.failed(None)
        else:
            getattr(permit, how)()
        state = self.bench.held.states()[END]
        if probe:
            want = {"failed": BreakerState.OPEN, "release": BreakerState.HALF_OPEN}.get(how, BreakerState.CLOSED)
            assert state is want

    @precondition(lambda self: not self.probes)
    @rule(seconds=st.floats(0, 25))
    def pass_time(self, seconds):
        self.bench.clock.now += seconds

    @invariant()
    def it_opens_for_a_reason(self):
        state = self.bench.held.states().get(END, BreakerState.CLOSED)
        assert self.failures >= 3 or state is BreakerState.CLOSED
        assert self.bench.wait() <= 20


Machine.TestCase.settings = settings(deadline=None, derandomize=True, max_examples=60)
test_any_order_of_calls = Machine.TestCase


def test_who_wants_to_know_hears_of_turns_and_of_nothing_between():
    heard = []
    bench = Bench()
    bench.held = MemoryBreakers(bench.clock, lambda *said: heard.append(said))
    bench.opened()
    assert heard == [(END, BreakerState.OPEN, 30.0, "5 failures in a row")]
    bench.clock.now += 30
    bench.ask().failed(None)
    assert len(heard) == 1, "it is still open"
    bench.clock.now += 300
    bench.succeed()
    assert heard[1:] == [(END, BreakerState.CLOSED, 0.0, "")]
