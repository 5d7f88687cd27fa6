"""A policy in force at one stage of a project or a proxy, and where it is asked: on the loop while it is quick.

One that has shown to be slow is asked in another process from then on, so that no call waits for another's policy.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.domain.rego import RegoEntry
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.rego.document import Document, Route
from gatepost_gateway.policy.rego.program import Program
from gatepost_gateway.policy.rego.verdict import Verdict, read_verdict
from gatepost_gateway.policy.rules import Label, Reach

LOOP_SECONDS: Final = 0.010
"""The most that one evaluation may take on the loop."""
FREE_SECONDS: Final = 0.0005
"""What an evaluation may take of the loop without owing anything."""
MOST_OWED: Final = 0.020
"""A policy that owes the loop more than this has to leave it."""


class RegoRule:
    """`program` None: the policy is only ever asked in the worker process."""

    def __init__(self, entry: RegoEntry, program: Program | None) -> None:
        self.entry = entry
        self.phase = Phase(entry.phase)
        self.label = Label(entry.name, "rego", entry.mode)
        self.phases = frozenset({self.phase})
        self.reach = Reach.WHOLE if self.phase is Phase.RESPONSE else Reach.NOTHING
        self.document = Document(frozenset(entry.reads))
        self._program = program
        self._owed = 0.0

    @property
    def away(self) -> bool:
        """Whether it is asked in the worker process."""
        return self._program is None or self.entry.seconds > LOOP_SECONDS or self._owed > MOST_OWED

    def input(self, facts: Facts, route: Route | None) -> dict[str, Any]:
        """Raises CallerError (400) for a request that its own format does not allow."""
        return self.document.build(facts, route)

    def evaluate(self, document: Mapping[str, Any]) -> Verdict:
        """On the loop, within `LOOP_SECONDS`. Raises PolicyFailed."""
        assert self._program is not None
        began = time.thread_time()
        try:
            return self.read(self._program.evaluate(document, min(self.entry.seconds, LOOP_SECONDS)))
        finally:
            self._owed = max(0.0, self._owed + time.thread_time() - began - FREE_SECONDS)

    def read(self, values: Mapping[str, Any]) -> Verdict:
        """What the values of its documents mean. Raises PolicyFailed."""
        return read_verdict(values, self.entry.packages, self.phase)
