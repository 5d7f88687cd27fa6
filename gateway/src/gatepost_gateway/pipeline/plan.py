"""Stage 5: a model's name becomes the ordered places that can answer, each with its price as it is now."""

import difflib

from gatepost_gateway.domain.chat import Asked, Operation
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.ports import Providers
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProjectEntry, Snapshot
from gatepost_gateway.pipeline.call import Plan, Target


def plan(snapshot: Snapshot, project: ProjectEntry, asked: Asked, providers: Providers, passed: Secret | None) -> Plan:
    """The targets of a call. `passed`: the caller's own provider key, for the one family that the project passes it to.

    Raises CallerError: 404 for a name that means nothing here, 422 for an operation that no target of it can do.
    """
    entry = resolve(snapshot, project, asked, providers)
    targets = [entry]
    for fallback in snapshot.fallbacks.get(entry.id, ()):
        other = snapshot.models.get(fallback)
        if other is not None and other.project in (None, project.id) and _serves(other, asked, providers):
            targets.append(other)
    chosen = tuple(_target(one, project, passed) for one in targets if _has_key(one, project, passed))
    if not chosen:
        raise _no_key(asked, project, passed)
    return Plan(chosen)


def resolve(snapshot: Snapshot, project: ProjectEntry, asked: Asked, providers: Providers) -> ModelEntry:
    """The entry that the caller's words mean, for the operation that it wants."""
    entries = snapshot.called(project.id, asked.model)
    if not entries:
        raise _unknown(snapshot, project, asked.model)
    for entry in entries:
        if _serves(entry, asked, providers):
            return entry
    raise CallerError(
        f"model `{asked.model}` (provider {entries[0].provider.value}) does not support {asked.operation.value}",
        code=Code.UNSUPPORTED_OPERATION,
        status=422,
    )


def _serves(entry: ModelEntry, asked: Asked, providers: Providers) -> bool:
    # Who may chat with a model may also ask how long its words would be.
    operation = Operation.CHAT if asked.operation is Operation.COUNT else asked.operation
    if entry.operations and operation.value not in entry.operations:
        return False
    return entry.provider in providers and asked.operation in providers[entry.provider].operations


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


def _no_key(asked: Asked, project: ProjectEntry, passed: Secret | None) -> CallerError:
    words = (
        f"model `{asked.model}` has no stored provider key here: register it with one, or set the provider's variable"
        if passed is None
        else f"model `{asked.model}` cannot be called with the key that was passed through: it goes to"
        f" {project.pass_through_provider} only, and no other is stored"
    )
    return CallerError(words, code=Code.PROVIDER_KEY_MISSING, status=422)


def _unknown(snapshot: Snapshot, project: ProjectEntry, name: str) -> CallerError:
    visible = snapshot.visible(project.id)
    names = {entry.id for entry in visible} | {entry.identifier for entry in visible}
    near = difflib.get_close_matches(name, sorted(names), n=3, cutoff=0.5)
    hint = (
        "did you mean " + ", ".join(f"`{one}`" for one in near) + "?" if near else "GET /v1/models lists what is here"
    )
    return CallerError(
        f"model `{name[:200]}` is not known here: {hint}", code=Code.MODEL_NOT_FOUND, status=404, hint=hint
    )
