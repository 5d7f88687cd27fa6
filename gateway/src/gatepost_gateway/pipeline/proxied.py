"""Where the calls of one key or one proxy may go, and who may use a proxy."""

from collections.abc import Iterable, Sequence

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
    """The entries that the call's key and its proxy may use. Raises Forbidden (403) when that leaves none."""
    proxy = call.proxy
    entries = _of_key(call, entries)
    if proxy is None or not entries:
        return list(entries)
    allowed = [entry for entry in entries if proxy.allows(entry)]
    if not allowed:
        only = ", ".join(f"`{name}`" for name in (*proxy.models, *(one.value for one in proxy.providers))[:8])
        raise Forbidden(
            f"proxy `{proxy.id}` does not allow model `{entries[0].id}`: it may use {only}", code=Code.MODEL_NOT_ALLOWED
        )
    return allowed


def _of_key(call: Call, entries: Sequence[ModelEntry]) -> Sequence[ModelEntry]:
    key = call.snapshot.keys.get(call.principal.key_id) if call.principal is not None else None
    if key is None or not key.models or not entries:
        return entries
    allowed = [entry for entry in entries if key.allows(entry)]
    if not allowed:
        only = ", ".join(f"`{name}`" for name in key.models[:8])
        raise Forbidden(
            f"API key `{key.id}` does not allow model `{entries[0].id}`: it may call {only}",
            code=Code.MODEL_NOT_ALLOWED,
        )
    return allowed


def open_to(snapshot: Snapshot, principal: Principal, entries: Iterable[ModelEntry]) -> list[ModelEntry]:
    """Those of `entries` that a principal may call, for the pages that list them."""
    key, proxy = snapshot.keys.get(principal.key_id), snapshot.proxies.get(principal.proxy or "")
    allowed = [entry for entry in entries if key is None or key.allows(entry)]
    return [entry for entry in allowed if proxy is None or proxy.allows(entry)]
