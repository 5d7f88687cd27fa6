"""Which tools a role may have, and how a call says what role its user has."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.globs import Globs

_LONGEST = 100
RoleT = TypeVar("RoleT")


class ToolAccess:
    """A denied name is denied in either case of letters; `allowed` None: every other name is allowed."""

    def __init__(self, allowed: Iterable[str] | None, denied: Iterable[str] = ()) -> None:
        self._allowed = None if allowed is None else Globs(tuple(allowed))
        self._denied = Globs(tuple(denied), fold=True)

    def denied(self, names: Iterable[str]) -> str | None:
        """The first name that may not be there, fit to be shown."""
        for name in names:
            if self._denied.match(name) or (self._allowed is not None and not self._allowed.match(name)):
                return name[:_LONGEST]
        return None


def tools_of(facts: Facts) -> Iterable[str]:
    """The names that a side of a call holds: declared tools and calls of the history, or what the model calls."""
    if facts.phase is Phase.REQUEST:
        return (*facts.request.tools, *(call.name for call in facts.request.calls))
    return tuple(call.name for call in facts.answer.calls)


def header(facts: Facts, name: str) -> str:
    """What a header of the call says; "" where it says nothing."""
    return facts.setting.headers.get(name.lower().encode("latin-1"), b"").decode("latin-1").strip()


def role_of(facts: Facts, name: str, roles: Mapping[str, RoleT]) -> RoleT | None:
    """What stands in `roles` for the role that header `name` says; None: it says none that is known."""
    return roles.get(header(facts, name))


def check_header(key: str, name: str) -> None:
    """Raises Unloadable for what cannot be the name of a header."""
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise Unloadable((key,), f"`{name[:60]}` is not the name of a header")
