"""Stage 5: what the caller asked for becomes the ordered places that can answer, each with its price as it is now."""

from collections.abc import Iterable

from msgspec import Struct

from gatepost_gateway.domain.errors import CallerError, Code, Forbidden
from gatepost_gateway.domain.ports import Providers
from gatepost_gateway.domain.routing import ModelPolicy, Route, Source, Tier
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProjectEntry, ProviderKind
from gatepost_gateway.pipeline.call import Call, Plan, Target
from gatepost_gateway.pipeline.data_policy import admit, demands_on
from gatepost_gateway.pipeline.proxied import confine
from gatepost_gateway.pipeline.routing import Choice, Choosing, choose
from gatepost_gateway.pipeline.strategies import Ordering, Sight
from gatepost_gateway.pipeline.unknown import unknown_model

MOST_OUT = 32
"""Entries that were left out, of which a record says why."""
MOST_TARGETS = 16
"""Places that one call may be sent to, one after the other."""
_OFF = b"off"


class Planner(Struct, frozen=True):
    """The stage with what it decides by."""

    providers: Providers
    sight: Sight

    def plan(self, call: Call, passed: Secret | None) -> Plan:
        """The targets of a call; its route goes into the record.

        `passed`: the caller's own provider key, for the one family that the project passes it to. Raises CallerError:
        404 for a name that means nothing here, 422 for what no target of it can do; Forbidden (403) for a name that
        may not be said here; Refused when the data may go to none of them.
        """
        project, asked = call.project, call.asked
        assert project is not None
        assert asked is not None
        at = Choosing(call.snapshot, project, asked, self.providers)
        choice = choose(call, at)
        # What a call goes on with lives at one place, and means nothing at another.
        reserves = () if call.pinned is not None else (*_named(call, choice, at), *_fallbacks(choice, at))
        able = confine(call, [*choice.entries, *reserves])
        entries = [entry for entry in able if _has_key(entry, project, passed)]
        if not entries:
            raise _no_key(asked.model, project, passed)
        out: tuple[str, ...] = ()
        if len(entries) < len(able):
            out = tuple(f"{entry.id}: no provider key" for entry in able if entry not in entries)
        for rule, demands in demands_on(call):
            entries, refused = admit(call, rule, demands, entries)
            out += refused
        strategy = None
        if len(entries) > 1:
            entries, strategy = self._ordered(call, at, choice, entries)
        call.record.route = Route(entries[0].id, choice.source, choice.rationale, choice.tier, strategy, out[:MOST_OUT])
        return Plan(tuple([_target(entry, project, passed) for entry in entries[:MOST_TARGETS]]))

    def _ordered(
        self, call: Call, at: Choosing, choice: Choice, entries: list[ModelEntry]
    ) -> tuple[list[ModelEntry], str | None]:
        """The candidates as the strategy says, the fallbacks behind them, and the strategy where there was a choice."""
        group = [entry for entry in entries if entry in choice.entries]
        document = call.snapshot.document
        routing = at.project.routing or document.routing
        ordered = Ordering(routing, document.breaker, at.asked, at.project, self.sight).order(group)
        ordered += entries[len(group) :]
        return ordered[:1] if fallback_off(call) else ordered, routing.strategy if len(group) > 1 else None


def _fallbacks(choice: Choice, at: Choosing) -> Iterable[ModelEntry]:
    """The fallbacks of all candidates, in their order, each once. A secure call falls back to private entries only."""
    if not at.snapshot.fallbacks:
        return
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


def _named(call: Call, choice: Choice, at: Choosing) -> Iterable[ModelEntry]:
    """The fallbacks that the caller names, where it is the caller who chooses.

    Raises CallerError (404) for a name that means nothing here, so that a slip of the pen is not found out on a bad
    day; Forbidden (403) where the project lets its callers name no models.
    """
    names = call.inbound.fallbacks
    if not names or choice.source is Source.FORCED:
        return
    if at.project.model_policy is ModelPolicy.TIER:
        raise Forbidden(
            f"project `{at.project.id}` lets its callers name tiers only: leave `fallback_models` out",
            code=Code.MODEL_NOT_ALLOWED,
        )
    for name in names:
        entries = at.snapshot.called(at.project.id, name)
        if not entries:
            raise unknown_model(at.snapshot, at.project, name)
        entry = next((one for one in entries if at.serves(one)), None)
        if entry is None or entry in choice.entries or (choice.tier is Tier.SECURE and entry.is_public):
            continue
        yield entry


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
    return Target(entry, entry.prices, project.key_for(entry))


def _has_key(entry: ModelEntry, project: ProjectEntry, passed: Secret | None) -> bool:
    """A passed-through call goes to its family with the caller's key, elsewhere only with a stored credential.

    A server that an operator declared may need none; one that a name was inferred for always does. A project that
    signed itself up gets nothing but the sandbox without a key of its own.
    """
    stored = project.key_for(entry) is not None
    if passed is not None:
        return entry.provider is project.pass_through_provider or stored
    if project.own_keys_only:
        return stored or entry.provider is ProviderKind.SANDBOX
    return entry.declared or stored


def _no_key(name: str, project: ProjectEntry, passed: Secret | None) -> CallerError:
    words = (
        f"model `{name}` has no stored provider key here: bring one with `POST /v1/keys`, register the model with one,"
        " or set the provider's variable"
        if passed is None
        else f"model `{name}` cannot be called with the key that was passed through: it goes to"
        f" {project.pass_through_provider} only, and no other is stored"
    )
    return CallerError(words, code=Code.PROVIDER_KEY_MISSING, status=422)
