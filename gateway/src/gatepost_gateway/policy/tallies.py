"""The votes of all rules at one gate, added up to a ruling."""

from collections.abc import Callable, Iterable, Mapping
from time import perf_counter_ns
from typing import cast

from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.findings import Detector, Finding, Leaf
from gatepost_gateway.domain.governance import Effect, Phase, Ruling
from gatepost_gateway.domain.routing import DataPolicy
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.redaction import Replacement
from gatepost_gateway.policy.rules import CallRule, NotRun, Rule, TextRule, Vote
from gatepost_gateway.policy.verdict import STRENGTH, Tally, first_tier, least, risk_of

Path = tuple[str | int, ...]
_REDACTS = Vote(Effect.REDACT)
_CHANGES = frozenset({Effect.REDACT, Effect.ESCALATE})


class Tallies:
    """`rules` with their places in the chain. `effect`: the strongest verdict that is enforced, so far."""

    __slots__ = ("_key", "_phase", "_tallies", "effect")

    def __init__(self, phase: Phase, rules: Iterable[tuple[int, Rule]], key: bytes) -> None:
        self._phase = phase.value
        self._key = key
        self._tallies = {number: Tally(rule) for number, rule in rules}
        self.effect = Effect.ALLOW

    def take(self, number: int, vote: Vote) -> None:
        tally = self._tallies[number]
        tally.take(vote)
        self._raise(tally)

    def ask(self, number: int, rule: CallRule, facts: Facts) -> tuple[Detector, ...]:
        """Lets a call rule judge; what it wants found and replaced. Raises GatewayError where an enforced rule cannot
        read the call.
        """
        began = perf_counter_ns()
        self._tallies[number].not_run = None
        try:
            vote = rule.judge(facts)
            if vote is not None:
                self.take(number, vote)
        except GatewayError as error:
            self.unreadable((number,), error)
        except NotRun as why:
            self._tallies[number].not_run = str(why)
        except Exception as error:  # noqa: BLE001 - whatever fails in a rule denies, in the name of the rule
            self.fail((number,), error)
        else:
            return vote.redact if vote is not None and vote.effect is Effect.REDACT else ()
        finally:
            self.spend((number,), perf_counter_ns() - began)
        return ()

    def weigh(
        self, number: int, leaf: Leaf, finding: Finding, found: str, *, again: bool = False
    ) -> Replacement | None:
        """Counts what was `found` in a text; gives what replaces it, where the rule is enforced and says so.

        `again`: the text repeats another, where the same was counted.
        """
        tally = self._tallies[number]
        rule = cast("TextRule", tally.rule)
        vote = rule.weigh(finding)
        if not (again and tally.found):
            tally.note(self._key, leaf, finding, found, vote)
        self.take(number, vote)
        if vote.effect is not Effect.REDACT or not tally.enforced:
            return None
        kind = finding.kind if vote.placeholder else ""
        return Replacement(finding.start, -finding.end, number, rule.replacement(finding, found), kind)

    def redact(self, number: int, leaf: Leaf, finding: Finding) -> Replacement | None:
        """The same for what a call rule wants replaced."""
        tally = self._tallies[number]
        tally.note(self._key, leaf, finding, leaf.text[finding.start : finding.end], _REDACTS)
        if not tally.enforced:
            return None
        return Replacement(finding.start, -finding.end, number, f"[{finding.kind}]")

    def fail(self, numbers: Iterable[int], error: Exception) -> None:
        """What these rules say rests on something that failed: they deny."""
        for number in numbers:
            self._tallies[number].fail(error)
            self._raise(self._tallies[number])

    def say_nothing(self, numbers: Iterable[int], why: str, *, passes: bool) -> None:
        """What these rules rest on gave no answer: they did not run where the call may pass then, else they deny."""
        for number in numbers:
            tally = self._tallies[number]
            if passes:
                tally.not_run = why
            else:
                tally.deny(why)
                self._raise(tally)

    def skip(self, numbers: Iterable[int], why: str) -> None:
        """These rules say nothing unless they are asked after all."""
        for number in numbers:
            self._tallies[number].not_run = why

    def clear(self, numbers: Iterable[int]) -> None:
        """What was skipped is judged."""
        for number in numbers:
            self._tallies[number].not_run = None

    def unreadable(self, numbers: Iterable[int], error: GatewayError) -> None:
        """A body that cannot be read is refused as such, unless its rules only observe."""
        for number in numbers:
            if self._tallies[number].enforced:
                raise error
            self._tallies[number].not_run = error.public

    def spend(self, numbers: Iterable[int], nanos: int) -> None:
        for number in numbers:
            self._tallies[number].nanos += nanos

    def _raise(self, tally: Tally) -> None:
        if tally.enforced and STRENGTH[tally.effect] > STRENGTH[self.effect]:
            self.effect = tally.effect

    def ruling(self, changes: Callable[[], Mapping[Path, str]]) -> Ruling:
        """`changes`: the redacted texts, asked for where the call may go on: what is escalated may be approved."""
        tallies = list(self._tallies.values())
        strongest: Tally | None = None
        tier: str | None = None
        cap: int | None = None
        days: int | None = None
        signals: set[str] = set()
        demands: list[tuple[str, DataPolicy]] = []
        for one in tallies:
            if not one.enforced:
                continue
            if one.effect is not Effect.ALLOW and STRENGTH[one.effect] > (
                STRENGTH[strongest.effect] if strongest else 0
            ):
                strongest = one
            if one.signals:
                signals |= one.signals
            if one.tier is not None or one.max_tokens is not None:
                tier, cap = first_tier(tier, one.tier), least(cap, one.max_tokens)
            if one.demands is not None:
                demands.append((one.rule.label.name, one.demands))
            if one.retention_days:
                days = max(days or 0, one.retention_days)
        effect = strongest.effect if strongest else Effect.ALLOW
        return Ruling(
            effect,
            tuple([one.decision(self._phase) for one in tallies]),
            strongest.rule.label.name if strongest else None,
            strongest.reason if strongest else None,
            strongest.code if strongest else None,
            changes() if effect in _CHANGES else {},
            frozenset(signals),
            tier,
            cap,
            risk_of(tallies, blocked=effect is Effect.BLOCK),
            tuple(demands),
            days,
        )
