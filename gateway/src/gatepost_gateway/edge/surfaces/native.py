"""The SDK's governed calls: traces, executions, events. A block is a result here, not an error."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from gatepost_gateway.domain.clock import iso
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.money import nano, usd
from gatepost_gateway.domain.records import Closed, TraceSealed
from gatepost_gateway.domain.snapshot import Snapshot
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.edge.http import BodyLimits, Request, Send, respond, respond_json
from gatepost_gateway.edge.idempotency import Answer, Idempotency
from gatepost_gateway.pipeline.executions import require_step_id
from gatepost_gateway.pipeline.traces import Traces
from gatepost_gateway.version import VERSION

NAME = "native"
T = TypeVar("T")


class NewTrace(Struct, forbid_unknown_fields=True):
    """The body of `POST /api/v1/traces`. `revenue` in dollars."""

    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    revenue: int | float | str | None = None


class NewLog(Struct, forbid_unknown_fields=True):
    """The body of `POST /api/v1/logs`."""

    trace_id: str
    name: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    parent_step_id: str | None = None


class NativeSurface:
    """`who` turns a request into its principal."""

    def __init__(
        self,
        traces: Traces,
        snapshot: Callable[[], Snapshot],
        who: Callable[[Request], Principal],
        idempotency: Idempotency,
        limits: BodyLimits,
    ) -> None:
        self._traces = traces
        self._snapshot = snapshot
        self._who = who
        self._idempotency = idempotency
        self._limits = limits

    async def create_trace(self, request: Request, send: Send) -> None:
        """POST /api/v1/traces"""
        principal = self._who(request)
        body = await request.body(self._limits)

        async def make() -> Answer:
            asked = read_body(body or b"{}", NewTrace)
            revenue = _revenue(asked.revenue)
            trace_id, at = await self._traces.create(principal, asked.metadata, revenue)
            page = {
                "id": trace_id,
                "status": "open",
                "metadata": asked.metadata,
                "revenue": None if revenue is None else usd(revenue),
                "created_at": iso(at),
            }
            return 201, msgspec.json.encode(page)

        await answer_once(self._idempotency, request, send, principal, body, make)

    async def complete_trace(self, request: Request, send: Send) -> None:
        """PATCH /api/v1/traces/{id}/complete"""
        principal = self._who(request)
        trace_id = request.path.split("/")[4]
        state = await self._traces.find(trace_id, principal.project)
        sealed = await self._traces.complete(trace_id, principal.project)
        await respond_json(send, 200, _summary(sealed, state.revenue), _id(request))

    async def log(self, request: Request, send: Send) -> None:
        """POST /api/v1/logs"""
        principal = self._who(request)
        asked = read_body(await request.body(self._limits), NewLog)
        require_step_id(asked.parent_step_id)
        step_id = await self._traces.log(principal, asked.trace_id, asked.name[:200], asked.data, asked.parent_step_id)
        await respond_json(send, 201, {"step_id": step_id, "trace_id": asked.trace_id}, _id(request))

    async def sdk_config(self, request: Request, send: Send) -> None:
        """GET /api/v1/sdk/config"""
        principal = self._who(request)
        project = self._snapshot().projects[principal.project]
        features = {"offline_testing": "offline_testing" in project.features}
        await respond_json(send, 200, {"features": features, "version": VERSION, "project": project.id}, _id(request))


async def answer_once(
    idempotency: Idempotency, request: Request, send: Send, principal: Principal, body: bytes, make: Callable[[], Any]
) -> None:
    """Answers with what `make` gives; a repeated idempotency key gets the answer of the first time."""
    owner = f"{principal.project}/{principal.key_id}/{request.path}"
    key = request.headers.get(b"idempotency-key")
    status, page = await idempotency.once(owner, key, body, make)
    await respond(send, status, [(b"content-type", b"application/json"), *_id(request)], page)


def _id(request: Request) -> list[tuple[bytes, bytes]]:
    return [(b"x-request-id", request.request_id.encode())]


def read_body(body: bytes, shape: type[T]) -> T:
    """Raises CallerError: 400 for what is not JSON, 422 for what has another shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except RecursionError:
        raise CallerError("the JSON is nested too deeply", code=Code.TOO_DEEP) from None
    except msgspec.ValidationError as error:
        raise CallerError(f"the request body is not valid: {error}", code=Code.VALIDATION_FAILED, status=422) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CallerError(f"the request body is not valid JSON: {error}", code=Code.INVALID_JSON) from None


def _revenue(said: float | str | None) -> int | None:
    """Dollars, as a number or exact text, in nano-dollars. Raises CallerError (422)."""
    if said is None:
        return None
    try:
        return nano(Decimal(str(said)))
    except (ArithmeticError, ValueError):
        raise CallerError(
            "`revenue` must be dollars, below a thousand million and with at most nine decimals",
            code=Code.VALIDATION_FAILED,
            status=422,
        ) from None


def _summary(sealed: TraceSealed, revenue: int | None) -> dict[str, Any]:
    return {
        "id": sealed.trace_id,
        "status": "completed",
        "completed_at": iso(sealed.at),
        "total_cost": usd(sealed.cost),
        "total_latency_ms": sealed.micros / 1000,
        "revenue": None if revenue is None else usd(revenue),
        "gross_margin": None if revenue is None else usd(revenue - sealed.cost),
        "steps": sealed.steps,
        "unpriced_steps": sealed.unpriced,
    }


def usage_page(usage: Usage) -> dict[str, Any]:
    """Usage by its buckets."""
    return {name: getattr(usage, name) for name in usage.__struct_fields__}


def step_page(record: Closed) -> dict[str, Any]:
    """What every governed call says of its step."""
    return {
        "trace_id": record.trace_id,
        "step_id": record.step_id,
        "model": record.model,
        "usage": usage_page(record.usage),
        "cost": None if record.cost is None else usd(record.cost),
        "latency_ms": record.micros / 1000,
    }
