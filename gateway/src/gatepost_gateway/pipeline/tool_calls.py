"""The calls of servers' tools that one turn of a model asks for: judged one after another, made side by side.

A call goes out when policy has let it, and not before; the calls behind one that is refused do not go out. Results are
judged and written down in the order of the calls, whichever server was the fastest. What has gone out is waited for and
written down, also where another of them failed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import CallerError, Code, GatewayError, ToolServerError
from gatepost_gateway.domain.mcp import McpLimits, RemoteResult, ToolSession
from gatepost_gateway.domain.records import Closed
from gatepost_gateway.pipeline.call import Inbound
from gatepost_gateway.pipeline.tool_servers import Offer
from gatepost_gateway.pipeline.tool_steps import Ready, Session, ToolSteps, Use


class Wanted(Struct, frozen=True):
    """A call that the model asks for. `denied`: the caller said no to it, and why."""

    offer: Offer
    use: Use
    denied: str | None = None


class Caller(Struct, frozen=True):
    """Whose calls they are: what came in, and the session that it belongs to."""

    inbound: Inbound
    session: Session


class _Ended(Struct, frozen=True):
    """What came of a call, and the clock when it did."""

    result: RemoteResult | ToolServerError
    at: float


class _Sent(Struct):
    """A call that has gone out. `written`: what became of it is in a record, or about to be."""

    wanted: Wanted
    caller: Caller
    ready: Ready
    calling: "asyncio.Task[_Ended]"
    written: bool = False


class ToolCalls:
    """All of one execution. `session_of` opens a server's session, `closed` collects the records of the steps."""

    def __init__(
        self,
        steps: ToolSteps,
        clock: Clock,
        limits: McpLimits,
        session_of: Callable[[Offer], Awaitable[ToolSession]],
        closed: list[Closed],
    ) -> None:
        self._steps = steps
        self._clock = clock
        self._limits = limits
        self._session_of = session_of
        self._closed = closed
        self._until = clock.monotonic() + limits.total
        self._count = self._bytes = 0

    async def make(self, caller: Caller, wanted: Sequence[Wanted]) -> list[str]:
        """What the model is told of each. Raises Refused when policy says no to one, ToolServerError, CallerError."""
        told: list[str] = []
        for first in range(0, len(wanted), self._limits.at_once):
            told += await self._together(caller, wanted[first : first + self._limits.at_once])
        return told

    async def _together(self, caller: Caller, wanted: Sequence[Wanted]) -> list[str]:
        told: list[str | _Sent] = []
        refused: GatewayError | None = None
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    for one in wanted:
                        told.append(await self._send(group, caller, one))  # noqa: PERF401 - what went out is kept
                except GatewayError as error:
                    refused = error
                heard = [one if isinstance(one, str) else await self._hear(one) for one in told]
        except asyncio.CancelledError:
            self._leave([one for one in told if isinstance(one, _Sent)])
            raise
        # What failed first in the order of the calls is what the execution fails with.
        for one in (*heard, refused):
            if isinstance(one, GatewayError):
                raise one
        return [one for one in heard if isinstance(one, str)]

    async def _send(self, group: asyncio.TaskGroup, caller: Caller, wanted: Wanted) -> str | _Sent:
        """The call under way, or what the model is told in its place."""
        if wanted.denied is not None:
            await self._steps.denied(caller.inbound, caller.session, wanted.use, self._closed)
            return f"error: the call was not approved{wanted.denied}"
        self._count += 1
        if self._count > self._limits.calls:
            raise too_often(f"the model asked for more than {self._limits.calls} calls of tools")
        try:
            ready = await self._steps.asked(caller.inbound, caller.session, wanted.use, self._closed)
        except CallerError as error:
            if error.code is not Code.TOOL_CALL_INVALID:
                raise
            return f"error: {error.public}"
        inbound = msgspec.structs.replace(caller.inbound, parent_step_id=ready.step_id)
        calling = group.create_task(self._call(wanted.offer, ready))
        return _Sent(wanted, Caller(inbound, caller.session), ready, calling)

    async def _call(self, offer: Offer, ready: Ready) -> _Ended:
        result: RemoteResult | ToolServerError
        try:
            left = min(self._limits.call, self._until - self._clock.monotonic())
            if left <= 0:
                raise _out_of_time(offer.server, self._limits.total)
            session = await self._session_of(offer)
            result = await session.call(offer.tool, ready.arguments, left)
        except ToolServerError as error:
            result = error
        return _Ended(result, self._clock.monotonic())

    async def _hear(self, sent: _Sent) -> str | GatewayError:
        """What the model is told of a call that went out, or why the execution fails."""
        ended = await sent.calling
        sent.written = True
        caller, use, limits, result = sent.caller, sent.wanted.use, self._limits, ended.result
        # It may have waited here for slower ones; its record says how long the tool took.
        started = sent.ready.started + (self._clock.monotonic() - ended.at)
        ready = msgspec.structs.replace(sent.ready, started=started)
        if isinstance(result, ToolServerError):
            await self._steps.failed(caller.inbound, caller.session, use, (ready, result), self._closed)
            return result
        try:
            answer = (ready, result)
            text = await self._steps.answered(caller.inbound, caller.session, use, answer, self._closed)
        except GatewayError as error:
            return error
        self._bytes += len(text)
        if self._bytes > limits.result_bytes:
            words = f"brought the results above {limits.result_bytes} bytes"
            return ToolServerError(use.server, words, code=Code.MCP_TOO_LARGE)
        return f"error: {text}" if result.failed else text

    def _leave(self, sent: Sequence[_Sent]) -> None:
        """The caller left. Nothing here waits, so nothing can interrupt it."""
        for one in sent:
            if not one.written:
                self._steps.left(one.caller.inbound, one.caller.session, one.wanted.use, one.ready, self._closed)


def too_often(words: str) -> CallerError:
    return CallerError(words, code=Code.TOOL_ROUNDS_EXCEEDED, status=422)


def _out_of_time(server: str, seconds: float) -> ToolServerError:
    words = f"was not asked any more: the tools of an execution may take {seconds:.0f} s"
    return ToolServerError(server, words, code=Code.MCP_TIMEOUT, status=504)
