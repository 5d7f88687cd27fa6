"""A policy in force at one stage of a project or a proxy, and where it is asked: on the loop while it is quick.

One that has shown to be slow is asked in another process from then on, so that no call waits for another's policy.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.domain.rego import Evaluator, PolicyFailed, RegoEntry
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.rego.document import Document, Route
from gatepost_gateway.policy.rego.fields import detectors
from gatepost_gateway.policy.rego.verdict import Verdict, read_verdict
from gatepost_gateway.policy.rules import Label, NotRun, Reach, Vote

if TYPE_CHECKING:
    from gatepost_gateway.policy.rego.program import Program

LOOP_SECONDS: Final = 0.010
"""The most that one evaluation may take on the loop."""
FREE_SECONDS: Final = 0.0005
"""What an evaluation may take of the loop without owing anything."""
OVERRUN_SECONDS: Final = 0.002
"""A policy that took more of the processor and gave no answer has to leave the loop at once."""
MOST_OWED: Final = 0.020
"""A policy that owes the loop more than this has to leave it."""


class RegoRule:
    """Implements `policy.rules.CallRule`. `program` None: the policy is only ever asked in another process."""

    def __init__(self, entry: RegoEntry, program: "Program | None") -> None:
        self.entry = entry
        self.label = Label(entry.name, "rego", entry.mode)
        self.phase = Phase(entry.phase)
        self.phases = frozenset({self.phase})
        self.reach = Reach.WHOLE if self.phase is Phase.RESPONSE else Reach.NOTHING
        self.document = Document(frozenset(entry.reads))
        self._program = program
        self._owed = 0.0

    @property
    def away(self) -> bool:
        """Whether it should be asked in another process, by `prepare` before `judge`."""
        return self._program is None or self.entry.seconds > LOOP_SECONDS or self._owed > MOST_OWED

    async def prepare(self, facts: Facts, evaluator: Evaluator) -> None:
        """Asks in the other process and keeps the answer, or why there is none, with the facts.

        Raises CallerError (400) for a request that its own format does not allow.
        """
        document = msgspec.json.encode(self._input(facts))
        try:
            answer = await evaluator.evaluate(self.entry, document)
            found = self._read(msgspec.json.decode(answer))
        except PolicyFailed as error:
            found = error
        facts.elsewhere[self.label.name] = found

    def judge(self, facts: Facts) -> Vote | None:
        """Raises NotRun, or GatewayFault (503) where a policy that gives no answer stops the call."""
        try:
            verdict = self._verdict(facts)
        except PolicyFailed as error:
            words = f"the policy gave no answer: {error}"
            if self.entry.fails_open:
                raise NotRun(words) from error
            raise GatewayFault(
                f"policy `{self.label.name}` gave no answer", code=Code.POLICY_UNAVAILABLE, status=503, hint=str(error)
            ) from error
        if verdict.effect is Effect.ALLOW and not verdict.reason:
            return None
        return Vote(verdict.effect, verdict.reason, verdict.rule, redact=detectors(verdict.kinds))

    def _verdict(self, facts: Facts) -> Verdict:
        found = facts.elsewhere.get(self.label.name)
        if isinstance(found, PolicyFailed):
            raise found
        if isinstance(found, Verdict):
            return found
        if self._program is None:
            raise PolicyFailed("it is only evaluated in a process of its own, and was not asked there")
        return self._evaluate(self._input(facts))

    def _input(self, facts: Facts) -> dict[str, Any]:
        return self.document.build(facts, Route(facts.target, facts.attempt) if facts.target is not None else None)

    def _evaluate(self, document: Mapping[str, Any]) -> Verdict:
        """On the loop, within `LOOP_SECONDS`: where nothing was prepared, and at the end of a stream. Raises PolicyFailed."""
        assert self._program is not None
        began, answered = time.thread_time(), False
        try:
            found = self._read(self._program.evaluate(document, min(self.entry.seconds, LOOP_SECONDS)))
            answered = True
        finally:
            spent = time.thread_time() - began
            self._owed = max(0.0, self._owed + spent - FREE_SECONDS)
            if not answered and spent > OVERRUN_SECONDS:
                self._owed += MOST_OWED
        return found

    def _read(self, values: Mapping[str, Any]) -> Verdict:
        return read_verdict(values, self.entry.packages, self.phase)
