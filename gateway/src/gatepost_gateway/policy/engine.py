"""The engine: a pure function from facts to a ruling.

Every rule looks at the call as it came, so that no order of them changes what they see; the strongest verdict wins, a
rule that fails denies, and a rule in observe mode is recorded and never acts.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from time import perf_counter_ns

from msgspec import Struct, structs

from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.findings import (
    Detector,
    Failed,
    Leaf,
    Place,
    SlowDetector,
    Waiting,
    find_all,
    find_in_pieces,
)
from gatepost_gateway.domain.governance import ALLOWED, Decision, Effect, Mode, Phase, Ruling
from gatepost_gateway.domain.review import Inquiry, NoVerdict
from gatepost_gateway.policy.facts import Facts, Texts
from gatepost_gateway.policy.placeholders import Placeholders
from gatepost_gateway.policy.redaction import Edit, Replacement, apply, edits_of
from gatepost_gateway.policy.rules import AskingRule, NotRun, Reach, Rule, TextRule, Vote, reach_of
from gatepost_gateway.policy.tallies import Tallies

Path = tuple[str | int, ...]
PIECE = 2048
"""Characters that are looked at in one step: what else waits in this process waits so long."""
Steps = Generator[Waiting | tuple[Inquiry, ...] | None, None, Ruling]
"""A judgement that may be left between its steps and comes to the same ruling. It may have to wait for a detector, and
where a step has questions to judges outside, they are to be answered in the facts before the next.
"""
BLOCKED = "another rule had blocked it"
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
        called = [(number, rule) for number, rule in self.rules if not isinstance(rule, TextRule)]
        self.asking = tuple((number, rule) for number, rule in called if isinstance(rule, AskingRule))
        self.calls = tuple((number, rule) for number, rule in called if not isinstance(rule, AskingRule))
        self.texts = tuple((number, rule) for number, rule in self.rules if isinstance(rule, TextRule))
        heard: dict[int, tuple[Detector, list[Listener]]] = {}
        for number, rule in self.texts:
            for detector in rule.detectors:
                listeners = heard.setdefault(id(detector), (detector, []))[1]
                listeners.append(Listener(number, rule, rule.places))
        both = tuple((detector, tuple(listeners)) for detector, listeners in heard.values())
        self.detectors = tuple(one for one in both if not isinstance(one[0], SlowDetector))
        self.slow = tuple((one[0], one[1]) for one in both if isinstance(one[0], SlowDetector))


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
        self._stands = tuple(stands)
        self._stages = {phase: Stage(phase, self.rules, stands) for phase in Phase}
        self._apart = apart
        answers = [reach_of(rule) for _, rule in self._stages[Phase.RESPONSE].rules]
        self.reach = max(answers, key=_REACHES.index, default=Reach.NOTHING)
        """How much of an answer the chain must see before any of it may go out."""

    def followed_by(self, rules: Sequence[Rule]) -> "Engine":
        """The same chain with more rules at its end."""
        stands = (*self._stands, *(rule.phases for rule in rules))
        return Engine((*self.rules, *rules), self.key, stands, self._apart)

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
        """The ruling of the gate that `facts` stand at; no judge outside is asked. Raises GatewayError where an
        enforced rule cannot read it.
        """
        steps = self.judging(facts)
        while True:
            try:
                step = next(steps)
            except StopIteration as done:
                return done.value
            if isinstance(step, Waiting):
                wait((step.found,), step.left())

    def judging(self, facts: Facts) -> Steps:
        """The same, a step for each PIECE of text."""
        stage = self._stages[facts.phase]
        ruling = (yield from _Judging(stage, self.key).steps(facts)) if stage.rules else ALLOWED
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

    __slots__ = ("_read", "_stage", "_tallies", "_wanted")

    def __init__(self, stage: Stage, key: bytes) -> None:
        self._stage = stage
        self._tallies = Tallies(stage.phase, stage.rules, key)
        self._wanted: dict[Path, tuple[str, list[Replacement]]] = {}
        self._read = 0
        """Characters that were looked at in this step."""

    def steps(self, facts: Facts) -> Steps:
        for number, rule in self._stage.calls:
            for detector in self._tallies.ask(number, rule, facts):
                self._redact(number, detector, facts)
        if self._stage.texts and (texts := self._open(facts)) is not None:
            self._refuse_unread(texts)
            for detector, listeners in self._stage.detectors:
                yield from self._detect(detector, listeners, texts.leaves)
            for slow, listeners in self._stage.slow:
                yield from self._ask(slow, listeners, texts.leaves)
        if self._stage.asking:
            yield from self._consult(facts)
        return self._tallies.ruling(lambda: self._changes(facts))

    def _open(self, facts: Facts) -> Texts | None:
        try:
            return _side(facts)
        except GatewayError as error:
            self._tallies.unreadable((number for number, _ in self._stage.texts), error)
            return None

    def _refuse_unread(self, texts: Texts) -> None:
        """Words that no rule can read are not passed unread."""
        if texts.unread:
            names = ", ".join(f"`{name}`" for name in texts.unread)
            words = f"{names} holds tokens as numbers, which rules cannot read: send text"
            for number, _ in self._stage.texts:
                self._tallies.take(number, Vote(Effect.BLOCK, words, "unreadable"))

    def _detect(self, detector: Detector, listeners: tuple[Listener, ...], leaves: tuple[Leaf, ...]) -> Iterator[None]:
        began = perf_counter_ns()
        numbers = [one.number for one in listeners]
        choosy = any(one.places for one in listeners)
        heard: Sequence[Listener] = listeners
        try:
            for leaf in leaves:
                if choosy:
                    heard = [one for one in listeners if not one.places or leaf.place in one.places]
                for findings in find_in_pieces(detector, leaf.text, PIECE) if heard else ():
                    for finding in findings:
                        found = leaf.text[finding.start : finding.end]
                        for one in heard:
                            self._want(leaf, self._tallies.weigh(one.number, leaf, finding, found))
                    self._read += min(len(leaf.text), PIECE)
                    if self._read >= PIECE:
                        self._read = 0
                        self._tallies.spend(numbers, perf_counter_ns() - began)
                        yield
                        began = perf_counter_ns()
        except Exception as error:  # noqa: BLE001 - whatever fails in a detector denies, in the name of its rules
            self._tallies.fail(numbers, error)
        self._tallies.spend(numbers, perf_counter_ns() - began)

    def _ask(
        self, detector: SlowDetector, listeners: tuple[Listener, ...], leaves: tuple[Leaf, ...]
    ) -> Iterator[Waiting]:
        """The same of a detector that works elsewhere: it is asked once, and the call waits."""
        began, numbers = perf_counter_ns(), [one.number for one in listeners]
        heard = [(leaf, [one for one in listeners if not one.places or leaf.place in one.places]) for leaf in leaves]
        heard = [(leaf, them) for leaf, them in heard if them]
        waiting = None
        try:
            waiting = detector.ask([leaf.text for leaf, _ in heard])
            yield waiting
            for (leaf, them), findings in zip(heard, waiting.findings(), strict=True):
                for finding in findings:
                    for one in them:
                        found = leaf.text[finding.start : finding.end]
                        self._want(leaf, self._tallies.weigh(one.number, leaf, finding, found))
        except Failed as error:
            self._tallies.say_nothing(numbers, str(error), passes=detector.fails_open)
        except Exception as error:  # noqa: BLE001 - as above
            self._tallies.fail(numbers, error)
        finally:
            if waiting is not None:
                waiting.leave()
            self._tallies.spend(numbers, perf_counter_ns() - began)

    def _consult(self, facts: Facts) -> Generator[tuple[Inquiry, ...]]:
        """The rules that ask judges outside, about the texts as they would go on."""
        asking = self._stage.asking
        if self._tallies.effect is Effect.BLOCK:
            self._tallies.skip((number for number, _ in asking), BLOCKED)
            return
        changes = self._changes(facts)
        try:
            leaves = redacted(_side(facts).leaves, changes)
        except GatewayError as error:
            self._tallies.unreadable((number for number, _ in asking), error)
            return
        began = perf_counter_ns()
        asked = questions(asking, facts, leaves, self._tallies)
        if inquiries := tuple(one for _, _, one in asked if one is not None):
            yield inquiries
        self._tallies.spend((number for number, _, _ in asked), perf_counter_ns() - began)
        for number, rule, _ in asked:
            self._tallies.ask(number, rule, facts)

    def _redact(self, number: int, detector: Detector, facts: Facts) -> None:
        """What a call rule wants replaced."""
        try:
            for leaf in _side(facts).leaves:
                for finding in find_all(detector, leaf.text):
                    self._want(leaf, self._tallies.redact(number, leaf, finding))
        except GatewayError as error:
            self._tallies.unreadable((number,), error)
        except Exception as error:  # noqa: BLE001 - as above
            self._tallies.fail((number,), error)

    def _want(self, leaf: Leaf, wanted: Replacement | None) -> None:
        if wanted is not None:
            self._wanted.setdefault(leaf.path, (leaf.text, []))[1].append(wanted)

    def _changes(self, facts: Facts) -> dict[Path, str]:
        edited = {path: (text, edits_of(wanted)) for path, (text, wanted) in self._wanted.items()}
        if any(one.kind for _, edits in edited.values() for one in edits):
            _stand_in(facts, edited)
        return {path: apply(text, edits) for path, (text, edits) in edited.items()}


Question = tuple[int, AskingRule, "Inquiry | None"]


def questions(
    asking: Iterable[tuple[int, AskingRule]], facts: Facts, leaves: tuple[Leaf, ...], tallies: Tallies
) -> list[Question]:
    """The rules that will have something to judge, with what they ask. None: it is known that nobody can be asked."""
    asked: list[Question] = []
    for number, rule in asking:
        try:
            inquiry = rule.inquiry(facts, leaves)
            if inquiry is not None:
                asked.append((number, rule, inquiry))
        except NoVerdict as why:
            facts.elsewhere[facts.inquiry_key(rule.label.name)] = why
            asked.append((number, rule, None))
        except NotRun as why:
            tallies.skip((number,), str(why))
        except Exception as error:  # noqa: BLE001 - whatever fails in a rule denies, in the name of the rule
            tallies.fail((number,), error)
    return asked


def redacted(leaves: tuple[Leaf, ...], changes: Mapping[Path, str]) -> tuple[Leaf, ...]:
    """The texts as they go on."""
    if not changes:
        return leaves
    return tuple(Leaf(one.path, one.place, changes.get(one.path, one.text)) for one in leaves)


def _stand_in(facts: Facts, edited: Mapping[Path, tuple[str, list[Edit]]]) -> None:
    """Puts a placeholder where one is wanted, numbered in the order of the texts."""
    leaves = _side(facts).leaves
    given = facts.placeholders = facts.placeholders or Placeholders()
    given.avoid(leaf.text for leaf in leaves)
    for text, edits in edited.values():
        # What other rules put may look like a placeholder, alone or with what stands beside it.
        given.avoid((apply(text, [Edit(one.start, one.end, "" if one.kind else one.text) for one in edits]),))
    for leaf in leaves:
        text, edits = edited.get(leaf.path, ("", ()))
        for one in edits:
            if one.kind:
                one.text = given.stand_in(one.kind, text[one.start : one.end])


def _side(facts: Facts) -> Texts:
    return facts.request if facts.phase is Phase.REQUEST else facts.answer
