"""`POST /api/v1/executions`: the SDK's governed call, whole or as a stream of events. A block is a result here."""

import contextlib
from collections.abc import Callable
from typing import Any

import msgspec

from gatepost_gateway.domain.errors import GatewayError, Refused
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.money import usd
from gatepost_gateway.domain.ports import Headers
from gatepost_gateway.domain.records import Closed
from gatepost_gateway.domain.snapshot import Snapshot
from gatepost_gateway.domain.usage import plus
from gatepost_gateway.edge import problems
from gatepost_gateway.edge.http import BodyLimits, HttpOutlet, Request, Send
from gatepost_gateway.edge.idempotency import Answer, Idempotency
from gatepost_gateway.edge.protocol import CORK
from gatepost_gateway.edge.reporting import Reporter
from gatepost_gateway.edge.surfaces.native import NAME, answer_once, read_body, step_page, usage_page
from gatepost_gateway.pipeline.beat import Beat
from gatepost_gateway.pipeline.executions import Execution, Executions, inbound_of
from gatepost_gateway.pipeline.rounds import Executed


class ExecutionSurface:
    """`who` turns a request into its principal."""

    def __init__(
        self,
        executions: Executions,
        snapshot: Callable[[], Snapshot],
        who: Callable[[Request], Principal],
        idempotency: Idempotency,
        limits: BodyLimits,
        reporter: Reporter,
    ) -> None:
        self._executions = executions
        self._snapshot = snapshot
        self._who = who
        self._idempotency = idempotency
        self._limits = limits
        self._reporter = reporter

    async def execute(self, request: Request, send: Send) -> None:
        """POST /api/v1/executions"""
        principal = self._who(request)
        body = await request.body(self._limits)
        project = self._snapshot().projects[principal.project]
        asked = read_body(body, Execution)
        inbound = inbound_of(NAME, request.headers, request.request_id, request.presented())

        async def make() -> Answer:
            try:
                return 200, msgspec.json.encode(_executed(await self._executions.run(asked, project, inbound)))
            except Refused as blocked:
                return 200, msgspec.json.encode(_blocked(asked, blocked))

        if not asked.stream:
            await answer_once(self._idempotency, request, send, principal, body, make)
            return
        telling = Telling(request, send)
        try:
            done = await self._executions.run(asked, project, inbound, telling)
            await telling.end("result", _executed(done))
        except Refused as blocked:
            await telling.end("result", _blocked(asked, blocked))
        except GatewayError as error:
            if not telling.begun:
                raise
            self._reporter.failed(request, error)
            status, _, page = problems.native(error, request.request_id)
            await telling.end("error", {**msgspec.json.decode(page), "status": status})
        finally:
            telling.leave()


class Telling:
    """Implements `Listener`: an execution as server-sent events. `begun`: the head is out."""

    def __init__(self, request: Request, send: Send) -> None:
        self._outlet = HttpOutlet(send, request.scope.get(CORK))
        self._ids = [(b"x-request-id", request.request_id.encode())]
        self._beat = Beat(self.alive)

    @property
    def begun(self) -> bool:
        return self._outlet.begun

    async def begin(self, headers: Headers) -> None:
        if not self.begun:
            await self._outlet.begin(headers)
            self._beat.start()

    def text(self, words: str, number: int) -> bool:
        self._beat.sent()
        return self._outlet.push(_event("text", {"round": number, "text": words}))

    async def alive(self) -> None:
        await self._outlet.alive()

    async def drain(self) -> None:
        await self._outlet.drain()

    async def end(self, kind: str, page: dict[str, Any]) -> None:
        """The last event."""
        await self.begin(self._ids)
        await self._beat.stop()
        await self._outlet.end(_event(kind, page))

    def leave(self) -> None:
        """The caller has gone, or all is sent."""
        self._beat.cancel()


def _event(kind: str, page: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode(page))


def _executed(done: Executed) -> dict[str, Any]:
    """What came of all rounds: one page, whose step is the last of them."""
    record, message = done.record, done.message
    return {
        **step_page(record),
        **_sums(done.rounds or (record,)),
        "provider": record.provider,
        "attempts": done.attempts,
        "fallback_used": done.fallback_used,
        "output": message.get("content"),
        "status": "tool_calls_pending" if done.calls else "approvals_pending" if done.waiting else None,
        "tool_calls": [_tool_call(call) for call in done.calls],
        "approvals": [
            {"id": one.id, "server_label": one.server, "name": one.tool, "arguments": _decoded(one.arguments)}
            for one in done.waiting
        ],
        "finish_reason": record.finish[0] if record.finish else None,
    }


def _sums(rounds: tuple[Closed, ...]) -> dict[str, Any]:
    """What the rounds of one execution took together; a cost that is not known makes the sum unknown."""
    usage = rounds[0].usage
    for one in rounds[1:]:
        usage = plus(usage, one.usage)
    cost = None if any(one.cost is None for one in rounds) else sum(one.cost or 0 for one in rounds)
    return {
        "usage": usage_page(usage),
        "cost": None if cost is None else usd(cost),
        "latency_ms": sum(one.micros for one in rounds) / 1000,
        "rounds": len(rounds),
    }


def _tool_call(call: dict[str, Any]) -> dict[str, Any]:
    function: dict[str, Any] = call.get("function") or {}
    return {"id": call.get("id"), "name": function.get("name"), "arguments": _decoded(function.get("arguments"))}


def _decoded(arguments: Any) -> Any:
    """Arguments as the object that they are; what is not JSON stays the text that the model wrote."""
    arguments = arguments or "{}"
    if isinstance(arguments, str):
        with contextlib.suppress(msgspec.DecodeError, RecursionError):
            return msgspec.json.decode(arguments)
    return arguments


def _blocked(asked: Execution, blocked: Refused) -> dict[str, Any]:
    return {
        "trace_id": asked.trace_id,
        "step_id": blocked.step_id,
        "output": None,
        "model": None,
        "status": "blocked" if blocked.escalation is None else "escalation_required",
        "tool_calls": [],
        "approvals": [],
        "reason": blocked.public,
        "policy": blocked.rule,
        "escalation_id": blocked.escalation,
    }
