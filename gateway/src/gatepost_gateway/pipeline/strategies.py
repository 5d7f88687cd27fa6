"""Which of several candidates is asked first, and in which order the others follow.

Whatever the strategy: those that asked for rest go behind those that did not, and those whose breaker is open go last.
"""

from collections import OrderedDict
from collections.abc import Sequence

from msgspec import Struct

from gatepost_gateway.domain.chat import Asked, Operation
from gatepost_gateway.domain.endpoints import Breakers, Pace
from gatepost_gateway.domain.routing import BreakerRules, Routing, Strategy
from gatepost_gateway.domain.snapshot import ModelEntry, ProjectEntry, endpoint_of
from gatepost_gateway.pipeline.reserve import input_bound

MOST_GROUPS = 1024
"""Groups whose turns are remembered; the one that was used longest ago begins anew."""


class Turns:
    """Whose turn it is in a group, in proportion to weights: the entry that is most behind its share goes next.

    The order is smooth and the same every time: weights of 3 and 1 give a a b a, not three of one and then the other.
    """

    def __init__(self) -> None:
        self._groups: OrderedDict[tuple[str, ...], dict[str, int]] = OrderedDict()

    def next(self, weights: dict[str, int]) -> str:
        """The id whose turn it is; `weights` must hold one above 0."""
        names = tuple(weights)
        credit = self._groups.get(names)
        if credit is None:
            credit = self._groups[names] = dict.fromkeys(names, 0)
            if len(self._groups) > MOST_GROUPS:
                self._groups.popitem(last=False)
        else:
            self._groups.move_to_end(names)
        for name, weight in weights.items():
            credit[name] += weight
        chosen = max(weights, key=lambda name: credit[name] if weights[name] else -(2**62))
        credit[chosen] -= sum(weights.values())
        return chosen


class Sight(Struct, frozen=True):
    """What is known of endpoints and entries, and whose turn it is."""

    breakers: Breakers
    pace: Pace
    turns: Turns


class Ordering(Struct, frozen=True):
    """What an order depends on."""

    routing: Routing
    rules: BreakerRules
    asked: Asked
    project: ProjectEntry
    sight: Sight

    def order(self, entries: Sequence[ModelEntry]) -> list[ModelEntry]:
        """All entries, the one to ask first in front."""
        if len(entries) < 2:
            return list(entries)
        ready: list[ModelEntry] = []
        resting: list[ModelEntry] = []
        shut: list[ModelEntry] = []
        for entry in entries:
            endpoint = endpoint_of(entry)
            if endpoint is not None and self.sight.breakers.wait(endpoint, self.rules):
                shut.append(entry)
            else:
                (resting if self.sight.pace.rests(entry.id) else ready).append(entry)
        return [*self._by_strategy(ready), *self._by_strategy(resting), *shut]

    def _by_strategy(self, entries: list[ModelEntry]) -> list[ModelEntry]:
        if len(entries) < 2:
            return entries
        match self.routing.strategy:
            case Strategy.ORDERED:
                return entries
            case Strategy.WEIGHTED:
                return self._weighted(entries)
            case Strategy.ROUND_ROBIN:
                first = self.sight.turns.next({entry.id: 1 for entry in entries})
                place = next(number for number, entry in enumerate(entries) if entry.id == first)
                return entries[place:] + entries[:place]
            case Strategy.LOWEST_LATENCY:
                return self._fastest_first(entries)
            case Strategy.LOWEST_COST:
                return sorted(entries, key=self._cost)

    def _weighted(self, entries: list[ModelEntry]) -> list[ModelEntry]:
        weights = {entry.id: self.routing.weights.get(entry.id, 1) for entry in entries}
        if not any(weights.values()):
            return entries
        first = self.sight.turns.next(weights)
        return sorted(entries, key=lambda entry: (entry.id != first, -weights[entry.id]))

    def _fastest_first(self, entries: list[ModelEntry]) -> list[ModelEntry]:
        """By estimate. One that has none goes first now and then, and last meanwhile: it is known by being asked."""
        pace, stream = self.sight.pace, self.asked.stream
        known: dict[str, float] = {}
        looking = False
        for entry in entries:
            seconds = pace.latency(entry.id, stream)
            if seconds is None and not looking and pace.look(entry.id, stream):
                looking, seconds = True, -1.0
            known[entry.id] = float("inf") if seconds is None else seconds
        return sorted(entries, key=lambda entry: known[entry.id])

    def _cost(self, entry: ModelEntry) -> tuple[bool, int]:
        """The most that this request can cost there, for as many output tokens; an unknown price goes last."""
        if entry.prices is None:
            return True, 0
        asked, images = self.asked, 0
        tokens = asked.max_output or self.project.max_output_default
        if asked.operation is not Operation.CHAT:
            tokens, images = 0, asked.choices if asked.operation is Operation.IMAGE else 0
        return False, entry.prices.ceiling(input_bound(asked), tokens * asked.choices, images)
