"""A call that is answered whole, between a caller's format and a provider's: vectors and pictures."""

from collections.abc import Sequence
from typing import Any

from gatepost_gateway.dialects.envelope import too_deep
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.registry import WHOLE_CALLERS
from gatepost_gateway.dialects.sides import Shape, WholeProvider, WholeSame
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.conversation import Losses
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.ports import Answered, Summary

WholeSide = WholeProvider[Any, Any] | WholeSame
"""A provider's format; where every caller speaks it too, there is nothing but bytes to pass."""
MOST_REQUESTS = 256
"""Requests that one call may become."""


def write_request(asked: Asked, side: WholeSide, shape: Shape) -> tuple[list[bytes], tuple[str, ...]]:
    """The bodies for the provider, at least one, and the names of what they could not carry.

    Raises CallerError: 400 for a request that its own format does not allow, 422 for one that the provider's cannot
    carry at all, or only in more than `MOST_REQUESTS` requests.
    """
    losses = Losses()
    try:
        bodies = _bodies(asked, side, shape, losses)
    except Malformed as error:
        raise CallerError(f"the request body is not valid: {error}") from None
    except RecursionError:
        raise too_deep() from None
    if len(bodies) > MOST_REQUESTS:
        raise CallerError(
            f"`{shape.model}` takes so little at once that this call would become {len(bodies)} requests, and"
            f" {MOST_REQUESTS} are the most: send less at a time",
            code=Code.VALIDATION_FAILED,
            status=422,
        )
    return bodies, losses.names


def _bodies(asked: Asked, side: WholeSide, shape: Shape, losses: Losses) -> list[bytes]:
    if isinstance(side, WholeSame):
        return [side.request(asked, shape)]
    if side.same is not None and asked.dialect in side.same.dialects:
        return [side.same.request(asked, shape)]
    return side.write_request(WHOLE_CALLERS[asked.dialect].read_request(asked), shape, losses)


def read_answer(asked: Asked, side: WholeSide, answers: Sequence[Answered]) -> tuple[bytes, Summary]:
    """The answers in the caller's format. Raises ValueError when they are not what the provider's format promises."""
    if isinstance(side, WholeSame):
        body = answers[0].body
        return body, side.summary(body)
    if side.same is not None and asked.dialect in side.same.dialects:
        return read_answer(asked, side.same, answers)
    losses = Losses()
    reply = side.read_reply(answers)
    translated = WHOLE_CALLERS[asked.dialect].write_reply(reply, asked, losses)
    summary = side.summary_of(reply)
    summary.lossy = losses.names
    return translated, summary
