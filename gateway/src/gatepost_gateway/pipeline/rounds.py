"""One execution, round by round: the model is asked, the tools of its servers are called, and it is asked again.

Each model call is a step with a hold of its own. Tools that are the caller's to run, and calls that wait for its
approval, end the rounds; what a server answered until then is kept with the conversation. A server that breaks off
fails the execution; what a server itself calls a failure is told to the model.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import CallerError, Code, GatewayError, ToolServerError
from gatepost_gateway.domain.mcp import McpLimits, RemoteResult, ToolServers, ToolSession
from gatepost_gateway.domain.records import Closed
from gatepost_gateway.pipeline.call import Inbound
from gatepost_gateway.pipeline.collected import Collected
from gatepost_gateway.pipeline.exchange import Exchange
from gatepost_gateway.pipeline.pending import Conversation
from gatepost_gateway.pipeline.told import Listener, Told
from gatepost_gateway.pipeline.tool_servers import (
    Json,
    McpTool,
    Offer,
    function_of,
    mark_of,
    name_of,
    offered,
    read_server,
)
from gatepost_gateway.pipeline.tool_steps import Ready, ToolSteps, Use


class Seams(Struct, frozen=True):
    """What rounds work with."""

    exchange: Exchange
    steps: ToolSteps
    servers: ToolServers
    clock: Clock
    limits: McpLimits = McpLimits()


class Approval(Struct, forbid_unknown_fields=True):
    """A caller's word on a call that waits. `reason` is told to the model when it is a no."""

    id: str
    approve: bool
    reason: str | None = None


class Waiting(Struct, frozen=True):
    """A call that waits for the caller's approval."""

    id: str
    server: str
    tool: str
    arguments: str


class Executed(Struct):
    """What came of it: the record of the last round and its message, the records of all rounds, and what waits now."""

    record: Closed
    message: Json
    attempts: int
    fallback_used: bool
    rounds: tuple[Closed, ...] = ()
    calls: tuple[Json, ...] = ()
    """Of tools that the caller runs."""
    waiting: tuple[Waiting, ...] = ()

    @property
    def pending(self) -> bool:
        return bool(self.calls or self.waiting)


class Rounds:
    """`inbound` names the trace and the step that this goes on from. `closed`: the records of all that was done."""

    def __init__(
        self,
        seams: Seams,
        conversation: Conversation,
        inbound: Inbound,
        project: str,
        listener: Listener | None = None,
    ) -> None:
        """`listener`: who hears the answers while they are made."""
        self._listener = listener
        self._seams = seams
        self._said = conversation
        self._inbound = inbound
        self._until = seams.clock.monotonic() + seams.limits.total
        self._desk = _Desk(seams, conversation, project)
        self._calls = self._bytes = 0
        self._acted = False
        self._models: list[Closed] = []
        self._attempts = 0
        self.closed: list[Closed] = []

    async def run(self, approvals: Mapping[str, Approval]) -> Executed:
        """Raises what the exchange raises, ToolServerError, and CallerError when the model asks for tools for ever."""
        try:
            async with AsyncExitStack() as stack:
                self._desk.stack = stack
                if self._said.servers and not self._said.offered:
                    await self._desk.offer()
                if approvals:
                    self._acted = True
                    await self._approved(approvals)
                return await self._ask_until_done()
        except GatewayError as error:
            # Money was spent or a tool was used: a client that repeats by itself would do it twice.
            error.again = error.again and not self._acted
            raise

    async def _ask_until_done(self) -> Executed:
        for _ in range(self._seams.limits.rounds):
            done = await self._ask()
            asked: list[Json] = done.message.get("tool_calls") or []
            if not asked:
                return done
            self._acted = True
            self._said.messages.append(done.message)
            waiting, calls = await self._answer(asked)
            if waiting or calls:
                done.waiting, done.calls = tuple(waiting), tuple(calls)
                return done
        raise _too_often(f"the model asked for tools in {self._seams.limits.rounds} rounds in a row")

    async def _ask(self) -> Executed:
        """One round."""
        said = self._said
        body: Json = {"model": said.model, "messages": said.messages, **said.options}
        if said.tools:
            body["tools"] = said.tools
        if self._listener is not None:
            body["stream"] = True
        call = self._seams.exchange.open(msgspec.structs.replace(self._inbound, body=msgspec.json.encode(body)))
        listener = self._listener
        outlet = Collected() if listener is None else Told(listener, len(self._models) + 1)
        try:
            await self._seams.exchange.run(call, outlet)
        finally:
            self.closed += (*call.earlier, call.record)
            self._models.append(call.record)
        self._attempts += call.attempts
        said.session = (call.record.session_id, call.record.turn)
        self._inbound = msgspec.structs.replace(self._inbound, parent_step_id=call.record.step_id)
        return Executed(call.record, outlet.message, self._attempts, call.fallback_used, tuple(self._models))

    async def _answer(self, asked: list[Json]) -> tuple[list[Waiting], list[Json]]:
        """Calls what may be called; the calls that wait for approval, and those that the caller makes itself."""
        offers = {offer.name: offer for offer in self._said.offers}
        own = {name_of(tool) for tool in self._said.tools}
        waiting: list[Waiting] = []
        calls: list[Json] = []
        for call in asked:
            name = name_of(call)
            offer = offers.get(name)
            if offer is not None and offer.waits:
                waiting.append(Waiting(call["id"], offer.server, offer.tool, _arguments(call)))
            elif offer is not None:
                await self._use(offer, call)
            elif offers and name not in own:
                self._said.answer(call["id"], "error: there is no tool of this name")
            else:
                calls.append(call)
        return waiting, calls

    async def _approved(self, approvals: Mapping[str, Approval]) -> None:
        """The calls that waited: made, or not made because the caller said so."""
        offers = {offer.name: offer for offer in self._said.offers}
        for call in self._said.unanswered():
            said = approvals[call["id"]]
            offer = offers[name_of(call)]
            if said.approve:
                await self._use(offer, call, approved=True)
                continue
            use = Use(offer.server, offer.tool, call["id"], _arguments(call))
            await self._seams.steps.denied(self._inbound, self._said.session, use, self.closed)
            why = f": {said.reason[:1000]}" if said.reason else ""
            self._said.answer(call["id"], f"error: the call was not approved{why}")

    async def _use(self, offer: Offer, call: Json, *, approved: bool = False) -> None:
        """Calls a tool and gives the model its answer. Raises Refused when policy says no to either."""
        limits, steps = self._seams.limits, self._seams.steps
        self._calls += 1
        if self._calls > limits.calls:
            raise _too_often(f"the model asked for more than {limits.calls} calls of tools")
        use = Use(offer.server, offer.tool, call["id"], _arguments(call), approved)
        try:
            ready = await steps.asked(self._inbound, self._said.session, use, self.closed)
        except CallerError as error:
            if error.code is not Code.TOOL_CALL_INVALID:
                raise
            self._said.answer(call["id"], f"error: {error.public}")
            return
        inbound = msgspec.structs.replace(self._inbound, parent_step_id=ready.step_id)
        result = await self._called(inbound, offer, use, ready)
        text = await steps.answered(inbound, self._said.session, use, (ready, result), self.closed)
        self._bytes += len(text)
        if self._bytes > limits.result_bytes:
            raise ToolServerError(
                offer.server, f"brought the results above {limits.result_bytes} bytes", code=Code.MCP_TOO_LARGE
            )
        self._said.answer(call["id"], f"error: {text}" if result.failed else text)

    async def _called(self, inbound: Inbound, offer: Offer, use: Use, ready: Ready) -> RemoteResult:
        steps, session = self._seams.steps, self._said.session
        try:
            left = min(self._seams.limits.call, self._until - self._seams.clock.monotonic())
            if left <= 0:
                raise _out_of_time(offer.server, self._seams.limits.total)
            tool = await self._desk.session(offer)
            return await tool.call(offer.tool, ready.arguments, left)
        except ToolServerError as error:
            await steps.failed(inbound, session, use, (ready, error), self.closed)
            raise
        except asyncio.CancelledError:
            steps.left(inbound, session, use, ready, self.closed)
            raise


class _Desk:
    """The sessions of one execution, each opened when it is first needed."""

    def __init__(self, seams: Seams, conversation: Conversation, project: str) -> None:
        self._seams = seams
        self._said = conversation
        self._project = project
        self._open: dict[str, tuple[ToolSession, dict[str, str]]] = {}
        self.stack = AsyncExitStack()

    async def offer(self) -> None:
        """Asks every server what it has, and lets the model have it."""
        listed = [(server, await self._tools(server)) for server in [read_server(one) for one in self._said.servers]]
        made = offered(self._said.tools, listed, self._seams.limits.tools)
        self._said.tools, self._said.offers, self._said.offered = made.tools, made.offers, True

    async def session(self, offer: Offer) -> ToolSession:
        """Raises ToolServerError when the server does not offer the tool any more as it did."""
        if offer.server not in self._open:
            (server,) = [one for one in map(read_server, self._said.servers) if one.server_label == offer.server]
            await self._tools(server)
        session, marks = self._open[offer.server]
        if marks.get(offer.tool) != offer.mark:
            raise ToolServerError(offer.server, f"does not offer `{offer.tool[:100]}` any more as it did")
        return session

    async def _tools(self, server: McpTool) -> Any:
        limits = self._seams.limits
        opening = self._seams.servers.open(server.server, self._project, limits.connect)
        session = await self.stack.enter_async_context(opening)
        tools = await session.tools()
        self._open[server.server_label] = session, {tool.name: mark_of(tool) for tool in tools}
        return tools


def _arguments(call: Json) -> str:
    """As the model wrote them; some providers give the object itself."""
    said = function_of(call).get("arguments") or "{}"
    return said if isinstance(said, str) else msgspec.json.encode(said).decode()


def _too_often(words: str) -> CallerError:
    return CallerError(words, code=Code.TOOL_ROUNDS_EXCEEDED, status=422)


def _out_of_time(server: str, seconds: float) -> ToolServerError:
    words = f"was not asked any more: the tools of an execution may take {seconds:.0f} s"
    return ToolServerError(server, words, code=Code.MCP_TIMEOUT, status=504)
