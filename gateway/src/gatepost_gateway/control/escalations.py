"""`/api/v1/escalations`: what waits for a person, and what people decide."""

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, Parameter, by
from gatepost_gateway.control.records import EscalationSource
from gatepost_gateway.control.shapes import Note
from gatepost_gateway.domain.clock import from_iso, iso
from gatepost_gateway.domain.errors import CallerError, Code, Forbidden, GatewayFault
from gatepost_gateway.domain.escalation import State
from gatepost_gateway.storage.escalations import MOST, Held

DEFAULT_LIMIT = 50
_LAST = 2**62

PARAMETERS = (
    Parameter("status", ", ".join(state.value for state in State)),
    Parameter("project", "an administrator may name one; a runtime key sees its own"),
    Parameter("before", "RFC 3339, not included: the `created_at` of the last one of the page before"),
    Parameter("limit", f"1 to {MOST}, {DEFAULT_LIMIT} unless told"),
)


def source(house: House) -> EscalationSource:
    """Raises GatewayFault (503) where there are no records."""
    if house.records is None:
        raise GatewayFault("the records are not at hand", code=Code.RECORDS_UNAVAILABLE, status=503)
    return house.records.queue


def view(held: Held) -> answers.Escalation:
    """An escalation as it is shown: never the text that was held back."""
    entry = held.entry
    return answers.Escalation(
        id=entry.id,
        status=held.state.value,
        created_at=iso(entry.at),
        expires_at=iso(entry.expires_at),
        rule=entry.rule,
        kind=entry.kind,
        phase=entry.phase,
        reason_code=entry.reason,
        message=entry.message,
        severity=entry.severity,
        org=entry.org,
        project=entry.project,
        proxy=entry.proxy,
        key_id=entry.key_id,
        user=entry.user,
        surface=entry.surface,
        model=entry.model,
        trace_id=entry.trace_id,
        step_id=entry.step_id,
        session_id=entry.session_id,
        request_id=entry.request_id,
        config_version=entry.config_version,
        admits_until=iso(held.admits_until) if held.admits_until and held.state is State.APPROVED else None,
        admitted_step_id=held.admitted_step,
        history=[answers.EscalationTurn(iso(turn.at), turn.by, turn.state.value, turn.note) for turn in held.turns],
    )


async def index(house: House, asked: Asked) -> Answer:
    said = dict(asked.query)
    limit = said.get("limit", str(DEFAULT_LIMIT))
    if not limit.isdecimal() or len(limit) > 6 or not 1 <= int(limit) <= MOST:
        raise CallerError(f"`limit` must be 1 to {MOST}")
    project = _project(asked, said.get("project"))
    page = await source(house).page(project, _state(said.get("status")), _before(said.get("before")), int(limit))
    return Answer(answers.EscalationPage([view(one) for one in page]))


async def show(house: House, asked: Asked) -> Answer:
    held = await source(house).get(asked.path["id"])
    if asked.caller.project not in (None, held.entry.project):
        raise CallerError(f"there is no escalation `{asked.path['id'][:64]}`", code=Code.NOT_FOUND, status=404)
    return Answer(view(held))


async def _turn(house: House, asked: Asked, to: State) -> Answer:
    note = asked.said(Note).note
    async with house.writing():
        held = await source(house).turn(asked.path["id"], to, by(asked.caller), note)
    return Answer(view(held))


async def claim(house: House, asked: Asked) -> Answer:
    return await _turn(house, asked, State.CLAIMED)


async def approve(house: House, asked: Asked) -> Answer:
    return await _turn(house, asked, State.APPROVED)


async def deny(house: House, asked: Asked) -> Answer:
    return await _turn(house, asked, State.DENIED)


async def resolve(house: House, asked: Asked) -> Answer:
    return await _turn(house, asked, State.RESOLVED)


def _project(asked: Asked, said: str | None) -> str | None:
    own = asked.caller.project
    if own is not None and said not in (None, own):
        raise Forbidden(f"this key belongs to project `{own}` and sees no other")
    return own or said


def _state(said: str | None) -> State | None:
    if said is None:
        return None
    try:
        return State(said)
    except ValueError:
        raise CallerError(f"`status` is one of {', '.join(state.value for state in State)}") from None


def _before(said: str | None) -> int:
    if said is None:
        return _LAST
    try:
        return from_iso(said)
    except (ValueError, OverflowError):
        raise CallerError("`before` must be a time such as 2027-01-31T00:00:00Z") from None


_HOME = "/api/v1/escalations"
_ACTIONS = (
    ("claim", claim, "Take an escalation on"),
    ("approve", approve, "Let the identical request through, once, within 15 minutes"),
    ("deny", deny, "Turn the identical request away for 15 minutes"),
    ("resolve", resolve, "Close an escalation with a note"),
)
ENDPOINTS = (
    Endpoint(
        "GET",
        _HOME,
        index,
        Access.READER,
        "List what waits for a person, and what became of it",
        answer=answers.EscalationPage,
        query=PARAMETERS,
    ),
    Endpoint("GET", _HOME + "/{id}", show, Access.READER, "Show an escalation", answer=answers.Escalation),
    *(
        Endpoint(
            "POST",
            f"{_HOME}/{{id}}/{name}",
            handler,
            Access.ADMIN,
            summary,
            Note,
            optional_body=True,
            answer=answers.Escalation,
        )
        for name, handler, summary in _ACTIONS
    ),
)
