"""`/api/v1/webhooks`: who is told of what happens, and what became of it. A project's owners see and change its own."""

from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, Parameter, by
from gatepost_gateway.control.shapes import WebhookNew, WebhookRotation
from gatepost_gateway.control.webhook_registry import changeable
from gatepost_gateway.domain import ids
from gatepost_gateway.domain.clock import from_iso, iso
from gatepost_gateway.domain.errors import CallerError, Code, Forbidden, GatewayFault
from gatepost_gateway.domain.webhooks import Happening, Topic, Webhook
from gatepost_gateway.settings.webhook_shapes import WebhookFields
from gatepost_gateway.storage.outbox import Delivery, Outbox, State

MOST = 200
DEFAULT_LIMIT = 50
_LAST = 2**62


class Spikes(Struct, frozen=True):
    share: float
    calm_share: float
    calls: int
    minutes: int


class WebhookView(Struct, frozen=True, kw_only=True):
    """A webhook without its secrets. `events` empty: all. `deliveries`: how many wait, and how many ended how."""

    id: str
    url: str
    events: list[str]
    project: str | None
    thresholds: list[int]
    error_spikes: Spikes
    enabled: bool
    previous_secret_until: str | None
    managed_by: str
    deliveries: dict[str, int]


class NewWebhook(WebhookView, frozen=True, kw_only=True):
    """With its secret, which is told this once."""

    secret: str


class WebhookPage(Struct, frozen=True):
    items: list[WebhookView]


class DeliveryView(Struct, frozen=True):
    """An event on its way. `event` is what is sent, each time the same."""

    event_id: str
    type: str
    created_at: str
    state: str
    attempts: int
    next_attempt_at: str | None
    last_status: int | None
    last_error: str | None
    done_at: str | None
    event: dict[str, Any]


class DeliveryPage(Struct, frozen=True):
    items: list[DeliveryView]


class TestSent(Struct, frozen=True):
    event_id: str


def outbox(house: House) -> Outbox:
    """Raises GatewayFault (503) where there are no records."""
    if house.records is None:
        raise GatewayFault("the records are not at hand", code=Code.RECORDS_UNAVAILABLE, status=503)
    return house.records.outbox


def view(house: House, hook: Webhook, owner: str) -> WebhookView:
    return WebhookView(**_fields(house, hook, owner))


def _fields(house: House, hook: Webhook, owner: str) -> dict[str, Any]:
    both = len(hook.signing(house.clock.micros())) == 2
    until = iso(hook.previous_until) if both and hook.previous_until is not None else None
    return {
        "id": hook.id,
        "url": hook.url,
        "events": list(hook.events),
        "project": hook.project,
        "thresholds": list(hook.thresholds),
        "error_spikes": Spikes(**msgspec.structs.asdict(hook.error_spikes)),
        "enabled": hook.enabled,
        "previous_secret_until": until,
        "managed_by": owner,
        "deliveries": outbox(house).counts(hook.id),
    }


def _own(asked: Asked, said: WebhookFields) -> WebhookFields:
    """A caller of one project makes webhooks of that one. Raises Forbidden where it says another."""
    own = asked.caller.project
    if own is None:
        return said
    if said.project not in (None, own):
        raise Forbidden(f"this key belongs to project `{own}` and makes webhooks for no other")
    return said.model_copy(update={"project": own})


async def index(house: House, asked: Asked) -> Answer:
    own = asked.caller.project
    found = [one for one in house.webhooks.all() if own in (None, one[0].project)]
    return Answer(WebhookPage([view(house, hook, owner) for hook, owner in found]))


async def show(house: House, asked: Asked) -> Answer:
    return Answer(view(house, *house.webhooks.get(asked.path["id"], asked.caller.project)))


async def create(house: House, asked: Asked) -> Answer:
    said = asked.said(WebhookNew)
    fields = _own(asked, said)
    async with house.writing():
        hook, secret = house.webhooks.add(said.id, fields, house.projects(), by=by(asked.caller))
    return Answer(NewWebhook(**_fields(house, hook, "api"), secret=secret.reveal()), 201)


def _mine(house: House, asked: Asked) -> Webhook:
    return changeable(*house.webhooks.get(asked.path["id"], asked.caller.project))


async def put(house: House, asked: Asked) -> Answer:
    async with house.writing():
        before = _mine(house, asked)
        said = _own(asked, asked.said(WebhookFields))
        hook = house.webhooks.put(before, said, house.projects(), by=by(asked.caller))
    return Answer(view(house, hook, "api"))


async def delete(house: House, asked: Asked) -> Answer:
    async with house.writing():
        hook = _mine(house, asked)
        house.webhooks.remove(hook, by=by(asked.caller))
        outbox(house).drop(hook.id)
    return Answer(None, 204)


async def rotate(house: House, asked: Asked) -> Answer:
    overlap = asked.said(WebhookRotation).overlap_seconds
    async with house.writing():
        hook, secret = house.webhooks.rotate(_mine(house, asked), overlap, by=by(asked.caller))
    return Answer(NewWebhook(**_fields(house, hook, "api"), secret=secret.reveal()), 201)


async def test(house: House, asked: Asked) -> Answer:
    hook, _ = house.webhooks.get(asked.path["id"], asked.caller.project)
    now = house.clock.micros()
    one = Happening(f"evt_{ids.random_hex(32)}", now, Topic.TEST, hook.project or "", "{}", hook.id)
    outbox(house).happen([one], {}, now)
    return Answer(TestSent(one.id), 202)


async def deliveries(house: House, asked: Asked) -> Answer:
    hook, _ = house.webhooks.get(asked.path["id"], asked.caller.project)
    said = dict(asked.query)
    limit = said.get("limit", str(DEFAULT_LIMIT))
    if not limit.isdecimal() or len(limit) > 6 or not 1 <= int(limit) <= MOST:
        raise CallerError(f"`limit` must be 1 to {MOST}")
    try:
        state = State(said["state"]) if "state" in said else None
    except ValueError:
        raise CallerError(f"`state` is one of {', '.join(state.value for state in State)}") from None
    try:
        before = from_iso(said["before"]) if "before" in said else _LAST
    except (ValueError, OverflowError):
        raise CallerError("`before` must be a time such as 2027-01-31T00:00:00Z") from None
    return Answer(DeliveryPage([_shown(one) for one in outbox(house).page(hook.id, state, before, int(limit))]))


def _shown(one: Delivery) -> DeliveryView:
    return DeliveryView(
        one.event_id,
        one.topic,
        iso(one.at),
        one.state.value,
        one.attempts,
        iso(one.next_at) if one.state is State.PENDING else None,
        one.answered,
        one.trouble,
        iso(one.done_at) if one.done_at is not None else None,
        msgspec.json.decode(one.body),
    )


_HOME = "/api/v1/webhooks"
_PAGE = (
    Parameter("state", "pending, delivered or failed"),
    Parameter("before", "RFC 3339, not included: the `created_at` of the last one of the page before"),
    Parameter("limit", f"1 to {MOST}, {DEFAULT_LIMIT} unless told"),
)
_READ, _WRITE = Access.ORG_READ, Access.ORG_WRITE
ENDPOINTS = (
    Endpoint("GET", _HOME, index, _READ, "List the webhooks", answer=WebhookPage),
    Endpoint("POST", _HOME, create, _WRITE, "Make a webhook", WebhookNew, answer=NewWebhook, status=201),
    Endpoint(
        "GET",
        f"{_HOME}/{{id}}/deliveries",
        deliveries,
        _READ,
        "List what was told to a webhook, or is to be",
        answer=DeliveryPage,
        query=_PAGE,
    ),
    Endpoint("POST", f"{_HOME}/{{id}}/test", test, _WRITE, "Tell it of a test", answer=TestSent, status=202),
    Endpoint(
        "POST",
        f"{_HOME}/{{id}}/rotate",
        rotate,
        _WRITE,
        "Make a new secret; the old one signs too for a while",
        WebhookRotation,
        optional_body=True,
        answer=NewWebhook,
        status=201,
    ),
    Endpoint("GET", f"{_HOME}/{{id}}", show, _READ, "Show a webhook", answer=WebhookView),
    Endpoint("PUT", f"{_HOME}/{{id}}", put, _WRITE, "Change a webhook", WebhookFields, answer=WebhookView),
    Endpoint("DELETE", f"{_HOME}/{{id}}", delete, _WRITE, "Delete a webhook", status=204),
)
