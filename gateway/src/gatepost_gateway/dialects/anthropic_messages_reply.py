"""Messages and the canonical form, both directions.

Source: Anthropic's API reference, "Create a Message" (the answer, `stop_reason`, `usage`: its three input counts do not
overlap) and its guide "Handling stop reasons".
"""

from typing import Any

from gatepost_gateway.dialects.anthropic_messages_parts import read_blocks, write_answer_blocks
from gatepost_gateway.dialects.members import Malformed, as_object, as_text, as_whole, encode, exactly, rest_of
from gatepost_gateway.domain.chat import Asked, Stop
from gatepost_gateway.domain.conversation import Choice, Losses, Refusal, Reply
from gatepost_gateway.domain.usage import NOTHING, Usage

_STOPS = {
    "end_turn": Stop.STOP,
    "stop_sequence": Stop.STOP,
    "pause_turn": Stop.STOP,
    "max_tokens": Stop.LENGTH,
    "model_context_window_exceeded": Stop.LENGTH,
    "tool_use": Stop.TOOL_CALLS,
    "refusal": Stop.CONTENT_FILTER,
}
_WORDS = {
    Stop.STOP: "end_turn",
    Stop.LENGTH: "max_tokens",
    Stop.TOOL_CALLS: "tool_use",
    Stop.CONTENT_FILTER: "refusal",
}
_MESSAGE = frozenset({"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"})
_MOST = 2**40
_COUNTED = ("server_tool_use",)
"""What `usage` counts beside tokens."""


def read_stop(word: str | None) -> Stop | None:
    return None if word is None else _STOPS.get(word, Stop.STOP)


def read_usage(said: dict[str, Any], before: Usage | None = None) -> Usage:
    """`usage` in disjoint buckets. In a stream the last one counts; what it leaves out was said `before`."""
    start = before or NOTHING
    cached, written = said.get("cache_read_input_tokens"), said.get("cache_creation_input_tokens")
    output = _count(said.get("output_tokens"), start.output)
    details = said.get("output_tokens_details")
    thought = as_object(details, "usage.output_tokens_details").get("thinking_tokens") if details else None
    return Usage(
        input=_count(said.get("input_tokens"), start.input),
        output=output,
        cache_read=_count(cached, start.cache_read),
        cache_write=_count(written, start.cache_write),
        reasoning=min(_count(thought, start.reasoning), output),
    )


def _count(value: Any, otherwise: int) -> int:
    count = as_whole(value, "usage")
    if count is not None and not 0 <= count <= _MOST:
        raise Malformed("a count of `usage` is not one")
    return otherwise if count is None else count


def lost_of_usage(said: dict[str, Any]) -> list[str]:
    """What was counted and has no bucket."""
    return [f"usage.{name}" for name in _COUNTED if any(as_object(said.get(name) or {}, name).values())]


def read_reply(body: bytes) -> Reply:
    """Raises Malformed when it is not a message."""
    said = as_object(exactly(body), "the answer")
    if "content" not in said:
        raise Malformed("the answer has no `content`")
    usage = as_object(said.get("usage") or {}, "usage")
    word = as_text(said.get("stop_reason"), "stop_reason") or None
    choice = Choice(
        parts=read_blocks(said["content"], "content"),
        stop=read_stop(word),
        word=word,
        sequence=as_text(said.get("stop_sequence"), "stop_sequence") or None,
    )
    extra = {**(rest_of(said, _MESSAGE) or {}), **dict.fromkeys(lost_of_usage(usage), 1)}
    return Reply(
        id=as_text(said.get("id"), "id") or None,
        model=as_text(said.get("model"), "model") or None,
        usage=read_usage(usage) if usage else None,
        choices=[choice],
        extra=extra or None,
    )


def write_reply(reply: Reply, asked: Asked, losses: Losses) -> bytes:
    """A message from what a provider said in another format."""
    losses.add(*(reply.extra or ()))
    if len(reply.choices) > 1:
        losses.add("choices")
    choice = reply.choices[0] if reply.choices else Choice(parts=[])
    losses.add(*(choice.extra or ()), *(("logprobs",) if choice.logprobs is not None else ()))
    refused = any(isinstance(part, Refusal) for part in choice.parts)
    said = head(reply.id, reply.model or asked.model, reply.usage)
    said |= write_stop(Stop.CONTENT_FILTER if refused else choice.stop, choice.word, choice.sequence)
    said["content"] = write_answer_blocks(choice.parts, losses)
    return encode(said)


def head(id: str | None, model: str, usage: Usage | None) -> dict[str, Any]:
    """A message that has said nothing yet."""
    return {
        "id": id or "",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": write_usage(usage or NOTHING),
    }


def write_stop(stop: Stop | None, word: str | None, sequence: str | None) -> dict[str, Any]:
    """`stop_reason`: the format's own word, where it is one."""
    said = word if word in _STOPS and _STOPS[word] is stop else _WORDS[stop] if stop is not None else None
    return {"stop_reason": "stop_sequence" if sequence is not None else said, "stop_sequence": sequence}


def write_usage(usage: Usage) -> dict[str, Any]:
    said: dict[str, Any] = {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }
    if usage.reasoning:
        said["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return said
