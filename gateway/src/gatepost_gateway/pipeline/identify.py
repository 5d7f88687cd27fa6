"""Stage 1: whose call is it? A key becomes a principal, or a clear refusal."""

import hashlib
import hmac

from gatepost_gateway.domain.errors import Code, Forbidden, Unauthenticated
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.secret import Secret, digest, same
from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind, KeyState, Snapshot
from gatepost_gateway.pipeline.call import Presented
from gatepost_gateway.pipeline.proxied import at_proxy

PREFIXES = ("gp_", "gpa_")
_NOBODY = b"\0" * 32


def identify(snapshot: Snapshot, presented: Presented, now: int, salt: bytes) -> Principal:
    """The principal of the key that was shown. `now` in microseconds; `salt` keys the hash of a passed-through bearer.

    Raises Unauthenticated with a text of its own for a missing, unknown, paused, revoked and expired key; Forbidden
    (403) for a key of another proxy or project than the path's, CallerError (404) for a proxy that is not there.
    """
    principal = _of_key(snapshot, presented, now, salt)
    if principal.proxy is None and presented.proxy is None:
        return principal
    return at_proxy(snapshot, principal, presented.proxy)


def _of_key(snapshot: Snapshot, presented: Presented, now: int, salt: bytes) -> Principal:
    bearer = presented.bearer or presented.beside
    if bearer is None:
        raise Unauthenticated(
            "no API key: send `Authorization: Bearer gp_...` (`gatepost keys create` makes one)", code=Code.MISSING_KEY
        )
    key = find_key(snapshot, bearer)
    if key is not None:
        admit(key, now, presented.path)
        if key.kind is KeyKind.ADMIN:
            raise Forbidden("an admin key makes no calls: use a runtime key (`gatepost keys create` makes one)")
        if key.project not in snapshot.projects:
            raise Forbidden(f"the project of API key `{key.id}` does not exist any more: use another key")
        return Principal(key.id, key.org, key.project, key.proxy)
    if bearer.reveal().startswith(PREFIXES) or snapshot.document.pass_through_project is None:
        raise Unauthenticated("unknown API key: check that it is whole, and that it belongs to this gateway")
    return _pass_through(snapshot, presented, now, salt)


def find_key(snapshot: Snapshot, secret: Secret) -> KeyEntry | None:
    """The key entry that `secret` proves, if any. Takes the same time for a wrong secret as for a wrong id."""
    text = secret.reveal()
    key = snapshot.keys.get(key_id(text))
    proof = digest(text)
    if same(proof, key.digest if key is not None else _NOBODY):
        return key
    return None


def key_id(text: str) -> str:
    """The id part of `gp_<id>_<secret>`; a key of another shape, set by the operator, has a hash of itself as id."""
    parts = text.split("_", 2)
    if len(parts) == 3 and parts[0] in ("gp", "gpa"):
        return parts[1]
    return "x" + hashlib.sha256(b"id:" + text.encode()).hexdigest()[:15]


def admit(key: KeyEntry, now: int, path: str) -> None:
    """Raises Unauthenticated when the key is not in force, Forbidden (403) when it may not ask `path`."""
    if key.state is KeyState.REVOKED:
        raise Unauthenticated(f"API key `{key.id}` was revoked: use another key", code=Code.KEY_REVOKED)
    if key.state is KeyState.PAUSED:
        raise Unauthenticated(f"API key `{key.id}` is paused: ask an administrator to resume it", code=Code.KEY_PAUSED)
    if key.expires_at is not None and key.expires_at <= now:
        raise Unauthenticated(f"API key `{key.id}` has expired: ask for a new one", code=Code.KEY_EXPIRED)
    if not key.reaches(path):
        only = ", ".join(f"`{one}`" for one in key.paths[:8])
        raise Forbidden(f"API key `{key.id}` may not ask `{path[:200]}`: it may ask {only}", code=Code.PATH_NOT_ALLOWED)


def _pass_through(snapshot: Snapshot, presented: Presented, now: int, salt: bytes) -> Principal:
    """A bearer that is not ours: admitted for the one project that passes keys through, or the one that a key names."""
    project_id, org = snapshot.document.pass_through_project, ""
    if presented.beside is not None and presented.bearer is not None:
        named = find_key(snapshot, presented.beside)
        if named is None or named.kind is not KeyKind.RUNTIME:
            raise Unauthenticated("unknown API key in `x-api-key`: it names the project of a passed-through call")
        admit(named, now, presented.path)
        project_id = named.project
    project = snapshot.projects.get(project_id or "")
    if project is None or project.pass_through_provider is None or presented.bearer is None:
        raise Unauthenticated("unknown API key: this project does not pass keys of callers through")
    org = project.org
    mark = hmac.new(salt, presented.bearer.reveal().encode(), hashlib.sha256).hexdigest()[:16]
    return Principal(f"passed-{mark}", org, project.id, passed_through=True)
