"""Breakers in one process: an endpoint that fails is left alone for a while, then asked by one call before all others.

Closed until `failures` in a row or an error share over a window, open for a time that doubles with every failed probe,
then half-open: one call goes through, and its fate decides.
"""

import logging
from collections import OrderedDict, deque
from collections.abc import Callable

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.endpoints import Permit
from gatepost_gateway.domain.routing import BreakerRules, BreakerState

log = logging.getLogger("gatepost.breakers")
MOST = 1024
"""Endpoints that are remembered; the one that was asked longest ago is forgotten first."""
_SLICES = 10
"""Parts of a window: what is older than one is forgotten a part at a time."""

Tell = Callable[[str, BreakerState, float, str], None]
"""Told of an endpoint: its new state, for how many seconds, and why."""


def _nobody(endpoint: str, state: BreakerState, seconds: float, why: str) -> None:  # noqa: ARG001
    return


class _Breaker:
    __slots__ = ("changes", "endpoint", "in_a_row", "open_until", "openings", "probe_since", "slices", "tell")

    def __init__(self, endpoint: str, tell: Tell) -> None:
        self.endpoint = endpoint
        self.tell = tell
        self.changes = 0
        """How often it changed: what began under an older state says nothing about this one."""
        self.in_a_row = 0
        self.open_until = 0.0
        """0: closed."""
        self.openings = 0
        """How often it opened since it was last closed."""
        self.probe_since: float | None = None
        self.slices: deque[list[int]] = deque(maxlen=_SLICES)
        """[slice, calls, failures], the oldest first."""

    def state(self, now: float) -> BreakerState:
        if not self.open_until:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.HALF_OPEN

    def wait(self, now: float, rules: BreakerRules) -> float:
        """Seconds until a call may go: 0 when one may go now."""
        if not self.open_until:
            return 0.0
        if now < self.open_until:
            return self.open_until - now
        since = self.probe_since
        # A probe that nobody ended would keep the endpoint shut for ever.
        return 0.0 if since is None or now - since > rules.longest else rules.probe

    def count(self, now: float, rules: BreakerRules, failed: bool) -> None:
        place = int(now / rules.window * _SLICES)
        if not self.slices or self.slices[-1][0] != place:
            self.slices.append([place, 0, 0])
        self.slices[-1][1] += 1
        self.slices[-1][2] += failed
        self.in_a_row = self.in_a_row + 1 if failed else 0

    def broken(self, now: float, rules: BreakerRules) -> str | None:
        """Why it should open, in words; None: it should not."""
        if self.in_a_row >= rules.failures:
            return f"{self.in_a_row} failures in a row"
        oldest = int(now / rules.window * _SLICES) - _SLICES
        calls = sum(one[1] for one in self.slices if one[0] > oldest)
        failures = sum(one[2] for one in self.slices if one[0] > oldest)
        if calls >= rules.calls and failures >= rules.share * calls:
            return f"{failures} of {calls} calls failed within {rules.window:g} s"
        return None

    def open(self, now: float, rules: BreakerRules, asked: float | None, why: str) -> None:
        """`asked`: how long the endpoint itself wants to be left alone."""
        seconds = min(max(rules.longest, rules.open), max(rules.open * 2**self.openings, asked or 0.0))
        was_closed = not self.open_until
        self.open_until = now + seconds
        self.openings = min(self.openings + 1, 16)
        self.changes += 1
        self.probe_since = None
        log.warning("the breaker of %s opens for %.0f s: %s", self.endpoint, seconds, why)
        if was_closed:
            self.tell(self.endpoint, BreakerState.OPEN, seconds, why)

    def close(self) -> None:
        self.changes += 1
        self.open_until, self.openings, self.in_a_row, self.probe_since = 0.0, 0, 0, None
        self.slices.clear()
        log.warning("the breaker of %s closes: it answers again", self.endpoint)
        self.tell(self.endpoint, BreakerState.CLOSED, 0.0, "")


class _Permit:
    """Implements `ports.Permit`."""

    __slots__ = ("_breaker", "_changes", "_clock", "_over", "_probe", "_rules")

    def __init__(self, breaker: _Breaker, rules: BreakerRules, clock: Clock, probe: bool) -> None:
        self._breaker = breaker
        self._rules = rules
        self._clock = clock
        self._probe = probe
        self._changes = breaker.changes
        self._over = False

    def began(self) -> None:
        breaker = self._breaker
        if self._probe and not self._over and self._changes == breaker.changes:
            breaker.close()
            self._probe, self._changes = False, breaker.changes

    def succeeded(self) -> None:
        self.began()
        if self._end():
            self._breaker.count(self._clock.monotonic(), self._rules, failed=False)

    def failed(self, retry_after: float | None) -> None:
        if not self._end():
            return
        breaker, rules, now = self._breaker, self._rules, self._clock.monotonic()
        if self._probe:
            breaker.open(now, rules, retry_after, "the probe failed")
            return
        breaker.count(now, rules, failed=True)
        if (why := breaker.broken(now, rules)) is not None:
            breaker.open(now, rules, retry_after, why)

    def release(self) -> None:
        if self._end() and self._probe:
            self._breaker.probe_since = None

    def _end(self) -> bool:
        """Whether this is the first end, and of the state that the call began under."""
        first = not self._over and self._changes == self._breaker.changes
        self._over = True
        return first


class MemoryBreakers:
    """Implements `ports.Breakers`. An endpoint's name begins with its provider: `openai https://api.openai.com/v1`.

    `tell` hears when one opens that was closed, and when one closes.
    """

    def __init__(self, clock: Clock, tell: Tell = _nobody) -> None:
        self._clock = clock
        self._tell = tell
        self._breakers: OrderedDict[str, _Breaker] = OrderedDict()

    def wait(self, endpoint: str, rules: BreakerRules) -> float:
        breaker = self._breakers.get(endpoint)
        return breaker.wait(self._clock.monotonic(), rules) if breaker is not None else 0.0

    def ask(self, endpoint: str, rules: BreakerRules) -> Permit | float:
        breaker = self._breakers.get(endpoint)
        if breaker is None:
            breaker = self._breakers[endpoint] = _Breaker(endpoint, self._tell)
            if len(self._breakers) > MOST:
                self._breakers.popitem(last=False)
        else:
            self._breakers.move_to_end(endpoint)
        if not breaker.open_until:
            return _Permit(breaker, rules, self._clock, probe=False)
        now = self._clock.monotonic()
        if wait := breaker.wait(now, rules):
            return wait
        breaker.probe_since = now
        breaker.changes += 1
        return _Permit(breaker, rules, self._clock, probe=True)

    def states(self) -> dict[str, BreakerState]:
        now = self._clock.monotonic()
        return {endpoint: breaker.state(now) for endpoint, breaker in self._breakers.items()}
