"""Stage 5: what the caller asked for becomes the ordered places that can answer, each with its price as it is now."""

from collections.abc import Iterable

from msgspec import Struct

from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.ports import Providers
from gatepost_gateway.domain.routing import Route, Tier
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProjectEntry
from gatepost_gateway.pipeline.call import Call, Plan, Target
from gatepost_gateway.pipeline.routing import Choice, Choosing, choose

MOST_TARGETS = 16
"""Places that one call may be sent to, one after the other."""
_OFF = b"off"


class Planner(Struct, frozen=True):
    """The stage with what it decides by."""

    providers: Providers

    def plan(self, call: Call, passed: Secret | None) -> Plan:
        """The targets of a call; its route goes into the record.

        `passed`: the caller's own provider key, for the one family that the project passes it to. Raises CallerError:
        404 for a name that means nothing here, 422 for what no target of it can do; Forbidden (403) for a name that
        may not be said here.
        """
        project, asked = call.project, call.asked
        assert project is not None
        assert asked is not None
        choice = choose(call, self.providers)
        at = Choosing(call.snapshot, project, asked, self.providers)
        keyed = [entry for entry in choice.entries if _has_key(entry, project, passed)]
        reserves = [entry for entry in _fallbacks(choice, at) if _has_key(entry, project, passed)]
        entries = [*keyed, *reserves]
        if not entries:
            raise _no_key(asked.model, project, passed)
        if fallback_off(call):
            entries = entries[:1]
        call.record.route = Route(entries[0].id, choice.source, choice.rationale[:300], choice.tier)
        return Plan(tuple(_target(entry, project, passed) for entry in entries[:MOST_TARGETS]))


def _fallbacks(choice: Choice, at: Choosing) -> Iterable[ModelEntry]:
    """The fallbacks of all candidates, in their order, each once. A secure call falls back to private entries only."""
    seen = {entry.id for entry in choice.entries}
    for entry in choice.entries:
        for id in at.snapshot.fallbacks.get(entry.id, ()):
            other = at.visible(id)
            if other is None or id in seen or not at.serves(other):
                continue
            if choice.tier is Tier.SECURE and other.is_public:
                continue
            seen.add(id)
            yield other


def fallback_off(call: Call) -> bool:
    """Whether the caller wants one target or none: `X-Gatepost-Fallback: off`."""
    headers = call.inbound.headers
    said = headers.get(b"x-gatepost-fallback")
    if said is None:
        for prefix in call.snapshot.document.header_prefixes:
            said = said or headers.get(prefix.encode("latin-1") + b"fallback")
    return said is not None and said.strip().lower() == _OFF


def _target(entry: ModelEntry, project: ProjectEntry, passed: Secret | None) -> Target:
    if passed is not None and entry.provider is project.pass_through_provider:
        return Target(entry, entry.prices, None, passed)
    return Target(entry, entry.prices, entry.credential)


def _has_key(entry: ModelEntry, project: ProjectEntry, passed: Secret | None) -> bool:
    """A passed-through call goes to its family with the caller's key, elsewhere only with a stored credential.

    A server that an operator declared may need none; one that a name was inferred for always does.
    """
    if passed is not None:
        return entry.provider is project.pass_through_provider or entry.credential is not None
    return entry.declared or entry.credential is not None


def _no_key(name: str, project: ProjectEntry, passed: Secret | None) -> CallerError:
    words = (
        f"model `{name}` has no stored provider key here: register it with one, or set the provider's variable"
        if passed is None
        else f"model `{name}` cannot be called with the key that was passed through: it goes to"
        f" {project.pass_through_provider} only, and no other is stored"
    )
    return CallerError(words, code=Code.PROVIDER_KEY_MISSING, status=422)
