"""Policies evaluated in this process, with time to spare, for who tries a draft: never beside calls.

The language is loaded with the first of them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.rego import PolicyFailed, RegoEntry

if TYPE_CHECKING:
    from gatepost_gateway.policy.rego.program import Program

SECONDS = 2.0
"""How long an evaluation may take at least: what a busy machine makes slow is not the policy's fault."""


class Written(Struct, frozen=True):
    """A rule of a policy: what it is called, and its line."""

    name: str
    line: int


class Here:
    """Implements `Evaluator`. `traced`: notes which rules gave a value, at some cost."""

    def __init__(self, *, traced: bool = False) -> None:
        self._traced = traced
        self._programs: dict[tuple[str, tuple[str, ...]], "Program | str"] = {}
        self.fired: dict[str, set[int]] = {}
        """The lines of the rules that gave a value, by the text of the policy."""

    async def evaluate(self, entry: RegoEntry, document: bytes) -> bytes:
        """Raises PolicyFailed."""
        program = self._program(entry)
        seconds = max(entry.seconds, SECONDS)
        said = msgspec.json.decode(document)
        if not self._traced:
            return msgspec.json.encode(program.evaluate(said, seconds))
        values, lines = program.traced(said, seconds)
        self.fired.setdefault(entry.source, set()).update(lines)
        return msgspec.json.encode(values)

    def prepare(self, entry: RegoEntry) -> None:
        """What is asked for is compiled then."""

    def _program(self, entry: RegoEntry) -> "Program":
        from gatepost_gateway.policy.rego.program import PolicyRefused, compile_program  # noqa: PLC0415 - as said above

        place = (entry.source, entry.packages)
        found = self._programs.get(place)
        if found is None:
            try:
                found = compile_program(entry.source, entry.packages)
            except PolicyRefused as error:
                found = f"the policy does not compile: {error}"
            self._programs[place] = found
        if isinstance(found, str):
            raise PolicyFailed(found)
        return found


def written_rules(source: str) -> Sequence[Written]:
    """The rules of a policy that say something by a condition: each link of an `else` is one. Defaults are none."""
    from gatepost_rego import PolicyError  # noqa: PLC0415 - as said above
    from gatepost_rego.policy import read_modules  # noqa: PLC0415

    for version in ("v1", "v0"):
        try:
            modules = read_modules({"policy.rego": source}, version)
        except PolicyError:
            continue
        links = (link for module in modules for rule in module.rules if not rule.default for link in rule.chain())
        return sorted((Written(link.name, link.loc.row) for link in links), key=lambda one: one.line)
    return ()
