"""One execution, round by round: the model is asked, the tools of its servers are called, and it is asked again.

Each model call is a step with a hold of its own. Tools that are the caller's to run, and calls that wait for its
approval, end the rounds; what a server answered until then is kept with the conversation. A server that breaks off
fails the execution; what a server itself calls a failure is told to the model.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import GatewayError, ToolServerError
from gatepost_gateway.domain.mcp import McpLimits, ToolServers, ToolSession
from gatepost_gateway.domain.records import Closed
from gatepost_gateway.pipeline.call import Inbound
from gatepost_gateway.pipeline.collected import Collected
from gatepost_gateway.pipeline.exchange import Exchange
from gatepost_gateway.pipeline.pending import Conversation
from gatepost_gateway.pipeline.told import Listener, Told
from gatepost_gateway.pipeline.tool_calls import Caller, ToolCalls, Wanted, too_often
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
from gatepost_gateway.pipeline.tool_steps import ToolSteps, Use


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
        self._desk = _Desk(seams, conversation, project)
        self._acted = False
        self._models: list[Closed] = []
        self._attempts = 0
        self.closed: list[Closed] = []
        self._calls = ToolCalls(seams.steps, seams.clock, seams.limits, self._desk.session, self.closed)

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
        raise too_often(f"the model asked for tools in {self._seams.limits.rounds} rounds in a row")

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
        answers: list[tuple[str, Wanted | str]] = []
        for call in asked:
            name = name_of(call)
            offer = offers.get(name)
            if offer is not None and offer.waits:
                waiting.append(Waiting(call["id"], offer.server, offer.tool, _arguments(call)))
            elif offer is not None:
                answers.append((call["id"], _wanted(offer, call)))
            elif offers and name not in own:
                answers.append((call["id"], "error: there is no tool of this name"))
            else:
                calls.append(call)
        await self._make(answers)
        return waiting, calls

    async def _approved(self, approvals: Mapping[str, Approval]) -> None:
        """The calls that waited: made, or not made because the caller said so."""
        offers = {offer.name: offer for offer in self._said.offers}
        unanswered = {call["id"]: call for call in self._said.unanswered()}
        wanted = {id: _wanted(offers[name_of(call)], call, approvals[id]) for id, call in unanswered.items()}
        await self._make(list(wanted.items()))

    async def _make(self, answers: Sequence[tuple[str, Wanted | str]]) -> None:
        """Gives the model all these answers in their order, once the calls among them are made."""
        wanted = [one for _, one in answers if isinstance(one, Wanted)]
        told = iter(await self._calls.make(Caller(self._inbound, self._said.session), wanted))
        for call_id, one in answers:
            self._said.answer(call_id, next(told) if isinstance(one, Wanted) else one)


class _Desk:
    """The sessions of one execution, each opened when it is first needed."""

    def __init__(self, seams: Seams, conversation: Conversation, project: str) -> None:
        self._seams = seams
        self._said = conversation
        self._project = project
        self._open: dict[str, tuple[ToolSession, dict[str, str]]] = {}
        self._opening = asyncio.Lock()
        self.stack = AsyncExitStack()

    async def offer(self) -> None:
        """Asks every server what it has, and lets the model have it."""
        listed = [(server, await self._tools(server)) for server in [read_server(one) for one in self._said.servers]]
        made = offered(self._said.tools, listed, self._seams.limits.tools)
        self._said.tools, self._said.offers, self._said.offered = made.tools, made.offers, True

    async def session(self, offer: Offer) -> ToolSession:
        """Raises ToolServerError when the server does not offer the tool any more as it did."""
        async with self._opening:
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


def _wanted(offer: Offer, call: Json, said: Approval | None = None) -> Wanted:
    """A call as it is to be made. `said` is the caller's word on it, where it was asked."""
    use = Use(offer.server, offer.tool, call["id"], _arguments(call), said.approve if said else None)
    denied = None if said is None or said.approve else f": {said.reason[:1000]}" if said.reason else ""
    return Wanted(offer, use, denied)
