"""The SDK's governed calls for vectors and pictures: one step on a trace each."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_embeddings import read_reply
from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import CallerError, Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import Answered
from gatepost_gateway.domain.records import Closed
from gatepost_gateway.domain.snapshot import ProjectEntry
from gatepost_gateway.pipeline.call import Call, Inbound
from gatepost_gateway.pipeline.collected import Collected
from gatepost_gateway.pipeline.exchange import Exchange
from gatepost_gateway.pipeline.executions import require_step_id
from gatepost_gateway.pipeline.traces import Traces

MOST_INPUTS = 2048


class EmbeddingWanted(Struct, forbid_unknown_fields=True):
    """The body of `POST /api/v1/embeddings`."""

    trace_id: str
    input: str | list[str]
    model: str
    dimensions: int | None = None
    parent_step_id: str | None = None


class ImageWanted(Struct, forbid_unknown_fields=True):
    """The body of `POST /api/v1/images`. `size`: `1024x1024`."""

    trace_id: str
    prompt: str
    model: str
    n: int | None = None
    size: str | None = None
    quality: str | None = None
    parent_step_id: str | None = None


class Made(Struct):
    """What came of it: the record, and what was made."""

    record: Closed
    things: Sequence[Any]


class _Pictures(Struct):
    data: list[dict[str, Any]]


_pictures = msgspec.json.Decoder(_Pictures)


class Making:
    """Makes vectors and pictures through the exchange, as steps of a trace."""

    def __init__(self, exchange: Exchange, traces: Traces) -> None:
        self._exchange = exchange
        self._traces = traces

    async def vectors(self, wanted: EmbeddingWanted, project: ProjectEntry, inbound: Inbound) -> Made:
        """One vector an input, in order. Raises what the exchange raises, and 404, 409 or 422."""
        texts = [wanted.input] if isinstance(wanted.input, str) else wanted.input
        if not texts or not all(texts) or len(texts) > MOST_INPUTS:
            raise _invalid(f"`input` must be a text, or from 1 to {MOST_INPUTS} texts, none of them empty")
        body = _said(model=wanted.model, input=wanted.input, dimensions=wanted.dimensions)
        inbound = _inbound(inbound, Operation.EMBED, DialectName.OPENAI_EMBEDDINGS, body)
        call, answer = await self._step(wanted, project, inbound)
        try:
            vectors: list[Raw] = read_reply([Answered(answer)]).vectors
        except Malformed as error:
            raise _garbage(call, str(error)) from error
        return Made(call.record, vectors)

    async def pictures(self, wanted: ImageWanted, project: ProjectEntry, inbound: Inbound) -> Made:
        """Objects with `b64_json` or `url`. Raises as `vectors` does."""
        body = _said(model=wanted.model, prompt=wanted.prompt, n=wanted.n, size=wanted.size, quality=wanted.quality)
        inbound = _inbound(inbound, Operation.IMAGE, DialectName.OPENAI_IMAGES, body)
        call, answer = await self._step(wanted, project, inbound)
        try:
            return Made(call.record, _pictures.decode(answer).data)
        except msgspec.DecodeError as error:
            raise _garbage(call, str(error)) from error

    async def _step(
        self, wanted: EmbeddingWanted | ImageWanted, project: ProjectEntry, inbound: Inbound
    ) -> tuple[Call, bytes]:
        require_step_id(wanted.parent_step_id)
        state = await self._traces.enter(wanted.trace_id, project.id)
        call = self._exchange.open(
            msgspec.structs.replace(
                inbound, trace_id=wanted.trace_id, metadata=state.metadata, parent_step_id=wanted.parent_step_id
            )
        )
        outlet = Collected()
        try:
            await self._exchange.run(call, outlet)
        except CallerError as error:
            # A body that the format refuses was made of what the caller said here.
            if error.code is Code.INVALID_REQUEST:
                raise _invalid(error.public) from error
            raise
        finally:
            self._traces.leave(state, *call.earlier, call.record)
        return call, outlet.body


def _said(**members: Any) -> bytes:
    return msgspec.json.encode({name: value for name, value in members.items() if value is not None})


def _inbound(inbound: Inbound, operation: Operation, dialect: DialectName, body: bytes) -> Inbound:
    return msgspec.structs.replace(inbound, operation=operation, dialect=dialect, body=body)


def _invalid(words: str) -> CallerError:
    return CallerError(words, code=Code.VALIDATION_FAILED, status=422)


def _garbage(call: Call, why: str) -> UpstreamError:
    provider = call.record.provider or ""
    return UpstreamError(
        f"{provider} answered something that is not what was asked for: {why}",
        code=Code.UPSTREAM_GARBAGE,
        status=502,
        next_step=NextStep.GIVE_UP,
        provider=provider,
    )
