"""The engine: a pure function from facts to a ruling.

Every rule looks at the call as it came, so that no order of them changes what they see; the strongest verdict wins, a
rule that fails denies, and a rule in observe mode is recorded and never acts.
"""

from collections.abc import Sequence
from time import perf_counter_ns

from msgspec import Struct, structs

from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.findings import Detector, Finding, Leaf, Place, find_all
from gatepost_gateway.domain.governance import ALLOWED, Decision, Effect, Mode, Phase, Ruling
from gatepost_gateway.policy.facts import Facts, Texts
from gatepost_gateway.policy.redaction import Replacement, apply, edits_of
from gatepost_gateway.policy.rules import CallRule, Reach, Rule, TextRule, Vote, reach_of
from gatepost_gateway.policy.verdict import STRENGTH, Tally, first_tier, least, risk_of

Path = tuple[str | int, ...]
_REACHES = (Reach.NOTHING, Reach.TOOL_CALLS, Reach.SPAN, Reach.WHOLE)


class Listener(Struct, frozen=True):
    """A rule that hears what a detector finds. `number`: its place in the chain; `places` empty: everywhere."""

    number: int
    rule: TextRule
    places: frozenset[Place]


class Stage:
    """What one gate asks: each detector once, whoever listens to it."""

    def __init__(self, phase: Phase, rules: Sequence[Rule], gates: Sequence[frozenset[Phase]]) -> None:
        self.phase = phase
        self.rules = tuple((number, rule) for number, rule in enumerate(rules) if phase in gates[number])
        self.calls = tuple((number, rule) for number, rule in self.rules if not isinstance(rule, TextRule))
        self.texts = tuple((number, rule) for number, rule in self.rules if isinstance(rule, TextRule))
        heard: dict[int, tuple[Detector, list[Listener]]] = {}
        for number, rule in self.texts:
            for detector in rule.detectors:
                listeners = heard.setdefault(id(detector), (detector, []))[1]
                listeners.append(Listener(number, rule, rule.places))
        self.detectors = tuple((detector, tuple(listeners)) for detector, listeners in heard.values())


class Engine:
    """A compiled chain. `key` is the deployment's, for the hashes of what is found. Immutable, shared by calls."""

    def __init__(
        self,
        rules: Sequence[Rule],
        key: bytes,
        gates: Sequence[frozenset[Phase]] | None = None,
        apart: tuple[Decision, ...] = (),
    ) -> None:
        """`gates`: where each rule stands for these calls, all of its own when it is not said. `apart`: what is
        recorded of the rules that have nothing to look at in them.
        """
        self.rules = tuple(rules)
        self.key = key
        stands = gates if gates is not None else [rule.phases for rule in rules]
        self._stages = {phase: Stage(phase, self.rules, stands) for phase in Phase}
        self._apart = apart
        answers = [reach_of(rule) for _, rule in self._stages[Phase.RESPONSE].rules]
        self.reach = max(answers, key=_REACHES.index, default=Reach.NOTHING)
        """How much of an answer the chain must see before any of it may go out."""

    def stage(self, phase: Phase) -> Stage:
        return self._stages[phase]

    @property
    def idle(self) -> bool:
        """There is no rule at all for these calls."""
        return not self.rules

    def judges(self, phase: Phase) -> bool:
        """Whether any rule looks at that side of a call."""
        return bool(self._stages[phase].rules)

    def judge(self, facts: Facts) -> Ruling:
        """The ruling of the gate that `facts` stand at. Raises GatewayError where an enforced rule cannot read it."""
        stage = self._stages[facts.phase]
        ruling = _Judging(stage, self.key).ruling(facts) if stage.rules else ALLOWED
        if self._apart and facts.phase is Phase.REQUEST:
            return structs.replace(ruling, decisions=ruling.decisions + self._apart)
        return ruling

    def enforced(self, phase: Phase) -> str | None:
        """The name of the first rule that acts at a gate; None where all of them only observe."""
        names = (rule.label.name for _, rule in self._stages[phase].rules if rule.label.mode is Mode.ENFORCE)
        return next(names, None)

    def not_run(self, phase: Phase, why: str) -> tuple[Decision, ...]:
        """A decision for each rule of a gate that was never reached."""
        return tuple(
            Decision(rule.label.name, rule.label.kind, phase.value, rule.label.mode, None, not_run=why)
            for _, rule in self._stages[phase].rules
        )


class _Judging:
    """One gate, one call."""

    __slots__ = ("_key", "_leaves", "_micros", "_stage", "_tallies", "_wanted")

    def __init__(self, stage: Stage, key: bytes) -> None:
        self._stage = stage
        self._key = key
        self._tallies = {number: Tally(rule) for number, rule in stage.rules}
        self._micros = dict.fromkeys(self._tallies, 0)
        self._leaves: tuple[Leaf, ...] = ()
        self._wanted: dict[Path, tuple[str, list[Replacement]]] = {}

    def ruling(self, facts: Facts) -> Ruling:
        for number, rule in self._stage.calls:
            self._ask(number, rule, facts)
        if self._stage.texts and (texts := self._open(facts)) is not None:
            self._leaves = texts.leaves
            self._refuse_unread(texts)
            for detector, listeners in self._stage.detectors:
                self._detect(detector, listeners)
        return self._sum()

    def _ask(self, number: int, rule: CallRule, facts: Facts) -> None:
        tally, began = self._tallies[number], perf_counter_ns()
        try:
            vote = rule.judge(facts)
            if vote is not None:
                tally.take(vote)
                for detector in vote.redact if vote.effect is Effect.REDACT else ():
                    self._redact(number, detector, _side(facts))
        except GatewayError as error:
            self._unreadable(tally, error)
        except Exception as error:  # noqa: BLE001 - whatever fails in a rule denies, in the name of the rule
            tally.fail(error)
        self._micros[number] += perf_counter_ns() - began

    def _unreadable(self, tally: Tally, error: GatewayError) -> None:
        """A body that cannot be read is refused as such, unless its rule only observes."""
        if tally.enforced:
            raise error
        tally.not_run = error.public

    def _open(self, facts: Facts) -> Texts | None:
        try:
            return _side(facts)
        except GatewayError as error:
            for number, _ in self._stage.texts:
                self._unreadable(self._tallies[number], error)
            return None

    def _refuse_unread(self, texts: Texts) -> None:
        """Words that no rule can read are not passed unread."""
        if texts.unread:
            names = ", ".join(f"`{name}`" for name in texts.unread)
            words = f"{names} holds tokens as numbers, which rules cannot read: send text"
            vote = Vote(Effect.BLOCK, words, "unreadable")
            for number, _ in self._stage.texts:
                self._tallies[number].take(vote)

    def _detect(self, detector: Detector, listeners: tuple[Listener, ...]) -> None:
        began = perf_counter_ns()
        try:
            for leaf in self._leaves:
                heard = [one for one in listeners if not one.places or leaf.place in one.places]
                for finding in find_all(detector, leaf.text) if heard else ():
                    for listener in heard:
                        self._weigh(listener, leaf, finding)
        except Exception as error:  # noqa: BLE001 - whatever fails in a detector denies, in the name of its rules
            for listener in listeners:
                self._tallies[listener.number].fail(error)
        spent = perf_counter_ns() - began
        for listener in listeners:
            self._micros[listener.number] += spent

    def _weigh(self, listener: Listener, leaf: Leaf, finding: Finding) -> None:
        tally, rule = self._tallies[listener.number], listener.rule
        vote = rule.weigh(finding)
        tally.take(vote)
        tally.note(self._key, leaf, finding, vote.effect)
        if vote.effect is Effect.REDACT and tally.enforced:
            text = rule.replacement(finding, leaf.text[finding.start : finding.end])
            self._want(leaf, finding, listener.number, text)

    def _redact(self, number: int, detector: Detector, texts: Texts) -> None:
        """What a call rule wants replaced."""
        tally = self._tallies[number]
        for leaf in texts.leaves:
            for finding in find_all(detector, leaf.text):
                tally.note(self._key, leaf, finding, Effect.REDACT)
                if tally.enforced:
                    self._want(leaf, finding, number, f"[{finding.kind}]")

    def _want(self, leaf: Leaf, finding: Finding, number: int, text: str) -> None:
        one = Replacement(finding.start, -finding.end, number, text)
        self._wanted.setdefault(leaf.path, (leaf.text, []))[1].append(one)

    def _sum(self) -> Ruling:
        tallies = list(self._tallies.values())
        effect, strongest = Effect.ALLOW, None
        tier: str | None = None
        cap: int | None = None
        signals: set[str] = set()
        for one in tallies:
            if not one.enforced:
                continue
            signals |= one.signals
            tier, cap = first_tier(tier, one.tier), least(cap, one.max_tokens)
            if STRENGTH[one.effect] > STRENGTH[effect]:
                effect, strongest = one.effect, one
        phase = self._stage.phase
        return Ruling(
            effect,
            tuple(one.decision(phase, self._micros[number] // 1000) for number, one in self._tallies.items()),
            strongest.rule.label.name if strongest else None,
            strongest.reason if strongest else None,
            strongest.code if strongest else None,
            self._changes() if effect is Effect.REDACT else {},
            frozenset(signals),
            tier,
            cap,
            risk_of(tallies, blocked=effect is Effect.BLOCK),
        )

    def _changes(self) -> dict[Path, str]:
        return {path: apply(text, edits_of(wanted)) for path, (text, wanted) in self._wanted.items()}


def _side(facts: Facts) -> Texts:
    return facts.request if facts.phase is Phase.REQUEST else facts.answer
