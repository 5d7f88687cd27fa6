"""The SDK's governed call: an input, or what a pending step waited for, becomes model calls on a trace."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.routing import AUTO, LADDER
from gatepost_gateway.domain.snapshot import ProjectEntry, Snapshot
from gatepost_gateway.pipeline.call import Inbound, Presented
from gatepost_gateway.pipeline.pending import Conversation, Pending
from gatepost_gateway.pipeline.rounds import Approval, Executed, Rounds, Seams
from gatepost_gateway.pipeline.told import Listener
from gatepost_gateway.pipeline.tool_servers import name_of, split
from gatepost_gateway.pipeline.traces import Traces

FALLBACK_MODEL = "sandbox/echo"


class ToolResult(Struct):
    tool_call_id: str
    content: Any = ""
    name: str | None = None


class Execution(Struct, forbid_unknown_fields=True):
    """The body of `POST /api/v1/executions`."""

    trace_id: str
    input: str | list[dict[str, Any]] | UnsetType = UNSET
    model: str | None = None
    tools: list[dict[str, Any]] | None = None
    parent_step_id: str | None = None
    tool_results: list[ToolResult] | None = None
    approvals: list[Approval] | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    stream: bool = False


class Executions:
    """Runs executions, and goes on with those that wait for their caller."""

    def __init__(self, seams: Seams, traces: Traces, pending: Pending) -> None:
        self._seams = seams
        self._traces = traces
        self._pending = pending

    async def run(
        self, asked: Execution, project: ProjectEntry, inbound: Inbound, listener: Listener | None = None
    ) -> Executed:
        """`inbound` carries the caller's headers and keys, `listener` hears the text while it is made.

        Raises what the exchange raises, and 404 or 409.
        """
        require_step_id(asked.parent_step_id)
        conversation = await self._conversation(asked, project)
        state = await self._traces.enter(asked.trace_id, project.id)
        inbound = msgspec.structs.replace(
            inbound,
            operation=Operation.CHAT,
            trace_id=asked.trace_id,
            metadata=state.metadata,
            parent_step_id=asked.parent_step_id,
            by_default=conversation.by_default,
        )
        rounds = Rounds(self._seams, conversation, inbound, project.id, listener)
        try:
            approvals = {one.id: one for one in asked.approvals or ()}
            if approvals and asked.parent_step_id is not None:
                self._pending.take(asked.parent_step_id, project.id)
            done = await rounds.run(approvals)
            if done.pending:
                await self._pending.keep(done.record, conversation)
            return done
        finally:
            self._traces.leave(state, *rounds.closed)

    async def _conversation(self, asked: Execution, project: ProjectEntry) -> Conversation:
        if asked.tool_results is not None or asked.approvals is not None:
            return await self._continued(asked, project)
        if asked.input is UNSET:
            raise CallerError(
                "`input` is missing: send it, or `tool_results` or `approvals` with `parent_step_id`", status=422
            )
        options = {name: value for name in ("max_tokens", "temperature") if (value := getattr(asked, name)) is not None}
        text = asked.input
        messages = [{"role": "user", "content": text}] if isinstance(text, str) else text
        model = asked.model or default_model(self._seams.exchange.snapshot(), project)
        functions, servers = split(asked.tools or [], self._seams.limits)
        return Conversation(model, messages, functions, options, by_default=not asked.model, servers=servers)

    async def _continued(self, asked: Execution, project: ProjectEntry) -> Conversation:
        if asked.parent_step_id is None or asked.input is not UNSET:
            raise CallerError("`tool_results` and `approvals` go with `parent_step_id` and without `input`", status=422)
        conversation = await self._pending.load(asked.parent_step_id, asked.trace_id, project.id, self._traces.now())
        offers = {offer.name for offer in conversation.offers}
        calls: list[str] = []
        waiting: list[str] = []
        for call in conversation.unanswered():
            (waiting if name_of(call) in offers else calls).append(call["id"])
        given, said = asked.tool_results or [], asked.approvals or []
        _each_once("tool_results", calls, [result.tool_call_id for result in given])
        _each_once("approvals", waiting, [one.id for one in said])
        results = {result.tool_call_id: result for result in given}
        for one in calls:
            content = results[one].content
            conversation.answer(one, content if isinstance(content, str) else msgspec.json.encode(content).decode())
        return conversation


def _each_once(member: str, asked: list[str], given: list[str]) -> None:
    """Raises CallerError (422) that says what is missing and what nobody asked for."""
    missing, strange = [one for one in asked if one not in given], [one for one in given if one not in asked]
    if missing or strange or len(set(given)) != len(given):
        raise CallerError(
            f"`{member}` must answer each call of the step once: missing {missing}, not asked for {strange}",
            code=Code.VALIDATION_FAILED,
            status=422,
        )


def default_model(snapshot: Snapshot, project: ProjectEntry) -> str:
    """What a call without a model gets: the project's default, else the complexity rule where there are tiers."""
    if project.default_model is not None:
        return project.default_model
    tiered = any(snapshot.tier(project, tier) for tier in LADDER)
    return AUTO if tiered else FALLBACK_MODEL


def require_step_id(step_id: str | None) -> None:
    """Raises CallerError (422) for what no step can be called."""
    if step_id is not None and not ids.is_uuid(step_id):
        raise CallerError("`parent_step_id` is not a step id", code=Code.VALIDATION_FAILED, status=422)


def inbound_of(surface: str, headers: dict[bytes, bytes], request_id: str, presented: Presented) -> Inbound:
    """An inbound without a body yet: `run` fills it in."""
    return Inbound(surface, Operation.CHAT, headers, b"", request_id, presented)
