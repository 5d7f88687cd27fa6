"""Recorded calls judged by a draft: how many more would be blocked, redacted, escalated, and which cannot be told."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

from msgspec import Struct, field

from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.domain.records import Closed, StepKind, Stored
from gatepost_gateway.pipeline.routing import PRIVATE_SIGNALS
from gatepost_gateway.policy.rego.here import Here
from gatepost_gateway.policy.rejudge import Judgement, Version, recorded, rejudged
from gatepost_gateway.policy.verdict import STRENGTH

MOST_SAMPLES = 20


class Sample(Struct, frozen=True):
    """A call that would end otherwise. `found`: what the deciding rule had found in it, masked, if that is recorded."""

    trace_id: str
    step_id: str
    before: str
    after: str
    rule: str | None
    found: list[str]


class NotJudged(Struct, frozen=True):
    """Calls that a rule cannot judge again, and why."""

    rule: str
    phase: str
    reason: str
    calls: int


class Difference(Struct, frozen=True):
    """Calls that would end so and did not, and those that did and would not."""

    more: int
    less: int


class Replayed(Struct):
    """The whole: `calls` looked at, of which `unchanged` end as they did and `not_rejudgeable` nobody can tell.

    `cut`: there were more calls in the window than were asked for.
    """

    calls: int = 0
    unchanged: int = 0
    not_rejudgeable: int = 0
    blocked: Difference = Difference(0, 0)
    escalated: Difference = Difference(0, 0)
    redacted: Difference = Difference(0, 0)
    rerouted: Difference = Difference(0, 0)
    """To the tier for what is private, of the calls whose tier the gateway chose; some of them end as they did."""
    cut: bool = False
    not_judged: list[NotJudged] = field(default_factory=list[NotJudged])
    samples: list[Sample] = field(default_factory=list[Sample])


def replay(
    calls: Iterable[tuple[Closed, Stored | None]], limit: int, draft: Version, met: Callable[[int], Version | None]
) -> Replayed:
    """`met`: the configuration of a version's number, None where it cannot be read any more. Takes its time: never on a
    loop that serves.
    """
    counting = _Counting()
    here = Here()
    for record, stored in calls:
        if record.kind is not StepKind.RUN or record.project is None:
            continue
        if counting.done.calls == limit:
            counting.done.cut = True
            break
        before = met(record.config_version)
        if before is None:
            counting.lost(record)
            continue
        after = asyncio.run(rejudged(draft, before, record, stored, here))
        was = recorded(before, record)
        counting.add(record, was, after)
        counting.route(_private(before, record, was), _private(draft, record, after))
    return counting.result()


class _Counting:
    def __init__(self) -> None:
        self.done = Replayed()
        self._more: Counter[Effect] = Counter()
        self._less: Counter[Effect] = Counter()
        self._unknown: Counter[tuple[str, str, str]] = Counter()
        self._there = self._gone = 0

    def lost(self, record: Closed) -> None:
        self.done.calls += 1
        self.done.not_rejudgeable += 1
        self._unknown[_ANY, _ANY, f"version {record.config_version} of the configuration cannot be read"] += 1

    def add(self, record: Closed, before: Judgement, after: Judgement) -> None:
        done = self.done
        done.calls += 1
        if after.effect is None or before.effect is None:
            done.not_rejudgeable += 1
            self._unknown.update({(one.rule, one.phase.value, one.unknown or "") for one in after.unknown})
        elif before.effect is after.effect:
            done.unchanged += 1
        else:
            self._more[after.effect] += 1
            self._less[before.effect] += 1
            if len(done.samples) < MOST_SAMPLES:
                done.samples.append(_sample(record, before, after))

    def route(self, before: bool, after: bool) -> None:
        self._there += after and not before
        self._gone += before and not after

    def result(self) -> Replayed:
        done = self.done
        done.rerouted = Difference(self._there, self._gone)
        done.blocked = self._of(Effect.BLOCK)
        done.escalated = self._of(Effect.ESCALATE)
        done.redacted = self._of(Effect.REDACT)
        done.not_judged = [NotJudged(*place, count) for place, count in sorted(self._unknown.items())]
        return done

    def _of(self, effect: Effect) -> Difference:
        return Difference(self._more[effect], self._less[effect])


_ANY = "*"


def _private(version: Version, record: Closed, said: Judgement) -> bool:
    """Whether a configuration sends a call where what is private goes: its tier is the gateway's to choose, and what
    was found is such. A call that is stopped goes nowhere.
    """
    chosen = record.route is not None and record.route.tier is not None
    stopped = said.effect in (None, Effect.BLOCK, Effect.ESCALATE)
    return chosen and not stopped and record.project in version.secure and bool(PRIVATE_SIGNALS & said.signals)


def _sample(record: Closed, before: Judgement, after: Judgement) -> Sample:
    assert before.effect is not None
    assert after.effect is not None
    deciding = after if STRENGTH[after.effect] > STRENGTH[before.effect] else before
    marks = [mark for one in record.decisions if one.rule == deciding.rule for mark in one.marks]
    found = [f"{mark.kind} {mark.masked} in {mark.path}" for mark in marks[:3]]
    return Sample(record.trace_id, record.step_id, before.effect.value, after.effect.value, deciding.rule, found)
