"""Whole responses: read into the canonical form, and the object that a translated answer is.

Source: OpenAI's API reference, "The response object".
"""

from typing import Any, cast

import msgspec
from msgspec import Raw

from gatepost_gateway.dialects.framing import SHOWN, ModelFailed
from gatepost_gateway.dialects.logprobs import read_tokens
from gatepost_gateway.dialects.members import Malformed, as_list, as_object, as_text, decoded
from gatepost_gateway.dialects.notes import summary_of
from gatepost_gateway.dialects.openai_responses import MOST_KEPT, WireUsage, read_usage
from gatepost_gateway.dialects.openai_responses_items import HOME, Thought, read_call, read_content, read_picture
from gatepost_gateway.domain.chat import Asked, Stop
from gatepost_gateway.domain.conversation import AnyPart, Choice, Opaque, Reply, Text, ToolCall
from gatepost_gateway.domain.ports import Summary
from gatepost_gateway.domain.usage import Usage

_UNFINISHED = frozenset({"failed", "cancelled", "queued", "in_progress"})
_STOPS = {"max_output_tokens": Stop.LENGTH, "max_tokens": Stop.LENGTH, "content_filter": Stop.CONTENT_FILTER}
_DEFAULTS: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "truncation": "disabled",
    "user": None,
}
"""What an answer repeats of its request, and says where the request did not."""


def read_reply(body: bytes) -> Reply:
    """Raises Malformed when it is not a response, ModelFailed when it is one that failed."""
    said = as_object(decoded(body), "the answer")
    if said.get("output") is None:
        raise Malformed("the answer has no `output`")
    if str(said.get("status")) in _UNFINISHED:
        raise ModelFailed(failure(said))
    parts = read_output(as_list(said["output"], "output"))
    word = read_word(said)
    return Reply(
        id=as_text(said.get("id"), "id") or None,
        model=as_text(said.get("model"), "model") or None,
        usage=_usage(said.get("usage")),
        choices=[Choice(parts=parts, stop=read_stop(word, parts), word=word, logprobs=_read_odds(said["output"]))],
    )


def _read_odds(items: list[Any]) -> list[dict[str, Any]] | None:
    """How likely the tokens of all texts were, in order."""
    told: list[dict[str, Any]] = []
    for item in (as_object(one, "output") for one in items):
        content = item.get("content") if item.get("type") == "message" else None
        for one in as_list(content if not isinstance(content, str) else None, "output.content"):
            told += read_tokens(as_object(one, "output.content").get("logprobs")) or ()
    return told or None


def failure(said: dict[str, Any]) -> str:
    """The words of a response that did not come to its end."""
    error: Any = said.get("error")
    words = cast("dict[str, Any]", error).get("message") if isinstance(error, dict) else None
    return f"the response is {said.get('status')}: {str(words or 'no reason was given')[:SHOWN]}"


def read_word(said: dict[str, Any]) -> str:
    """Why it ended, in the format's own word: `completed`, or the reason of an incomplete one."""
    details = as_object(said.get("incomplete_details") or {}, "incomplete_details")
    word = as_text(details.get("reason"), "incomplete_details.reason") or as_text(said.get("status"), "status")
    return word or "completed"


def read_stop(word: str, parts: list[AnyPart]) -> Stop:
    """`parts`: what was said; an answer that calls tools ended for that."""
    if word != "completed":
        return _STOPS.get(word, Stop.LENGTH)
    return Stop.TOOL_CALLS if any(isinstance(part, ToolCall) for part in parts) else Stop.STOP


def _usage(said: Any) -> Usage | None:
    try:
        return read_usage(msgspec.convert(said, WireUsage | None))
    except msgspec.ValidationError as error:
        raise Malformed(f"`usage`: {error}") from None


def read_output(items: list[Any]) -> list[AnyPart]:
    """The items of an answer. Raises Malformed."""
    parts: list[AnyPart] = []
    seal: Thought | None = None
    for one in items:
        said = as_object(one, "output")
        match said.get("type"):
            case "message":
                parts += _joined(read_content(said.get("content"), "output.content"))
            case "reasoning":
                thought = Thought(said)
                seal = thought if thought.call_seal is not None else None
                parts += thought.parts
            case "function_call":
                call = read_call(said)
                if seal is not None:
                    call.signature, call.sealed_by, seal = seal.call_seal, seal.owner, None
                parts.append(call)
            case "image_generation_call" if said.get("result"):
                parts.append(read_picture(said))
            case kind:
                parts.append(Opaque(dialect=HOME, kind=str(kind), value=said))
    return parts


def _joined(parts: list[AnyPart]) -> list[AnyPart]:
    """Texts of one message in a row are one text, as they are in a stream."""
    out: list[AnyPart] = []
    for part in parts:
        before = out[-1] if out else None
        if isinstance(part, Text) and isinstance(before, Text):
            before.text += part.text
            before.extra = {**(before.extra or {}), **(part.extra or {})} or None
        else:
            out.append(part)
    return out


def summarise(body: bytes) -> Summary:
    """What a whole answer says of itself. Raises ValueError when it is not a response, or one that failed."""
    return summary_of(read_reply(body))


def response_object(asked: Asked, model: str | None) -> dict[str, Any]:
    """A translated response at its beginning: under the call's own name, with what it repeats of the request."""
    repeated = {name: asked.fields.get(name, default) for name, default in _DEFAULTS.items()}
    return {
        "id": f"resp_{asked.name}",
        "object": "response",
        "created_at": asked.at,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": model or asked.model,
        "output": [],
        "previous_response_id": asked.previous,
        "store": asked.store and len(asked.body) <= MOST_KEPT,
        "usage": None,
        **{name: _said(value, _DEFAULTS[name]) for name, value in repeated.items()},
    }


def _said(value: Any, default: Any) -> Any:
    """A member as the caller wrote it; null counts as not said."""
    return default if isinstance(value, Raw) and bytes(value) == b"null" else value
