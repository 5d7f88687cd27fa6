"""`/v1/keys/api` and `/v1/me`: what a project's keys may do for themselves.

A key with limits (a proxy, models, paths, an end) passes them on: it makes no key that may do more, and it touches no
other key than itself. One with rate limits makes none: two keys may do twice as much.
"""

from collections.abc import Sequence

from msgspec import Struct, structs

from gatepost_gateway.control.endpoint import Access, Answer, Asked, Caller, Endpoint, House, by
from gatepost_gateway.control.identity import MadeKey, prefix_of, rates_said
from gatepost_gateway.control.keys import status_of
from gatepost_gateway.control.shapes import KeyRotation, OwnKeyNew
from gatepost_gateway.domain.clock import iso
from gatepost_gateway.domain.errors import CallerError, Code, Forbidden
from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.limits import RateLimits
from gatepost_gateway.domain.money import NANO
from gatepost_gateway.domain.snapshot import NO_RATES, KeyEntry, KeyKind, KeyState, ProjectEntry, covers
from gatepost_gateway.settings import ConfigurationError, Problem


class OwnKey(Struct, frozen=True, kw_only=True):
    """A key as its own project sees it. `last_used_at` is null where it is not known."""

    id: str
    name: str
    key_prefix: str
    status: str
    created_at: str
    last_used_at: str | None
    revoked_at: str | None
    expires_at: str | None
    models: list[str]
    paths: list[str]
    rate_limits: RateLimits


class NewOwnKey(OwnKey, frozen=True, kw_only=True):
    """`api_key` is shown this once and stored hashed."""

    api_key: str


class OwnKeyPage(Struct, frozen=True):
    items: list[OwnKey]


class Me(Struct, frozen=True, kw_only=True):
    """Whose key it is. Budgets in dollars a period; null: none."""

    org_id: str
    project_id: str
    project_name: str
    key_prefix: str
    rate_limit_per_min: int | None
    daily_budget: float | None
    monthly_budget: float | None
    configured_providers: list[str]
    """The providers whose keys the project brought itself."""


def view(house: House, key: KeyEntry) -> OwnKey:
    """A key as its own project sees it."""
    identities = house.keyring.identities
    revoked = identities.revoked.get(key.id)
    return OwnKey(
        id=key.id,
        name=key.name,
        key_prefix=f"{prefix_of(key.kind)}_{key.id}",
        status=status_of(house, key),
        created_at=iso(identities.made[key.id]),
        last_used_at=None,
        revoked_at=iso(revoked) if revoked is not None else None,
        expires_at=iso(key.expires_at) if key.expires_at is not None else None,
        models=list(key.models),
        paths=list(key.paths),
        rate_limits=key.rate_limits,
    )


def _once(house: House, made: MadeKey) -> NewOwnKey:
    """The only answer that carries a key's text."""
    return NewOwnKey(**structs.asdict(view(house, made.entry)), api_key=made.text.reveal())


def limits_of(house: House, caller: Caller) -> KeyEntry | None:
    """The caller's key, where it has limits."""
    key = house.keyring.identities.keys.get(caller.key_id)
    if key is None or not (key.proxy or key.models or key.paths or key.expires_at or key.rate_limits != NO_RATES):
        return None
    return key


async def index(house: House, asked: Asked) -> Answer:
    keys = [key for key in house.keyring.identities.keys.values() if _is_own(asked.caller, key)]
    return Answer(OwnKeyPage([view(house, key) for key in keys]))


def _is_own(caller: Caller, key: KeyEntry) -> bool:
    return key.kind is KeyKind.RUNTIME and key.project == caller.home


def _own(house: House, asked: Asked) -> KeyEntry:
    """The key that is asked about. Raises CallerError (404) for another project's, Forbidden (403) where the caller's
    key has limits and this is not itself.
    """
    wanted = asked.path["id"]
    key = house.keyring.identities.keys.get(wanted)
    if key is None or not _is_own(asked.caller, key):
        raise CallerError(f"there is no key `{wanted[:80]}`", code=Code.NOT_FOUND, status=404)
    limited = limits_of(house, asked.caller)
    if limited is not None and limited.id != key.id:
        raise Forbidden("a key with limits of its own may touch no other key than itself")
    return key


async def create(house: House, asked: Asked) -> Answer:
    said = asked.said(OwnKeyNew)
    async with house.writing():
        like = KeyEntry(
            "",
            KeyKind.RUNTIME,
            said.name,
            b"",
            house.keyring.org_of(asked.caller.home),
            asked.caller.home,
            expires_at=said.expires_at,
            models=tuple(said.models or ()),
            paths=tuple(said.paths or ()),
            rate_limits=rates_said(said.rate_limits),
        )
        if said.expires_at is not None and said.expires_at <= house.clock.micros():
            raise ConfigurationError((Problem("expires_at", "is over already"),))
        limited = limits_of(house, asked.caller)
        made = house.keyring.issue(_within(like, limited) if limited is not None else like, by=by(asked.caller))
    return Answer(_once(house, made), 201)


def _within(like: KeyEntry, limits: KeyEntry) -> KeyEntry:
    """`like` with the limits of the key that makes it. Raises Forbidden (403) where it was to have more."""
    if limits.rate_limits != NO_RATES:
        raise Forbidden("a key with rate limits of its own makes no other key")
    if limits.expires_at is not None and (like.expires_at or 0) > limits.expires_at:
        raise Forbidden("the new key may not outlive the one that makes it")
    if limits.models and not {*like.models} <= {*limits.models}:
        raise Forbidden("the new key may not call more models than the one that makes it")
    if limits.paths and not all(_covered(path, limits.paths) for path in like.paths):
        raise Forbidden("the new key may not ask more paths than the one that makes it")
    return structs.replace(
        like,
        proxy=limits.proxy,
        expires_at=like.expires_at or limits.expires_at,
        models=like.models or limits.models,
        paths=like.paths or limits.paths,
    )


def _covered(path: str, allowed: Sequence[str]) -> bool:
    return any(covers(one, path) for one in allowed)


async def rotate(house: House, asked: Asked) -> Answer:
    overlap = asked.said(KeyRotation).overlap_seconds
    async with house.writing():
        made = house.keyring.rotate(_own(house, asked).id, overlap, by=by(asked.caller))
    return Answer(_once(house, made), 201)


async def _turn(house: House, asked: Asked, state: KeyState) -> KeyEntry:
    async with house.writing():
        key = _own(house, asked)
        if state is KeyState.ACTIVE and key.id in house.keyring.identities.locked and asked.caller.project is not None:
            raise Forbidden(f"key `{key.id}` was paused by an operator: only an operator resumes it")
        return house.keyring.turn(key.id, state, by=by(asked.caller), locked=asked.caller.project is None)


async def pause(house: House, asked: Asked) -> Answer:
    return Answer(view(house, await _turn(house, asked, KeyState.PAUSED)))


async def resume(house: House, asked: Asked) -> Answer:
    return Answer(view(house, await _turn(house, asked, KeyState.ACTIVE)))


async def revoke(house: House, asked: Asked) -> Answer:
    await _turn(house, asked, KeyState.REVOKED)
    return Answer(None, 204)


async def me(house: House, asked: Asked) -> Answer:
    project = house.snapshot.projects.get(asked.caller.home) or ProjectEntry(asked.caller.home, "")
    key = house.keyring.identities.keys.get(asked.caller.key_id)
    return Answer(
        Me(
            org_id=project.org,
            project_id=project.id,
            project_name=project.name or project.id,
            key_prefix=f"{prefix_of(key.kind)}_{key.id}" if key is not None else asked.caller.key_id,
            rate_limit_per_min=project.rate_limits.rpm,
            daily_budget=_dollars(project, Period.DAILY),
            monthly_budget=_dollars(project, Period.MONTHLY),
            configured_providers=sorted(provider.value for provider in project.own_keys),
        )
    )


def _dollars(project: ProjectEntry, period: Period) -> float | None:
    """For show only: what is counted is counted in integers."""
    return next((one.limit / NANO for one in project.budgets if one.period is period), None)


ENDPOINTS = (
    Endpoint("GET", "/v1/me", me, Access.OWN_READ, "Whose key this is", answer=Me),
    Endpoint("GET", "/v1/keys/api", index, Access.OWN_READ, "List the project's keys", answer=OwnKeyPage),
    Endpoint("POST", "/v1/keys/api", create, Access.OWN, "Make a key", OwnKeyNew, answer=NewOwnKey, status=201),
    Endpoint("POST", "/v1/keys/api/{id}/pause", pause, Access.OWN, "Pause a key", answer=OwnKey),
    Endpoint("POST", "/v1/keys/api/{id}/resume", resume, Access.OWN, "Resume a key", answer=OwnKey),
    Endpoint(
        "POST",
        "/v1/keys/api/{id}/rotate",
        rotate,
        Access.OWN,
        "Make a new key like this one, which then ends",
        KeyRotation,
        optional_body=True,
        answer=NewOwnKey,
        status=201,
    ),
    Endpoint("DELETE", "/v1/keys/api/{id}", revoke, Access.OWN, "Revoke a key for ever", status=204),
)
