"""Who may do what: the one table. An endpoint names an `Access`; a caller has a `Station`."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Access(StrEnum):
    """Who may ask. Everything that is not said to be public needs a key."""

    PUBLIC = "public"
    READER = "reader"
    """Reads what belongs to its own project."""
    OWN_READ = "own_read"
    """Reads its own project's keys and limits."""
    OWN = "own"
    """Changes its own project's keys."""
    ORG_READ = "org_read"
    """Reads who and what is in its organisation."""
    ORG_WRITE = "org_write"
    """Changes that."""
    ADMIN = "admin"
    """Runs the gateway: sees and changes everything."""


class Station(StrEnum):
    """What a caller is: an operator, a runtime key, or a member of an organisation in a role."""

    OPERATOR = "operator"
    RUNTIME = "runtime"
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


_READS = frozenset({Access.READER, Access.OWN_READ})
_MEMBER = _READS | {Access.OWN, Access.ORG_READ}

RIGHTS: Mapping[Station, frozenset[Access]] = MappingProxyType(
    {
        Station.OPERATOR: frozenset(Access),
        Station.RUNTIME: _READS | {Access.OWN},
        Station.OWNER: _MEMBER | {Access.ORG_WRITE},
        Station.ADMIN: _MEMBER | {Access.ORG_WRITE},
        Station.MEMBER: _MEMBER,
        Station.VIEWER: _READS | {Access.ORG_READ},
    }
)
"""An owner and an admin differ in one thing: only an owner touches owners."""

SENIOR = frozenset({Station.OPERATOR, Station.OWNER})
"""Who may make, change and remove owners, and make keys for them."""
