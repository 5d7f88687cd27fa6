"""What was said so far, format by format, reduced to what comes back with the next turn: the ground of a fingerprint.

A client sends a conversation back in its own way: text as a string or as a list of one part, arguments of tools with
other spaces, reasoning left out, cache marks moved. None of that makes another conversation. So a turn is its role, its
text without the white space around it, and the rest of what was said; of an assistant's turn only its tool
calls count, or where it made none its text, and turns of an assistant that follow each other are one.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.domain.chat import Asked, DialectName

ASSISTANT = "assistant"
LARGEST = 8 * 1024 * 1024
"""Bytes of a request or an answer of which a fingerprint is made."""
_LONG = 4096
_SHOWN = 1024
_PASSING = frozenset({"cache_control", "tool_use_id", "tool_call_id", "call_id", "id"})
"""Members that a client may change from turn to turn, or make up itself."""
_TEXTS = frozenset({None, "text", "input_text", "output_text"})
_encode = msgspec.json.Encoder(order="sorted").encode
Json = dict[str, Any]


class Turn(Struct, array_like=True):
    """`rest`: what else than text was said: pictures, tool calls, results."""

    role: str
    text: str
    rest: list[Any]


class Transcript:
    """The turns of a request, hashed as far as they can be before the answer is known.

    `ends` are the SHA-256 of everything up to and including the last assistant turn, the latest first: two where the
    last turn is an assistant's, which may be a beginning that the caller wrote for the answer; none without one.
    """

    __slots__ = ("_begun", "_state", "ends")

    def __init__(self, turns: list[Turn]) -> None:
        turns = _merged(turns)
        self._begun = turns.pop() if turns and turns[-1].role == ASSISTANT else None
        last = max((number for number, turn in enumerate(turns) if turn.role == ASSISTANT), default=-1)
        state = hashlib.sha256(b"".join(map(_encode, turns[: last + 1])))
        self.ends = [state.digest()] if last >= 0 else []
        state.update(b"".join(map(_encode, turns[last + 1 :])))
        self._state = state
        if self._begun is not None:
            self.ends.insert(0, self._after(Turn(ASSISTANT, "", [])))

    def after(self, reply: Turn) -> bytes | None:
        """The SHA-256 of the request and an answer to it: what the next request ends with before its new turns.

        None for one that is nested too deeply to be written again.
        """
        try:
            return self._after(reply)
        except RecursionError:
            return None

    def _after(self, reply: Turn) -> bytes:
        state = self._state.copy()
        state.update(_encode(_merged([self._begun, reply])[0] if self._begun is not None else reply))
        return state.digest()


def transcript(asked: Asked) -> Transcript | None:
    """None where the format has no turns, or the request is not made as the format says."""
    read = _REQUESTS.get(asked.dialect)
    if read is None or len(asked.body) > LARGEST:
        return None
    try:
        return Transcript(read(asked.fields))
    except (AttributeError, TypeError, ValueError, LookupError, RecursionError):
        # What is not of the format is the provider's to refuse: it is only not found again.
        return None


def reply_turns(dialect: DialectName, body: bytes) -> list[Turn]:
    """The turns that a whole answer offers, one a choice; empty where there is nothing to go on from."""
    read = _REPLIES.get(dialect)
    if read is None or len(body) > LARGEST:
        return []
    try:
        turns = read(msgspec.json.decode(body))
    except (AttributeError, TypeError, ValueError, LookupError, RecursionError):
        return []
    return [turn for turn in turns if turn.text or turn.rest]


def spoken(texts: Iterable[str], calls: Iterable[tuple[str, Any]]) -> Turn:
    """An assistant's turn. Arguments are JSON, as text or decoded.

    Calls stand for the whole turn: there are clients that send them back without the words beside them.
    """
    rest = [[name, _arguments(said)] for name, said in calls]
    return Turn(ASSISTANT, "" if rest else "".join(texts).strip(), rest)


def _merged(turns: list[Turn]) -> list[Turn]:
    merged: list[Turn] = []
    for turn in turns:
        if turn.role == ASSISTANT and merged and merged[-1].role == ASSISTANT:
            before = merged[-1]
            rest = before.rest + turn.rest
            merged[-1] = Turn(ASSISTANT, "" if rest else before.text + turn.text, rest)
        else:
            merged.append(turn)
    return merged


def _arguments(said: Any) -> Any:
    if not isinstance(said, str):
        return said
    try:
        return msgspec.json.decode(said or "{}")
    except (msgspec.DecodeError, RecursionError):
        return said


def _cleaned(value: Any) -> Any:
    """Without what changes from turn to turn; media by its length and its ends."""
    if isinstance(value, str):
        return value if len(value) <= _LONG else [len(value), value[:_SHOWN], value[-_SHOWN:]]
    if isinstance(value, dict):
        members = cast("Json", value)
        return {name: _cleaned(item) for name, item in members.items() if name not in _PASSING and item is not None}
    if isinstance(value, list):
        return [_cleaned(item) for item in cast("list[Any]", value)]
    return value


def _turn(role: str, content: Any) -> Turn:
    """Text, or a list of parts, or nothing."""
    if isinstance(content, str):
        return Turn(role, content.strip(), [])
    texts: list[str] = []
    rest: list[Any] = []
    for part in content or ():
        if isinstance(part, str):
            texts.append(part)
        elif part.get("type") in _TEXTS and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif part.get("type") == "tool_result":
            rest.append(_result(part))
        else:
            rest.append(_cleaned(part))
    return Turn(role, "".join(texts).strip(), rest)


def _result(part: Json) -> list[Any]:
    """A tool's result in a message of its caller: a string, or a list of one text."""
    inner = _turn("", part.get("content"))
    return ["result", inner.text, inner.rest]


def _openai(fields: Mapping[str, Raw]) -> list[Turn]:
    return [_openai_turn(message) for message in msgspec.json.decode(fields["messages"])]


def _openai_turn(message: Json) -> Turn:
    role: str = message.get("role", ASSISTANT)
    said = _turn(role, message.get("content"))
    if role != ASSISTANT:
        return said
    calls: list[Json] = [one.get("function") or one.get("custom") or {} for one in message.get("tool_calls") or ()]
    if message.get("function_call"):
        calls.append(message["function_call"])
    return spoken([said.text], [(one.get("name", ""), one.get("arguments", one.get("input"))) for one in calls])


def _openai_reply(reply: Json) -> list[Turn]:
    return [_openai_turn({**choice["message"], "role": ASSISTANT}) for choice in reply.get("choices") or ()]


def _anthropic(fields: Mapping[str, Raw]) -> list[Turn]:
    turns = [_turn("system", msgspec.json.decode(fields["system"]))] if "system" in fields else []
    for message in msgspec.json.decode(fields["messages"]):
        role = message["role"]
        turns.append(_anthropic_turn(message) if role == ASSISTANT else _turn(role, message.get("content")))
    return turns


def _anthropic_turn(message: Json) -> Turn:
    content = message.get("content")
    if isinstance(content, str):
        return spoken([content], [])
    blocks: list[Json] = content or []
    texts = [block["text"] for block in blocks if block.get("type") == "text"]
    return spoken(texts, [(block["name"], block.get("input")) for block in blocks if block.get("type") == "tool_use"])


def _gemini(fields: Mapping[str, Raw]) -> list[Turn]:
    system = [fields[name] for name in ("systemInstruction", "system_instruction") if name in fields]
    turns = [_gemini_turn({**msgspec.json.decode(said), "role": "system"}) for said in system]
    contents: list[Json] = msgspec.json.decode(fields["contents"])
    return turns + [_gemini_turn(one) for one in contents]


def _gemini_turn(content: Json) -> Turn:
    role = content.get("role") or "user"
    parts = [part for part in content.get("parts") or () if not part.get("thought")]
    if role == "model":
        calls = [one for part in parts if (one := part.get("functionCall") or part.get("function_call"))]
        texts = [part["text"] for part in parts if "text" in part]
        return spoken(texts, [(one["name"], one.get("args") or {}) for one in calls])
    return _turn(role, parts)


def _gemini_reply(reply: Json) -> list[Turn]:
    found = [one["content"] for one in reply.get("candidates") or () if one.get("content")]
    return [_gemini_turn({**content, "role": "model"}) for content in found]


def _responses(fields: Mapping[str, Raw]) -> list[Turn]:
    said = msgspec.json.decode(fields["instructions"]) if "instructions" in fields else None
    turns = [_turn("system", said)] if said else []
    items = msgspec.json.decode(fields["input"])
    if isinstance(items, str):
        return [*turns, _turn("user", items)]
    return turns + [turn for item in items if (turn := _item_turn(item)) is not None]


def _item_turn(item: Json) -> Turn | None:
    """An item of a Responses input; what a provider adds of its own is no turn."""
    match item.get("type", "message"):
        case "message":
            said = _turn(item["role"], item.get("content"))
            return spoken([said.text], []) if said.role == ASSISTANT else said
        case "function_call":
            return spoken([], [(item["name"], item.get("arguments"))])
        case "function_call_output":
            inner = _turn("", item.get("output"))
            return Turn("tool", inner.text, inner.rest)
        case _:
            return None


def output_turn(items: list[Json]) -> Turn:
    """The output of a response as one turn."""
    turns = [turn for item in items if (turn := _item_turn(item)) is not None]
    return _merged(turns)[0] if turns else Turn(ASSISTANT, "", [])


_REQUESTS: Mapping[DialectName, Callable[[Mapping[str, Raw]], list[Turn]]] = {
    DialectName.OPENAI_CHAT: _openai,
    DialectName.ANTHROPIC_MESSAGES: _anthropic,
    DialectName.GEMINI_GENERATE: _gemini,
    DialectName.OPENAI_RESPONSES: _responses,
}
_REPLIES: Mapping[DialectName, Callable[[Json], list[Turn]]] = {
    DialectName.OPENAI_CHAT: _openai_reply,
    DialectName.ANTHROPIC_MESSAGES: lambda reply: [_anthropic_turn(reply)],
    DialectName.GEMINI_GENERATE: _gemini_reply,
    DialectName.OPENAI_RESPONSES: lambda reply: [output_turn(reply["output"])],
}
