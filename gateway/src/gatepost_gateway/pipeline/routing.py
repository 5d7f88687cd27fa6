"""Which entries a call may go to: by the model's name, a tier's name, the complexity rule, or a policy's word.

What is chosen here is what the configuration says; strategies put it into an order, and breakers leave out what fails.
"""

from collections.abc import Sequence

from msgspec import Struct, structs

from gatepost_gateway.domain.chat import Asked, Operation
from gatepost_gateway.domain.errors import CallerError, Code, Forbidden
from gatepost_gateway.domain.ports import Providers
from gatepost_gateway.domain.routing import AUTO, LADDER, TIER, ModelPolicy, Source, Tier
from gatepost_gateway.domain.snapshot import ModelEntry, ProjectEntry, Snapshot
from gatepost_gateway.pipeline.call import Call
from gatepost_gateway.pipeline.complexity import judge_complexity
from gatepost_gateway.pipeline.unknown import unknown_model

PRIVATE_SIGNALS = frozenset({"pii", "secret", "injection"})
"""What the request gate may find: each sends a call whose tier is chosen here to `secure`."""


class Choice(Struct, frozen=True):
    """The candidates as they were declared, each able to do the operation, and why they are the ones."""

    entries: tuple[ModelEntry, ...]
    source: Source
    rationale: str
    tier: Tier | None = None


class Choosing(Struct, frozen=True):
    """What a choice is made from."""

    snapshot: Snapshot
    project: ProjectEntry
    asked: Asked
    providers: Providers

    def serves(self, entry: ModelEntry) -> bool:
        """Whether an entry can do the operation."""
        # Who may chat with a model may also ask how long its words would be.
        operation = self.asked.operation
        named = Operation.CHAT if operation is Operation.COUNT else operation
        if entry.operations and named.value not in entry.operations:
            return False
        return entry.provider in self.providers and operation in self.providers[entry.provider].operations

    def visible(self, id: str) -> ModelEntry | None:
        """The entry of that id, if this project may call it."""
        entry = self.snapshot.models.get(id)
        return entry if entry is not None and entry.project in (None, self.project.id) else None


def choose(call: Call, at: Choosing) -> Choice:
    """Raises CallerError: 404 for a name that means nothing here, 422 for what nothing here can do; and Forbidden (403)
    for a model's name where the project lets its callers name tiers only.
    """
    name, by_default = at.asked.model, call.inbound.by_default
    if call.forced_tier is not None:
        forced = _of_tier(at, Tier(call.forced_tier), Source.FORCED, "a policy sends this call there")
        return forced if call.pinned is None else _kept_within(forced, call.pinned)
    if call.pinned is not None:
        return _pinned(at, call.pinned)
    if call.proxy is not None and call.proxy.target_model is not None:
        return _of_proxy(at, call.proxy.target_model)
    if name == AUTO or (at.project.model_policy is ModelPolicy.OVERRIDE and not name.startswith(TIER)):
        source = Source.FORCED if name != AUTO else Source.DEFAULT if by_default else Source.AUTO
        return _by_rule(at, call.signals, source)
    if name.startswith(TIER):
        found = _signalled(at, call.signals, Source.FORCED)
        source = Source.DEFAULT if by_default else Source.TIER
        return found or _of_tier(at, _tier_called(at, name), source, "asked for by its name")
    if at.project.model_policy is ModelPolicy.TIER and not by_default:
        raise Forbidden(
            f"project `{at.project.id}` lets its callers name tiers only: {_configured(at)}, or `{AUTO}`",
            code=Code.MODEL_NOT_ALLOWED,
        )
    return _called(at, name, Source.DEFAULT if by_default else Source.EXPLICIT)


def _pinned(at: Choosing, id: str) -> Choice:
    entry = at.visible(id) or next(iter(at.snapshot.called(at.project.id, id)), None)
    if entry is None:
        raise unknown_model(at.snapshot, at.project, id)
    return Choice(_able(at, [entry], id), Source.PINNED, "the answer that it continues came from there")


def _kept_within(forced: Choice, pinned: str) -> Choice:
    """A forced tier's choice for a call that only one entry can go on with. Raises Forbidden (403) for another one."""
    entries = tuple(entry for entry in forced.entries if entry.id == pinned)
    if not entries:
        raise Forbidden(
            f"a policy sends this call to tier `{forced.tier}`, and the answer that it continues came from elsewhere:"
            " begin a new conversation",
            code=Code.MODEL_NOT_ALLOWED,
        )
    return structs.replace(forced, entries=entries)


def _of_proxy(at: Choosing, id: str) -> Choice:
    entry = at.visible(id)
    if entry is None:
        raise unknown_model(at.snapshot, at.project, id)
    return Choice(_able(at, [entry], id), Source.FORCED, "the proxy sends every call there")


def _called(at: Choosing, name: str, source: Source) -> Choice:
    """What a model's name means. Entries that share an identifier are one group; an id of its own names one entry."""
    entries = at.snapshot.called(at.project.id, name)
    if not entries:
        raise unknown_model(at.snapshot, at.project, name)
    able = _able(at, entries, name)
    first = able[0]
    if first.identifier != name or not first.declared:
        return Choice((first,), source, "the name of one entry")
    if len(able) == 1:
        return Choice(able, source, "the name of one entry")
    group = tuple(entry for entry in able if entry.identifier == name and entry.project == first.project)
    words = "the name of one entry" if len(group) == 1 else f"the name of {len(group)} entries"
    return Choice(group, source, words)


def _by_rule(at: Choosing, signals: frozenset[str], source: Source) -> Choice:
    """The tier that the request needs; where it is not configured the next higher one, else the next lower."""
    if (found := _signalled(at, signals, source)) is not None:
        return found
    wanted, why = judge_complexity(at.asked)
    if (private := PRIVATE_SIGNALS & signals) and not at.snapshot.tier(at.project, Tier.SECURE):
        why += f"; {_signs(private)} found, and no tier `{Tier.SECURE}` is configured"
    place = LADDER.index(wanted)
    for tier in (*LADDER[place:], *reversed(LADDER[:place])):
        if at.snapshot.tier(at.project, tier):
            words = why if tier is wanted else f"{why}; `{wanted}` is not configured"
            return _of_tier(at, tier, source, words)
    return _of_tier(at, wanted, source, why)


def _signalled(at: Choosing, signals: frozenset[str], source: Source) -> Choice | None:
    """`secure`, where something private was found and that tier is configured."""
    private = PRIVATE_SIGNALS & signals
    if not private or not at.snapshot.tier(at.project, Tier.SECURE):
        return None
    return _of_tier(at, Tier.SECURE, source, f"{_signs(private)} found")


def _signs(signals: frozenset[str]) -> str:
    return ", ".join(sorted(signals))


def _tier_called(at: Choosing, name: str) -> Tier:
    said = name.removeprefix(TIER)
    if said not in [*Tier]:
        raise CallerError(
            f"there is no tier `{said[:64]}`: {_configured(at)} can be called here",
            code=Code.TIER_NOT_FOUND,
            status=404,
        )
    return Tier(said)


def _of_tier(at: Choosing, tier: Tier, source: Source, why: str) -> Choice:
    entries = [entry for id in at.snapshot.tier(at.project, tier) if (entry := at.visible(id)) is not None]
    if not entries:
        raise CallerError(
            f"tier `{tier}` has no model in project `{at.project.id}`: {_configured(at)} can be called here",
            code=Code.TIER_NOT_CONFIGURED,
            status=422,
        )
    return Choice(_able(at, entries, TIER + tier), source, why, tier)


def _configured(at: Choosing) -> str:
    """The tiers that can be called here, in words."""
    found = [f"`{TIER}{tier}`" for tier in Tier if any(map(at.visible, at.snapshot.tier(at.project, tier)))]
    return ", ".join(found) or "no tier"


def _able(at: Choosing, entries: Sequence[ModelEntry], name: str) -> tuple[ModelEntry, ...]:
    """Those that can do the operation. Raises CallerError (422) when none can: the call is not sent elsewhere."""
    able = tuple([entry for entry in entries if at.serves(entry)])
    if not able:
        kinds = ", ".join(dict.fromkeys(entry.provider.value for entry in entries))
        raise CallerError(
            f"model `{name}` (provider {kinds}) does not support {at.asked.operation.value}",
            code=Code.UNSUPPORTED_OPERATION,
            status=422,
        )
    return able
