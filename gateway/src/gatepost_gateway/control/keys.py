"""`/api/v1/keys`: the keys of the gateway."""

import msgspec

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, by
from gatepost_gateway.control.identity import MadeKey
from gatepost_gateway.control.shapes import KeyNew, KeyRotation
from gatepost_gateway.domain.clock import iso
from gatepost_gateway.domain.snapshot import KeyEntry, KeyState


def status_of(house: House, key: KeyEntry) -> str:
    """Its state in a word: `expired` where its time is over."""
    over = key.expires_at is not None and key.expires_at <= house.clock.micros()
    return "expired" if over and key.state is not KeyState.REVOKED else key.state.value


def view(house: House, key: KeyEntry) -> answers.Key:
    """A key as it may be shown."""
    return answers.Key(
        id=key.id,
        name=key.name,
        kind=key.kind.value,
        project=key.project,
        proxy=key.proxy,
        status=status_of(house, key),
        created_at=iso(house.keyring.identities.made[key.id]),
        expires_at=iso(key.expires_at) if key.expires_at is not None else None,
        models=list(key.models),
        paths=list(key.paths),
        rate_limits=key.rate_limits,
        member=key.member,
    )


def shown_once(house: House, made: MadeKey) -> answers.NewKey:
    """The only answer that carries a key's text."""
    return answers.NewKey(**msgspec.structs.asdict(view(house, made.entry)), key=made.text.reveal())


async def index(house: House, asked: Asked) -> Answer:  # noqa: ARG001
    return Answer(answers.KeyPage([view(house, key) for key in house.keyring.identities.keys.values()]))


async def create(house: House, asked: Asked) -> Answer:
    async with house.writing():
        proxies = house.snapshot.proxies
        made = house.keyring.create(asked.said(KeyNew), house.projects(), proxies, by=by(asked.caller))
    return Answer(shown_once(house, made), 201)


async def rotate(house: House, asked: Asked) -> Answer:
    overlap = asked.said(KeyRotation).overlap_seconds
    async with house.writing():
        made = house.keyring.rotate(asked.path["id"], overlap, by=by(asked.caller))
    return Answer(shown_once(house, made), 201)


async def _turn(house: House, asked: Asked, state: KeyState) -> Answer:
    async with house.writing():
        key = house.keyring.turn(asked.path["id"], state, by=by(asked.caller), locked=True)
    return Answer(view(house, key))


async def pause(house: House, asked: Asked) -> Answer:
    return await _turn(house, asked, KeyState.PAUSED)


async def resume(house: House, asked: Asked) -> Answer:
    return await _turn(house, asked, KeyState.ACTIVE)


async def revoke(house: House, asked: Asked) -> Answer:
    return await _turn(house, asked, KeyState.REVOKED)


ENDPOINTS = (
    Endpoint("GET", "/api/v1/keys", index, Access.ADMIN, "List the keys", answer=answers.KeyPage),
    Endpoint("POST", "/api/v1/keys", create, Access.ADMIN, "Make a key", KeyNew, answer=answers.NewKey, status=201),
    Endpoint("POST", "/api/v1/keys/{id}/pause", pause, Access.ADMIN, "Pause a key", answer=answers.Key),
    Endpoint("POST", "/api/v1/keys/{id}/resume", resume, Access.ADMIN, "Resume a key", answer=answers.Key),
    Endpoint("POST", "/api/v1/keys/{id}/revoke", revoke, Access.ADMIN, "Revoke a key for ever", answer=answers.Key),
    Endpoint(
        "POST",
        "/api/v1/keys/{id}/rotate",
        rotate,
        Access.ADMIN,
        "Make a new key like this one, which then ends",
        KeyRotation,
        optional_body=True,
        answer=answers.NewKey,
        status=201,
    ),
)
