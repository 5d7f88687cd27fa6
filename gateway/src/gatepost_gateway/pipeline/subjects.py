"""Whose a call is, in every scope that a limit may stand on."""

from functools import partial
from typing import Any

import msgspec

from gatepost_gateway.domain.limits import Purse, Scope, address_of, purses
from gatepost_gateway.pipeline.call import Call


def subject_of(call: Call, scope: Scope, name: str) -> str | None:
    """The subject of `call` in `scope`; None where it has none. `name`: of the metadata."""
    record = call.record
    match scope:
        case Scope.ORG:
            return record.org
        case Scope.PROJECT:
            return record.project
        case Scope.PROXY:
            return record.proxy
        case Scope.KEY:
            return record.key_id
        case Scope.USER:
            return user_of(call)
        case Scope.METADATA:
            return _property(call, name) or _told(call, name)
        case Scope.IP:
            return _address(call)
        case Scope.GLOBAL:
            return "all"


def user_of(call: Call) -> str | None:
    """The user by `X-User-Id`, by the `user` of the body, or by the `user_id` of the trace."""
    return call.record.user or (call.asked.user if call.asked is not None else None) or _told(call, "user_id")


def purses_of(call: Call) -> tuple[Purse, ...]:
    """The budgets that a call meets. The same ones for every attempt of it."""
    project = call.project
    assert project is not None
    return purses(project.budgets, call.snapshot.budgets, partial(subject_of, call), project.id)


def _address(call: Call) -> str | None:
    locate = call.inbound.presented.client
    said = locate() if locate is not None else None
    return address_of(said) if said is not None else None


def _property(call: Call, name: str) -> str | None:
    # Properties come in headers, whose names have no case.
    return (call.record.properties or {}).get(name.lower()) or None


def _told(call: Call, name: str) -> str | None:
    """What the metadata of the call's trace says."""
    if call.inbound.metadata == "{}":
        return None
    said: Any = msgspec.json.decode(call.inbound.metadata).get(name)
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return None
    return str(said) or None
