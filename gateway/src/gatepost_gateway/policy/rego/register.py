"""The policies of a configuration, compiled: which engine judges a call of which project and proxy."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.domain.rego import RegoEntry
from gatepost_gateway.domain.snapshot import SnapshotDocument
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.rego.rule import RegoRule

if TYPE_CHECKING:
    from gatepost_gateway.policy.rego.program import Program

Owner = tuple[str, str | None]
"""A project, and one of its proxies or none."""


def register_of(document: SnapshotDocument, key: bytes, before: "Register | None" = None) -> "Register | None":
    """The policies of a configuration, compiled; None where there is none. `key` as in `Engine`."""
    owners: list[tuple[Owner, tuple[RegoEntry, ...]]] = [((one.id, None), one.rego) for one in document.projects]
    shared = {one.id: one.rego for one in document.projects}
    owners += [((one.project, one.id), shared.get(one.project, ()) + one.rego) for one in document.proxies]
    return Register(owners, key, before) if any(entries for _, entries in owners) else None


class Register:
    """`owners`: the policies of each project, and of each proxy with those of its project before its own.

    A policy that `before` has already is not compiled again, and keeps what it owes the loop.
    """

    def __init__(
        self, owners: Iterable[tuple[Owner, Sequence[RegoEntry]]], key: bytes, before: "Register | None" = None
    ) -> None:
        known = before.rules if before is not None else {}
        self.rules: dict[RegoEntry, RegoRule] = {}
        self._requests: dict[Owner, tuple[Engine, tuple[RegoRule, ...]] | None] = {}
        self._responses: dict[Owner, tuple[RegoRule, ...]] = {}
        self._joined: dict[tuple[Owner, int], tuple[Engine, Engine]] = {}
        for owner, entries in owners:
            rules = [self._rule(entry, known) for entry in entries]
            requests = tuple(rule for rule in rules if rule.phase is Phase.REQUEST)
            self._requests[owner] = (Engine(requests, key), requests) if requests else None
            self._responses[owner] = tuple(rule for rule in rules if rule.phase is Phase.RESPONSE)

    def requests(self, project: str, proxy: str | None) -> tuple[Engine, tuple[RegoRule, ...]] | None:
        """What judges requests, and the rules in it; None where there is no policy."""
        return self._requests.get(self._owner(project, proxy))

    def joined(self, chain: Engine, project: str, proxy: str | None) -> Engine:
        """The chain that a call meets, with the policies on its answer as its last rules."""
        owner = self._owner(project, proxy)
        rules = self._responses.get(owner)
        if not rules:
            return chain
        place = (owner, id(chain))
        found = self._joined.get(place)
        if found is None or found[0] is not chain:
            found = self._joined[place] = (chain, chain.followed_by(rules))
        return found[1]

    def _owner(self, project: str, proxy: str | None) -> Owner:
        """A proxy that is not declared has its project's policies."""
        return (project, proxy) if (project, proxy) in self._requests else (project, None)

    def _rule(self, entry: RegoEntry, known: dict[RegoEntry, RegoRule]) -> RegoRule:
        if entry not in self.rules:
            self.rules[entry] = known.get(entry) or RegoRule(entry, _compiled(entry))
        return self.rules[entry]


def _compiled(entry: RegoEntry) -> "Program | None":
    """None for one that is not compiled here: asked elsewhere, it answers or fails as it deserves."""
    if entry.isolated:
        return None
    # The language is loaded with the first policy.
    from gatepost_gateway.policy.rego.program import PolicyRefused, compile_program  # noqa: PLC0415

    try:
        return compile_program(entry.source, entry.packages)
    except PolicyRefused:
        return None
