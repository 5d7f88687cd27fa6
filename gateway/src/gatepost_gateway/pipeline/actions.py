"""What an agent is about to do, brought into the form that rules know: a tool call, a tool's result, words.

So every rule that looks at tool calls or texts looks at actions as well, and a redaction finds its way back.
"""

from enum import StrEnum
from typing import Any

import msgspec

from gatepost_gateway.domain.chat import Asked

MODEL = "action"
"""What stands where a model's name would."""


class ActionStage(StrEnum):
    """Where in an agent's work it asks."""

    MODEL_REQUEST = "model_request"
    MODEL_RESPONSE = "model_response"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    MEMORY_WRITE = "memory_write"
    CONTEXT_SUMMARY = "context_summary"


_ROLES = {ActionStage.MODEL_REQUEST: "user", ActionStage.MODEL_RESPONSE: "assistant"}


def action_body(stage: ActionStage, name: str, payload: Any) -> bytes:
    """A chat request that says the same. What is written down and what is done are calls of the tool `name`."""
    text = msgspec.json.encode(payload).decode()
    message: dict[str, Any]
    if stage in _ROLES:
        message = {"role": _ROLES[stage], "content": text}
    elif stage is ActionStage.TOOL_RESULT:
        message = {"role": "tool", "tool_call_id": "action", "name": name, "content": text}
    else:
        call = {"id": "action", "type": "function", "function": {"name": name, "arguments": text}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body: dict[str, Any] = {"model": MODEL, "messages": [message]}
    if "tool_calls" in message:
        body["tools"] = [{"type": "function", "function": {"name": name}}]
    return msgspec.json.encode(body)


def payload_of(asked: Asked) -> Any:
    """The payload as rules left it. Raises ValueError when it is JSON no more."""
    (message,) = msgspec.json.decode(asked.body)["messages"]
    calls = message.get("tool_calls")
    text = calls[0]["function"]["arguments"] if calls else message["content"]
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
