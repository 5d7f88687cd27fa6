"""`/api/v1/traces/{id}/steps/{step}/correction`: what a call that a crash left open did cost, once somebody knows."""

from pydantic import Field

from gatepost_gateway.control import story
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, by
from gatepost_gateway.control.traces import source
from gatepost_gateway.domain.clock import iso
from gatepost_gateway.domain.errors import CallerError, Code, GatewayFault
from gatepost_gateway.domain.money import nano, usd
from gatepost_gateway.domain.records import Closed, Outcome
from gatepost_gateway.link.channel import ChannelClosed
from gatepost_gateway.link.messages import Correcting
from gatepost_gateway.settings.fields import Dollars, Shape
from gatepost_gateway.storage.became import settled_at
from gatepost_gateway.storage.recover import correction
from gatepost_gateway.storage.rows import TraceDetail


class Correction(Shape):
    """What it did cost, at most what it held, and how that is known."""

    cost_usd: Dollars
    note: str = Field(default="", max_length=2000)


async def correct(house: House, asked: Asked) -> Answer:
    said = asked.said(Correction)
    async with house.writing():
        # One at a time: each begins with what the one before it left.
        found = await _trace(house, asked.path["id"])
        one = _interrupted(found, asked.path["step"])
        before, after = settled_at(one, found.steps), _cost(said, one)
        if after != before:
            note = f": {said.note}" if said.note else ""
            words = f"corrected at {iso(house.clock.micros())} by {by(asked.caller)}{note}"
            await _tell(house, Correcting(correction(one, before, after, words), before, after))
        return Answer(story.whole(await _trace(house, asked.path["id"])))


async def _trace(house: House, trace_id: str) -> TraceDetail:
    found = await source(house).trace(trace_id)
    if found is None:
        raise CallerError(f"there is no trace `{trace_id[:80]}`", code=Code.TRACE_NOT_FOUND, status=404)
    return found


def _interrupted(found: TraceDetail, step_id: str) -> Closed:
    for one in found.steps:
        if one.step_id == step_id and isinstance(one, Closed):
            if one.outcome is Outcome.INTERRUPTED and one.estimated:
                return one
            raise CallerError(
                "only a call that was open when its gateway died is settled at what nobody knows: this one was not",
                code=Code.CONFLICT,
                status=409,
            )
    raise CallerError(f"the trace has no step `{step_id[:80]}`", code=Code.STEP_NOT_FOUND, status=404)


def _cost(said: Correction, one: Closed) -> int:
    """Raises CallerError (422) for more than was held: the budgets were asked for no more."""
    amount = nano(said.cost_usd)
    if amount > one.held:
        words = f"`cost_usd` must be at most {usd(one.held)}, what the call held"
        raise CallerError(words, code=Code.VALIDATION_FAILED, status=422)
    return amount


async def _tell(house: House, said: Correcting) -> None:
    """Raises GatewayFault (503): nothing is corrected then."""
    if house.correct is None:
        raise GatewayFault("no gateway runs here: start it", code=Code.CONTROL_UNAVAILABLE, status=503)
    try:
        await house.correct(said)
    except (RuntimeError, ChannelClosed) as error:
        words = f"the correction could not be written: {error}"
        raise GatewayFault(words, code=Code.RECORDS_UNAVAILABLE, status=503) from error


ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/v1/traces/{id}/steps/{step}/correction",
        correct,
        Access.ADMIN,
        "Say what a call cost that was open when its gateway died",
        Correction,
        answer=story.TraceView,
    ),
)
