"""One call judged by a draft, away from all traffic: both gates, in the order and with the facts of a served call."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field

from gatepost_gateway.dialects.leaves import open_answer, open_request
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.rewriting import rewrite_answer, rewrite_request
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.errors import CallerError, GatewayError
from gatepost_gateway.domain.findings import Texts
from gatepost_gateway.domain.governance import Decision, Effect, Phase, Ruling
from gatepost_gateway.domain.rego import Evaluator
from gatepost_gateway.domain.snapshot import ModelEntry
from gatepost_gateway.policy.chains import Chains
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts, Said, Setting
from gatepost_gateway.policy.placeholders import Placeholders
from gatepost_gateway.policy.rego.register import Register
from gatepost_gateway.policy.rego.rule import RegoRule
from gatepost_gateway.policy.restoring import restored
from gatepost_gateway.policy.tallies import first_tier, least

_STOPS = (Effect.BLOCK, Effect.ESCALATE)


class Draft(Struct, frozen=True):
    """The rules of a configuration that may not be in force, compiled."""

    chains: Chains
    policies: Register | None = None


class Question(Struct, frozen=True):
    """A call to be judged. `target`: the entry that it would go to; `said` None: only its request is judged."""

    setting: Setting
    asked: Asked
    target: ModelEntry | None = None
    said: Said | None = None
    judges: Mapping[str, bytes] = {}
    """What judges outside say, by the rules that ask them. Nobody else is asked."""


class Tried(Struct):
    """What became of it. `phase` is the gate that stopped it, None where it passed both.

    `request` and `answer` are the bodies as they go on; `code` is a refusal's, where the call could not be judged.
    """

    request: bytes
    answer: bytes | None = None
    effect: Effect = Effect.ALLOW
    phase: Phase | None = None
    rule: str | None = None
    reason: str | None = None
    code: str | None = None
    tier: str | None = None
    max_tokens: int | None = None
    decisions: list[Decision] = field(default_factory=list[Decision])
    redacted: set[Phase] = field(default_factory=set[Phase])
    """The gates that changed a text."""


async def try_call(draft: Draft, asked: Question, evaluator: Evaluator) -> Tried:
    """Every rule of the draft that concerns the call is asked, as far as a served call would come."""
    return await _Trial(draft, asked, evaluator).run()


class _Trial:
    def __init__(self, draft: Draft, question: Question, evaluator: Evaluator) -> None:
        self._policies = draft.policies
        self._question = question
        self._evaluator = evaluator
        self._asked = question.asked
        self._at = Phase.REQUEST
        principal = question.setting.principal
        self._owner = (principal.project, principal.proxy)
        self._chain = draft.chains.engine(principal.project, principal.proxy, question.asked.operation)
        self.done = Tried(question.asked.body, question.said.body if question.said is not None else None)

    async def run(self) -> Tried:
        try:
            await self._run()
        except GatewayError as error:
            self.done.effect, self.done.phase = Effect.BLOCK, self._at
            self.done.code, self.done.reason = error.code.value, error.hint or error.public
        return self.done

    async def _run(self) -> None:
        first = self._facts()
        if self._stopped(self._chain.judge(first), Phase.REQUEST):
            return
        found = self._policies.requests(*self._owner) if self._policies is not None else None
        if found is not None:
            engine, rules = found
            if self._stopped(await self._judged(engine, rules, self._facts()), Phase.REQUEST):
                return
        self.done.request = self._asked.body
        await self._answer(first)
        self._restore(first.placeholders)

    async def _answer(self, facts: Facts) -> None:
        said = self._question.said
        engine = self._policies.joined(self._chain, *self._owner) if self._policies is not None else self._chain
        if said is None or not engine.judges(Phase.RESPONSE):
            return
        facts.answered(said, lambda: _opened(lambda: open_answer(said.body)))
        facts.sent = lambda: open_request(self._asked)
        self._at = Phase.RESPONSE
        rules = [rule for rule in engine.rules if isinstance(rule, RegoRule)]
        self._stopped(await self._judged(engine, rules, facts), Phase.RESPONSE)

    def _restore(self, given: Placeholders | None) -> None:
        """Its caller reads the answer without placeholders."""
        answer = self.done.answer
        if given is not None and answer is not None:
            leaves = _opened(lambda: open_answer(answer)).leaves
            self.done.answer = rewrite_answer(answer, restored(leaves, given))

    def _facts(self) -> Facts:
        asked = self._asked
        facts = Facts(
            Phase.REQUEST,
            self._question.setting,
            asked,
            lambda: _opened(lambda: open_request(asked)),
            self._question.target,
        )
        for rule, answer in self._question.judges.items():
            facts.elsewhere |= {f"{phase.value}:{rule}": answer for phase in Phase}
        return facts

    async def _judged(self, engine: Engine, rules: Sequence[RegoRule], facts: Facts) -> Ruling:
        for rule in rules:
            if facts.phase in rule.phases:
                await rule.prepare(facts, self._evaluator)
        return engine.judge(facts)

    def _stopped(self, ruling: Ruling, phase: Phase) -> bool:
        """Carries the ruling out, and says whether the call ends here."""
        done = self.done
        done.decisions += ruling.decisions
        if ruling.effect in _STOPS:
            done.effect, done.phase = ruling.effect, phase
            done.rule, done.reason, done.code = ruling.rule, ruling.reason, ruling.code
            return True
        done.tier = first_tier(done.tier, ruling.tier)
        done.max_tokens = least(done.max_tokens, ruling.max_tokens)
        if ruling.changes:
            done.redacted.add(phase)
            done.effect = Effect.REDACT
            done.rule = done.rule or ruling.rule
            self._write(ruling.changes, phase)
        return False

    def _write(self, changes: Mapping[tuple[str | int, ...], str], phase: Phase) -> None:
        if phase is Phase.REQUEST:
            self._asked = rewrite_request(self._asked, changes)
            self.done.request = self._asked.body
        elif self.done.answer is not None:
            self.done.answer = rewrite_answer(self.done.answer, changes)


def _opened(reading: Callable[[], Texts]) -> Texts:
    try:
        return reading()
    except Malformed as error:
        raise CallerError(f"it cannot be judged: {error}") from None
