"""`POST /v1/execute`: the action gate. An agent asks before it acts; both generations of the question are answered.

The older one names a `capability`, the newer a `stage` and an `operation`. The newer one's clients take no member that
they do not know, so the rule and its reason are told to the older one's alone.
"""

import uuid
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct, field

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.errors import CallerError, Code, Refused
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.records import StepKind
from gatepost_gateway.edge.http import BodyLimits, Request, Send, respond_json
from gatepost_gateway.pipeline.actions import ActionStage, action_body, payload_of
from gatepost_gateway.pipeline.call import Inbound
from gatepost_gateway.pipeline.exchange import Exchange
from gatepost_gateway.pipeline.verdict import Judged, Verdicts

NAME = "actions"
_LONGEST_NAME = 256


class Identity(Struct):
    type: str = "agent"
    id: str = ""


class Action(Struct):
    """The body of either generation; members that are not named here are passed over, as both systems do."""

    capability: str | None = None
    stage: ActionStage | None = None
    operation: str | None = None
    payload: Any = field(default_factory=dict[str, Any])
    session_id: str | None = None
    turn: int | None = None
    agent_role: str | None = None
    agent_depth: int | None = None
    identity: Identity | None = None
    env: str | None = None

    @property
    def name(self) -> str:
        return (self.capability if self.capability is not None else self.operation) or ""


_action = msgspec.json.Decoder(Action)


class ActionSurface:
    """Judges what is to be done; nothing is sent anywhere. `who` turns a request into its principal."""

    def __init__(
        self, exchange: Exchange, verdicts: Verdicts, who: Callable[[Request], Principal], limits: BodyLimits
    ) -> None:
        self._exchange = exchange
        self._who = who
        self._verdicts = verdicts
        self._limits = limits

    async def execute(self, request: Request, send: Send) -> None:
        """POST /v1/execute"""
        self._who(request)
        action = read_action(await request.body(self._limits))
        stage = action.stage or ActionStage.TOOL_CALL
        call = self._exchange.open(
            Inbound(
                NAME,
                Operation.ACTION,
                {**request.headers, **headers_of(action)},
                action_body(stage, action.name, action.payload),
                request.request_id,
                request.presented(),
            )
        )
        call.record.tool_calls = (action.name,)
        kind = StepKind.TOOL_CALL if stage is ActionStage.TOOL_CALL else StepKind.CHECK
        judged = await self._verdicts.check(call, kind, waits=True)
        await respond_json(send, 200, answer_of(action, judged), list(call.ids))


def read_action(body: bytes) -> Action:
    """Raises CallerError: 400, or 422 naming the member at fault."""
    try:
        action = _action.decode(body)
    except msgspec.ValidationError as error:
        raise CallerError(f"the action is not valid: {error}", code=Code.VALIDATION_FAILED, status=422) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CallerError(f"the request body is not JSON: {error}", code=Code.INVALID_JSON) from None
    if action.capability is None and (action.stage is None or action.operation is None):
        raise _invalid("name a `capability`, or a `stage` and an `operation`")
    if not 0 < len(action.name) <= _LONGEST_NAME:
        raise _invalid(
            f"`{'capability' if action.capability is not None else 'operation'}` must have 1 to 256 characters"
        )
    if action.capability is None and action.session_id is not None and not ids.is_uuid(action.session_id):
        raise _invalid("`session_id` is not a UUID")
    return action


def headers_of(action: Action) -> dict[bytes, bytes]:
    """What the body says and other surfaces say in headers: the session, and what a trace is found by.

    The older generation's session ids are any text: each stands for one UUID.
    """
    said: dict[str, str | None] = {
        "env": action.env,
        "identity": action.identity.id if action.identity is not None else None,
        "stage": action.stage.value if action.stage is not None else None,
        "agent_role": action.agent_role,
    }
    found = {f"x-gatepost-property-{name}".encode(): text.encode() for name, text in said.items() if text}
    if action.session_id:
        session = action.session_id
        if not ids.is_uuid(session):
            session = str(uuid.uuid5(uuid.NAMESPACE_OID, session))
        found[b"x-gatepost-session-id"] = session.encode()
    return found


def answer_of(action: Action, judged: Judged) -> dict[str, Any]:
    """The verdict in the words of the generation that asked."""
    record, blocked = judged.call.record, judged.blocked
    if blocked is None:
        return _allowed(action, judged)
    page: dict[str, Any] = {
        "status": "blocked",
        "decision": {"outcome": "deny", "escalated": blocked.code is Code.ESCALATION_REQUIRED},
        "trace_id": record.trace_id,
        "error": "blocked by policy",
    }
    if action.capability is not None:
        page |= _told(blocked)
    return page


def _allowed(action: Action, judged: Judged) -> dict[str, Any]:
    record, asked = judged.call.record, judged.call.asked
    assert asked is not None
    page: dict[str, Any] = {"status": "success", "decision": {"outcome": "allow"}, "trace_id": record.trace_id}
    if asked.body == judged.call.inbound.body:
        return page
    try:
        return page | {"decision": {"outcome": "redact"}, "payload": payload_of(asked)}
    except ValueError:
        return {
            "status": "blocked",
            "decision": {"outcome": "deny"},
            "trace_id": record.trace_id,
            "error": "the payload cannot be redacted and stay what it is",
            **({"rule_id": "policy", "reason": "redaction"} if action.capability is not None else {}),
        }


def _told(blocked: Refused) -> dict[str, Any]:
    return {"rule_id": blocked.rule, "reason": blocked.public}


def _invalid(words: str) -> CallerError:
    return CallerError(words, code=Code.VALIDATION_FAILED, status=422)
