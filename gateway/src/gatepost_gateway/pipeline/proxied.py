"""What holds for the calls of a proxy alone: who may use it, and where its calls may go."""

from collections.abc import Sequence

from msgspec import structs

from gatepost_gateway.domain.errors import CallerError, Code, Forbidden
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.snapshot import ModelEntry, Snapshot
from gatepost_gateway.pipeline.call import Call


def at_proxy(snapshot: Snapshot, principal: Principal, named: str | None) -> Principal:
    """The principal at the proxy that its path names, else at its own.

    A key without a proxy may use every proxy of its project. Raises Forbidden (403), and CallerError (404) for a proxy
    that is not there.
    """
    if principal.proxy is not None and named is not None and principal.proxy != named:
        raise Forbidden(f"this key belongs to another proxy than `{named[:80]}`: use a key of that one")
    wanted = named if named is not None else principal.proxy
    proxy = snapshot.proxies.get(wanted or "")
    if proxy is None:
        if named is None:
            raise Forbidden(f"the proxy `{principal.proxy}` of this key does not exist any more: use another key")
        raise CallerError(f"there is no proxy `{named[:80]}`", code=Code.NOT_FOUND, status=404)
    if proxy.project != principal.project:
        raise Forbidden(f"this key belongs to another project than proxy `{proxy.id}`: use a key of that one")
    return structs.replace(principal, proxy=proxy.id)


def confine(call: Call, entries: Sequence[ModelEntry]) -> list[ModelEntry]:
    """The entries that the call's proxy may use. Raises Forbidden (403) when that leaves none."""
    proxy = call.proxy
    if proxy is None or not entries:
        return list(entries)
    allowed = [entry for entry in entries if proxy.allows(entry)]
    if not allowed:
        only = ", ".join(f"`{name}`" for name in (*proxy.models, *(one.value for one in proxy.providers))[:8])
        raise Forbidden(
            f"proxy `{proxy.id}` does not allow model `{entries[0].id}`: it may use {only}", code=Code.MODEL_NOT_ALLOWED
        )
    return allowed
