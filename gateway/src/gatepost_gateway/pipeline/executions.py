"""The SDK's governed call: an input, or the results of tools, becomes a model call on a trace."""

from collections import OrderedDict
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.errors import CallerError, Code, GatewayFault
from gatepost_gateway.domain.ports import Archive, Found, Headers, Recorder, Vault
from gatepost_gateway.domain.records import Closed, Kept
from gatepost_gateway.domain.routing import AUTO, LADDER
from gatepost_gateway.domain.snapshot import ProjectEntry, Snapshot
from gatepost_gateway.pipeline.call import Inbound, Presented
from gatepost_gateway.pipeline.exchange import Exchange
from gatepost_gateway.pipeline.traces import Traces

KIND = "tool_loop"
LIFE = 24 * 3600 * 1_000_000
"""Microseconds that a pending tool loop is kept."""
MOST_BYTES = 64 * 1024 * 1024
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
    max_tokens: int | None = None
    temperature: float | None = None


class Conversation(Struct):
    """What a pending step must remember to go on."""

    model: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    by_default: bool = False
    """No model was named: it is the project's default."""


class Collected:
    """Implements `Outlet` for a caller that wants the whole answer: it keeps it."""

    def __init__(self) -> None:
        self.body = b""

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:  # noqa: ARG002
        self.body = body

    async def begin(self, headers: Headers) -> None:  # noqa: ARG002
        raise GatewayFault("an execution is not streamed")

    def push(self, batch: bytes) -> bool:  # noqa: ARG002
        raise GatewayFault("an execution is not streamed")

    async def alive(self) -> None:
        raise GatewayFault("an execution is not streamed")

    async def drain(self) -> None:
        raise GatewayFault("an execution is not streamed")

    async def end(self, batch: bytes) -> None:  # noqa: ARG002
        raise GatewayFault("an execution is not streamed")


class Executed(Struct):
    """What came of it: the record, and the answer's message."""

    record: Closed
    message: dict[str, Any]
    attempts: int
    fallback_used: bool


class Executions:
    """Runs executions and keeps their pending tool loops, encrypted, bounded in bytes and time."""

    def __init__(self, exchange: Exchange, traces: Traces, recorder: Recorder, archive: Archive, vault: Vault) -> None:
        self._exchange = exchange
        self._traces = traces
        self._recorder = recorder
        self._archive = archive
        self._vault = vault
        self._pending: OrderedDict[str, Found] = OrderedDict()
        self._bytes = 0

    async def run(self, asked: Execution, project: ProjectEntry, inbound: Inbound) -> Executed:
        """`inbound` carries the caller's headers and keys. Raises what the exchange raises, and 404 or 409."""
        require_step_id(asked.parent_step_id)
        conversation = await self._conversation(asked, project)
        state = await self._traces.enter(asked.trace_id, project.id)
        call = None
        try:
            body = {"model": conversation.model, "messages": conversation.messages, **conversation.options}
            if conversation.tools:
                body["tools"] = conversation.tools
            call = self._exchange.open(
                msgspec.structs.replace(
                    inbound,
                    operation=Operation.CHAT,
                    body=msgspec.json.encode(body),
                    trace_id=asked.trace_id,
                    metadata=state.metadata,
                    parent_step_id=asked.parent_step_id,
                    by_default=conversation.by_default,
                )
            )
            outlet = Collected()
            await self._exchange.run(call, outlet)
            message = first_message(outlet.body)
            if message.get("tool_calls"):
                await self._keep(call.record, conversation, message)
            return Executed(call.record, message, call.attempts, call.fallback_used)
        finally:
            if call is None:
                state.running -= 1
            else:
                self._traces.leave(state, *call.earlier, call.record)

    async def _conversation(self, asked: Execution, project: ProjectEntry) -> Conversation:
        if asked.tool_results is not None:
            return await self._continued(asked, project)
        if asked.input is UNSET:
            raise CallerError("`input` is missing: send it, or `tool_results` with `parent_step_id`", status=422)
        options = {name: value for name in ("max_tokens", "temperature") if (value := getattr(asked, name)) is not None}
        text = asked.input
        messages = [{"role": "user", "content": text}] if isinstance(text, str) else text
        model = asked.model or default_model(self._exchange.snapshot(), project)
        tools = asked.tools or []
        for tool in tools:
            if tool.get("type") != "function":
                raise CallerError(
                    f"a tool of type `{tool.get('type')}` is not supported: send function tools",
                    code=Code.UNSUPPORTED_OPERATION,
                    status=422,
                )
        return Conversation(model, messages, tools, options, by_default=not asked.model)

    async def _continued(self, asked: Execution, project: ProjectEntry) -> Conversation:
        if asked.parent_step_id is None or asked.input is not UNSET:
            raise CallerError("`tool_results` go with `parent_step_id` and without `input`", status=422)
        conversation = await self._load(asked.parent_step_id, asked.trace_id, project)
        calls = [call["id"] for call in conversation.messages[-1].get("tool_calls", [])]
        given = asked.tool_results or []
        results = {result.tool_call_id: result for result in given}
        missing, strange = [one for one in calls if one not in results], [one for one in results if one not in calls]
        if missing or strange or len(results) != len(given):
            raise CallerError(
                f"`tool_results` must answer each call of the step once: missing {missing}, not asked for {strange}",
                code=Code.VALIDATION_FAILED,
                status=422,
            )
        for one in calls:
            content = results[one].content
            text = content if isinstance(content, str) else msgspec.json.encode(content).decode()
            conversation.messages.append({"role": "tool", "tool_call_id": one, "content": text})
        return conversation

    async def _keep(self, record: Closed, conversation: Conversation, message: dict[str, Any]) -> None:
        """Remembers a step that waits for its tools; written down before the caller hears of it."""
        conversation.messages.append(message)
        # JSON, because a tool's schema may hold numbers that are larger than MessagePack's.
        plain = msgspec.json.encode((record.trace_id, conversation))
        box = self._vault.seal_state(KIND, record.step_id, plain)
        project = record.project or ""
        kept = Found(project, box, record.at + LIFE)
        self._recorder.append(Kept(KIND, record.step_id, project, kept.expires_at, box))
        self._pending[record.step_id] = kept
        self._bytes += len(box)
        while self._bytes > MOST_BYTES and len(self._pending) > 1:
            _, gone = self._pending.popitem(last=False)
            self._bytes -= len(gone.box)
        await self._recorder.durable()

    async def _load(self, step_id: str, trace_id: str, project: ProjectEntry) -> Conversation:
        kept = self._pending.get(step_id)
        if kept is None:
            kept = await self._archive.kept(KIND, step_id)
        if kept is not None and kept.project == project.id and kept.expires_at > self._traces.now():
            plain = self._vault.open_state(KIND, step_id, kept.box)
            of_trace, conversation = msgspec.json.decode(plain, type=tuple[str, Conversation])
            if of_trace == trace_id:
                return conversation
        raise CallerError(
            f"step `{step_id[:64]}` of this trace does not wait for tool results", code=Code.STEP_NOT_FOUND, status=404
        )


class _Choice(Struct):
    message: dict[str, Any] | None = None


class _Reply(Struct):
    choices: list[_Choice]


def default_model(snapshot: Snapshot, project: ProjectEntry) -> str:
    """What a call without a model gets: the project's default, else the complexity rule where there are tiers."""
    if project.default_model is not None:
        return project.default_model
    tiered = any(snapshot.tier(project, tier) for tier in LADDER)
    return AUTO if tiered else FALLBACK_MODEL


def first_message(body: bytes) -> dict[str, Any]:
    """The message of an answer's first choice, each tool call of it with an id; an empty one when there is none."""
    reply = msgspec.json.decode(body, type=_Reply)
    message = (reply.choices[0].message if reply.choices else None) or {}
    calls: list[dict[str, Any]] = message.get("tool_calls") or []
    for number, call in enumerate(calls):
        if not isinstance(call.get("id"), str):
            call["id"] = f"call_{number}"
    return message


def require_step_id(step_id: str | None) -> None:
    """Raises CallerError (422) for what no step can be called."""
    if step_id is not None and not ids.is_uuid(step_id):
        raise CallerError("`parent_step_id` is not a step id", code=Code.VALIDATION_FAILED, status=422)


def inbound_of(surface: str, headers: dict[bytes, bytes], request_id: str, presented: Presented) -> Inbound:
    """An inbound without a body yet: `run` fills it in."""
    return Inbound(surface, Operation.CHAT, headers, b"", request_id, presented)
