"""Who asks the admin API. What is not named public needs a key; what is not said to be for readers, an admin key."""

from collections.abc import Mapping

from gatepost_gateway.control.endpoint import Access, Caller, House, Station
from gatepost_gateway.control.roles import RIGHTS
from gatepost_gateway.domain.errors import Code, Forbidden, Unauthenticated
from gatepost_gateway.domain.secret import Secret, digest, same
from gatepost_gateway.domain.snapshot import KeyKind
from gatepost_gateway.pipeline.identify import admit, find_key

PUBLIC: frozenset[tuple[str, str]] = frozenset({("GET", "/openapi.json"), ("POST", "/v1/signup")})
"""The whole list of what is answered without a key."""

LOCAL = "local"
"""Who asks with the token of this start: the command line, on this machine, as the user who owns the data."""


def presented(headers: Mapping[bytes, bytes], *, key_first: bool = False) -> Secret | None:
    """The key that a request shows, in either place; `key_first`: what `x-api-key` says counts."""
    if key_first and (first := headers.get(b"x-api-key", b"").decode("latin-1").strip()):
        return Secret(first)
    scheme, _, bearer = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return Secret(bearer.strip())
    beside = headers.get(b"x-api-key", b"").decode("latin-1").strip()
    return Secret(beside) if beside else None


def authenticate(house: House, shown: Secret | None, path: str) -> Caller:
    """Raises Unauthenticated with a text of its own for each way a key can be wrong, Forbidden (403) for a key that may
    not ask `path`.
    """
    if shown is None:
        raise Unauthenticated("no API key: send `Authorization: Bearer gpa_...`", code=Code.MISSING_KEY)
    token = house.local_token
    if token is not None and same(digest(token.reveal()), digest(shown.reveal())):
        return Caller(LOCAL)
    key = find_key(house.snapshot, shown)
    if key is None:
        raise Unauthenticated("unknown API key: check that it is whole, and that it belongs to this gateway")
    admit(key, house.clock.micros(), path)
    if key.kind is KeyKind.RUNTIME:
        return Caller(key.id, key.project, key.project, Station.RUNTIME, key.org)
    if key.member is None:
        return Caller(key.id, None, key.project)
    member = house.keyring.identities.members.get((key.org, key.member))
    if member is None:
        raise Unauthenticated(f"API key `{key.id}` belongs to nobody who is still a member", code=Code.KEY_REVOKED)
    return Caller(key.id, key.project, key.project, Station(member.role), key.org)


def authorize(caller: Caller, access: Access) -> None:
    """Raises Forbidden when the table gives the caller's station no such right."""
    if access not in RIGHTS[caller.station]:
        able = ", ".join(station.value for station, rights in RIGHTS.items() if access in rights)
        raise Forbidden(f"this key is of a station that may not do this ({caller.station.value}): it takes {able}")
