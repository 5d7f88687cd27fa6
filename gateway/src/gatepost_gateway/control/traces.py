"""`/api/v1/traces` and `/api/v1/sessions`, as they are read. Writing them is the data plane's work."""

from msgspec import structs

from gatepost_gateway.control import story
from gatepost_gateway.control.bodies import with_bodies
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, Parameter
from gatepost_gateway.control.records import TraceSource
from gatepost_gateway.control.tools import with_tools
from gatepost_gateway.domain.clock import from_iso
from gatepost_gateway.domain.errors import CallerError, Code, Forbidden, GatewayFault
from gatepost_gateway.domain.records import Outcome
from gatepost_gateway.storage.rows import MOST, Filters

DEFAULT_LIMIT = 50

PARAMETERS = (
    Parameter("session_id", "one of its calls belongs to this session"),
    Parameter("property", "`key:value`, of one of its calls; every one that is named must hold", repeated=True),
    Parameter("user", "one of its calls was made for this user"),
    Parameter("outcome", "of its last call: " + ", ".join(outcome.value for outcome in Outcome)),
    Parameter("model", "one of its calls was answered by this model"),
    Parameter("project", "an administrator may name one; a runtime key sees its own"),
    Parameter("since", "RFC 3339, included"),
    Parameter("until", "RFC 3339, not included"),
    Parameter("limit", f"1 to {MOST}, {DEFAULT_LIMIT} unless told"),
    Parameter("cursor", "`next_cursor` of the page before"),
)


def source(house: House) -> TraceSource:
    """Raises GatewayFault (503) where there are no records."""
    if house.records is None:
        raise GatewayFault("the records are not at hand", code=Code.RECORDS_UNAVAILABLE, status=503)
    return house.records


async def index(house: House, asked: Asked) -> Answer:
    said = {name: value for name, value in asked.query if name != "property"}
    limit = said.get("limit", str(DEFAULT_LIMIT))
    if not limit.isdecimal() or len(limit) > 6 or not 1 <= int(limit) <= MOST:
        raise CallerError(f"`limit` must be 1 to {MOST}")
    page = await source(house).traces(_filters(asked, said), int(limit), said.get("cursor"))
    return Answer(story.TracePage([story.line(row) for row in page.items], page.next_cursor))


def _filters(asked: Asked, said: dict[str, str]) -> Filters:
    project = said.get("project")
    if asked.caller.project is not None:
        if project not in (None, asked.caller.project):
            raise Forbidden(f"this key belongs to project `{asked.caller.project}` and sees no other")
        project = asked.caller.project
    return Filters(
        project=project,
        session=said.get("session_id"),
        user=said.get("user"),
        model=said.get("model"),
        properties=tuple(_property(value) for name, value in asked.query if name == "property"),
        outcome=_outcome(said.get("outcome")),
        since=_moment("since", said.get("since")),
        until=_moment("until", said.get("until")),
    )


def _property(text: str) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not colon or not key:
        raise CallerError(f"`property` must be `key:value`, not `{text[:80]}`")
    return key, value


def _outcome(text: str | None) -> Outcome | None:
    try:
        return Outcome(text) if text is not None else None
    except ValueError:
        names = ", ".join(f"`{outcome.value}`" for outcome in Outcome)
        raise CallerError(f"`outcome` must be one of {names}") from None


def _moment(name: str, text: str | None) -> int | None:
    try:
        return from_iso(text) if text is not None else None
    except (ValueError, OverflowError):
        raise CallerError(f"`{name}` must be a time such as 2026-11-20T08:00:00Z") from None


async def show(house: House, asked: Asked) -> Answer:
    trace_id = asked.path["id"]
    found = await source(house).trace(trace_id)
    if found is None or asked.caller.project not in (None, found.row.project):
        raise CallerError(f"there is no trace `{trace_id[:80]}`", code=Code.TRACE_NOT_FOUND, status=404)
    told = story.whole(found)
    bodies = await source(house).bodies(trace_id)
    steps = [with_tools(view, one, house.vault) for view, one in zip(told.steps, found.steps, strict=True)]
    steps = [with_bodies(view, bodies.get(view.id)) for view in steps]
    return Answer(structs.replace(told, steps=steps))


async def session(house: House, asked: Asked) -> Answer:
    session_id = asked.path["id"]
    turns = await source(house).session(session_id)
    own = [turn for turn in turns if asked.caller.project in (None, turn.project)]
    if not own:
        raise CallerError(f"there is no session `{session_id[:80]}`", code=Code.NOT_FOUND, status=404)
    return Answer(
        story.SessionView(session_id, own[0].project, [with_tools(story.step(turn), turn, house.vault) for turn in own])
    )


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/v1/traces",
        index,
        Access.READER,
        "List traces, the newest first",
        answer=story.TracePage,
        query=PARAMETERS,
    ),
    Endpoint("GET", "/api/v1/traces/{id}", show, Access.READER, "Show a trace with its steps", answer=story.TraceView),
    Endpoint(
        "GET", "/api/v1/sessions/{id}", session, Access.READER, "Show a session's turns", answer=story.SessionView
    ),
)
