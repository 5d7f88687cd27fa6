"""What a tool server is asked and what it answers, each judged and written down as a step of its own.

The request gate judges both, under the server's own name of the tool; what it redacts is not sent, and not shown to the
model. A call is written before it goes out: no record, no call.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects.tool_uses import LONGEST
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.errors import CallerError, Code, GatewayError, GatewayFault, Refused, ToolServerError
from gatepost_gateway.domain.governance import Decision, Effect, Mode, Phase
from gatepost_gateway.domain.mcp import RemoteResult
from gatepost_gateway.domain.ports import Vault
from gatepost_gateway.domain.records import TOOLS, Closed, Outcome, StepKind, ToolPart, ToolUse
from gatepost_gateway.pipeline.bind import bind_step
from gatepost_gateway.pipeline.call import Call, Inbound
from gatepost_gateway.pipeline.decode import decode
from gatepost_gateway.pipeline.exchange import Exchange, Stages
from gatepost_gateway.pipeline.govern import govern
from gatepost_gateway.pipeline.identify import identify
from gatepost_gateway.pipeline.judge import judge, note_unjudged

_JUDGED_AS = "call"
"""The id of a call in what rules see: a model makes up new ones, and an approval must fit the same call again."""
_LONGEST_NAME = 200
Session = tuple[str | None, int | None]
"""A session's id, and the turn in it."""


class Use(Struct, frozen=True):
    """One call of one tool. `tool` is the server's name of it, `arguments` what the model wrote.

    `approved`: the caller's word, where it was asked for.
    """

    server: str
    tool: str
    call_id: str
    arguments: str
    approved: bool | None = None


class Ready(Struct, frozen=True):
    """A call that may go out. `step_id` records it, `started` is the clock when it left."""

    arguments: dict[str, Any]
    step_id: str
    started: float


class ToolSteps:
    """`closed` collects the records of one execution's steps."""

    def __init__(self, exchange: Exchange, stages: Stages, vault: Vault) -> None:
        self._exchange = exchange
        self._stages = stages
        self._vault = vault

    async def asked(self, inbound: Inbound, session: Session, use: Use, closed: list[Closed]) -> Ready:
        """Raises Refused when policy says no, CallerError when the arguments are not what a tool can be called with."""
        call = self._open(inbound, StepKind.TOOL_CALL, use, _call_body(use))
        async with self._judged(call, session, closed):
            arguments = _arguments(call)
            if use.approved:
                _decide(call, Effect.ALLOW, "approved by the caller")
            self._note(call, use, ToolPart.CALL, msgspec.json.encode(arguments).decode())
        return Ready(arguments, call.record.step_id, self._stages.clock.monotonic())

    async def answered(
        self, inbound: Inbound, session: Session, use: Use, answer: tuple[Ready, RemoteResult], closed: list[Closed]
    ) -> str:
        """What the model may see of a result. Raises Refused when policy says no."""
        ready, result = answer
        call = self._open(inbound, StepKind.TOOL_RESULT, use, _result_body(use, result.text))
        call.started = ready.started
        async with self._judged(call, session, closed):
            text = _content(call)
            self._note(call, use, ToolPart.RESULT, text, failed=result.failed)
        return text

    async def failed(
        self, inbound: Inbound, session: Session, use: Use, failure: tuple[Ready, ToolServerError], closed: list[Closed]
    ) -> None:
        """The server broke off: that is the result."""
        ready, error = failure
        call = self._unanswered(inbound, session, use, ready)
        self._stages.journal.close(call, Outcome.FAILED, error.status, error)
        closed.append(call.record)
        await self._stages.journal.durable()

    def left(self, inbound: Inbound, session: Session, use: Use, ready: Ready, closed: list[Closed]) -> None:
        """The caller left while the server was asked. Nothing here waits, so nothing can interrupt it."""
        call = self._unanswered(inbound, session, use, ready)
        self._stages.journal.close(call, Outcome.ABANDONED, 499)
        closed.append(call.record)

    async def denied(self, inbound: Inbound, session: Session, use: Use, closed: list[Closed]) -> None:
        """The caller did not approve the call: that is written down, and nobody is asked."""
        call = self._open(inbound, StepKind.TOOL_CALL, use, _call_body(use))
        self._bind(call, session)
        _decide(call, Effect.BLOCK, "denied by the caller")
        self._note(call, use, ToolPart.CALL, use.arguments)
        error = CallerError("the caller did not approve this call", code=Code.APPROVAL_DENIED, status=403)
        self._stages.journal.close(call, Outcome.REFUSED, error.status, error)
        closed.append(call.record)
        await self._stages.journal.durable()

    @asynccontextmanager
    async def _judged(self, call: Call, session: Session, closed: list[Closed]) -> AsyncGenerator[None]:
        """Lets its block run when policy lets the call through; whatever happens is written down."""
        journal = self._stages.journal
        try:
            self._bind(call, session)
            await self._judge(call)
            yield
            note_unjudged(call, "no model was called")
            journal.close(call, Outcome.ANSWERED, 200)
        except GatewayError as error:
            self._refuse(call, error)
            await journal.durable()
            raise
        except asyncio.CancelledError:
            journal.close(call, Outcome.ABANDONED, 499)
            raise
        except Exception:
            fault = GatewayFault("the gateway failed: give the request id to whoever runs it")
            journal.close(call, Outcome.FAILED, fault.status, fault)
            raise
        finally:
            closed.append(call.record)
        await journal.durable()

    def _unanswered(self, inbound: Inbound, session: Session, use: Use, ready: Ready) -> Call:
        call = self._open(inbound, StepKind.TOOL_RESULT, use, _result_body(use, ""))
        call.started = ready.started
        self._bind(call, session)
        self._note(call, use, ToolPart.RESULT, "", failed=True)
        return call

    def _open(self, inbound: Inbound, kind: StepKind, use: Use, body: bytes) -> Call:
        call = self._exchange.open(msgspec.structs.replace(inbound, operation=Operation.ACTION, body=body))
        call.record.kind = kind
        call.record.tool_calls = (use.tool[:_LONGEST_NAME],)
        return call

    def _bind(self, call: Call, session: Session) -> None:
        principal = identify(call.snapshot, call.inbound.presented, call.record.at, self._stages.salt)
        call.principal = principal
        bind_step(call, principal, session)
        call.asked = call.received = decode(call.inbound)
        call.record.model_asked = call.asked.model

    async def _judge(self, call: Call) -> None:
        stages = self._stages
        stages.escalations.admit(call)
        await judge(stages.engines, call, stages.reviewers)
        await govern(call, stages.evaluator)
        await stages.escalations.use(call)

    def _refuse(self, call: Call, error: GatewayError) -> None:
        if isinstance(error, Refused):
            error.step_id = call.record.step_id
            self._stages.escalations.hold(call, error)
        self._stages.escalations.give_back(call)
        outcome = Outcome.BLOCKED if isinstance(error, Refused) else Outcome.REFUSED
        note_unjudged(call, "the tool was not called")
        self._stages.journal.close(call, outcome, error.status, error)

    def _note(self, call: Call, use: Use, part: ToolPart, text: str, *, failed: bool = False) -> None:
        """Seals what was said, where the project keeps bodies or the proxy the uses of tools; else that it was said."""
        project, proxy = call.project, call.proxy
        keeps = bool(project and project.body_bytes) or bool(proxy and proxy.record_tool_arguments)
        said = text[:LONGEST] if keeps else ""
        noted = ToolUse(part, use.call_id[:_LONGEST_NAME], use.tool[:_LONGEST_NAME], said, said == text, failed)
        record = call.record
        record.tools = self._vault.seal_state(TOOLS, record.step_id, msgspec.msgpack.encode([noted]))


def _decide(call: Call, effect: Effect, reason: str) -> None:
    """The caller's word stands in the record beside those of the rules."""
    call.record.decisions += (
        Decision("require_approval", "approval", Phase.REQUEST.value, Mode.ENFORCE, effect, reason=reason),
    )


def _model(use: Use) -> str:
    """What stands where a model's name would."""
    return f"mcp:{use.server}"


def _call_body(use: Use) -> bytes:
    function = {"name": use.tool, "arguments": use.arguments}
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": _JUDGED_AS, "type": "function", "function": function}],
    }
    tools = [{"type": "function", "function": {"name": use.tool}}]
    return msgspec.json.encode({"model": _model(use), "messages": [message], "tools": tools})


def _result_body(use: Use, text: str) -> bytes:
    message = {"role": "tool", "tool_call_id": _JUDGED_AS, "name": use.tool, "content": text}
    return msgspec.json.encode({"model": _model(use), "messages": [message]})


def _message(call: Call) -> dict[str, Any]:
    """The message as rules left it."""
    assert call.asked is not None
    (message,) = msgspec.json.decode(call.asked.body)["messages"]
    return message


def _arguments(call: Call) -> dict[str, Any]:
    """Raises CallerError when they are not, or no more, a JSON object."""
    text = _message(call)["tool_calls"][0]["function"]["arguments"]
    try:
        said = msgspec.json.decode(text or "{}")
    except (msgspec.DecodeError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise CallerError("the arguments are not a JSON object", code=Code.TOOL_CALL_INVALID, status=422)
    return cast("dict[str, Any]", said)


def _content(call: Call) -> str:
    return _message(call)["content"]
