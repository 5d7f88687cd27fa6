"""GenerateContentResponse and the canonical form, both directions.

Source: Gemini API reference, `GenerateContentResponse`, `Candidate`, `PromptFeedback`. A prompt that was blocked has an
answer without candidates; some ends are failures of the model (`MALFORMED_FUNCTION_CALL`), not answers.
"""

from typing import Any

from gatepost_gateway.dialects import logprobs
from gatepost_gateway.dialects.framing import ModelFailed
from gatepost_gateway.dialects.gemini_generate import FAILED, camel, read_stop, read_usage, write_stop, write_usage
from gatepost_gateway.dialects.gemini_generate_parts import read_part, write_part
from gatepost_gateway.dialects.members import Malformed, as_list, as_object, as_text, as_whole, exactly, rest_of
from gatepost_gateway.dialects.notes import summary_of
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.domain import ids
from gatepost_gateway.domain.chat import Asked, Stop
from gatepost_gateway.domain.conversation import AnyPart, Choice, Losses, Reply, ToolCall
from gatepost_gateway.domain.ports import Summary

REPLY = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId", "promptFeedback"})
CANDIDATE = frozenset({"content", "finishReason", "finishMessage", "index", "logprobsResult"})
_SHOWN = 300


def read_reply(body: bytes) -> Reply:
    """Raises Malformed when it is not a generateContent answer, ModelFailed when the model gave none."""
    return _read(body, judged=True)


def _read(body: bytes, *, judged: bool) -> Reply:
    said = as_object(exactly(body), "the answer")
    if not said.keys() & {"candidates", "promptFeedback", "usageMetadata"}:
        raise Malformed("the answer has no `candidates`")
    reply_id = as_text(said.get("responseId"), "responseId")
    numbers = CallIds(reply_id)
    candidates = [as_object(one, "candidates") for one in as_list(said.get("candidates"), "candidates")]
    choices = [_read_candidate(one, numbers, judged=judged) for one in candidates] or [
        blocked(said.get("promptFeedback"))
    ]
    return Reply(
        id=reply_id or None,
        model=as_text(said.get("modelVersion"), "modelVersion") or None,
        usage=read_usage(said.get("usageMetadata")),
        choices=choices,
        extra=rest_of(said, REPLY),
    )


class CallIds:
    """Ids for calls that came without one: the same each time an answer is read, and no other answer's."""

    __slots__ = ("_count", "_reply")

    def __init__(self, reply_id: str = "") -> None:
        self._reply = reply_id
        self._count = 0

    def of(self, reply_id: str) -> "CallIds":
        """Takes the id of the answer, once it is known."""
        self._reply = self._reply or reply_id
        return self

    def next(self) -> str:
        self._count += 1
        self._reply = self._reply or ids.new()
        return f"call_{self._reply}_{self._count}"


def _read_candidate(said: dict[str, Any], numbers: CallIds, *, judged: bool) -> Choice:
    parts = read_parts(said, numbers)
    word = as_text(said.get("finishReason"), "candidates.finishReason") or None
    if judged:
        check_end(word, said, spoke=bool(parts))
    called = any(isinstance(part, ToolCall) for part in parts)
    extra = rest_of(said, CANDIDATE) or {}
    odds = logprobs.read_result(said.get("logprobsResult"))
    return Choice(parts=parts, stop=read_stop(word, called=called), word=word, logprobs=odds, extra=extra or None)


def read_parts(candidate: dict[str, Any], numbers: CallIds) -> list[AnyPart]:
    """The parts of a candidate, as far as they have come."""
    content = as_object(candidate.get("content") or {}, "candidates.content")
    found: list[AnyPart] = []
    for one in as_list(content.get("parts"), "candidates.content.parts"):
        said = camel(as_object(one, "candidates.content.parts"))
        call: Any = said.get("functionCall")
        nameless = isinstance(call, dict) and not as_object(call, "functionCall").get("id")
        found.append(read_part(said, numbers.next() if nameless else ""))
    return found


def check_end(word: str | None, candidate: dict[str, Any], *, spoke: bool) -> None:
    """Raises ModelFailed for an end that is a failure, where nothing was said before it."""
    if word in FAILED and not spoke:
        why = as_text(candidate.get("finishMessage"), "candidates.finishMessage")[:_SHOWN]
        raise ModelFailed(f"the model ended with {word}" + (f": {why}" if why else ""))


def blocked(feedback: Any) -> Choice:
    """The choice that stands for a prompt that was blocked, or for an answer that says nothing at all."""
    said = as_object(feedback or {}, "promptFeedback")
    word = as_text(said.get("blockReason"), "promptFeedback.blockReason") or None
    return Choice(parts=[], stop=Stop.CONTENT_FILTER if word else None, word=word)


def index_of(candidate: dict[str, Any]) -> int:
    return as_whole(candidate.get("index"), "candidates.index") or 0


def summarise(body: bytes) -> Summary:
    """What a whole answer says of itself; an end that is a failure is for the caller to read."""
    return summary_of(_read(body, judged=False))


def write_reply(reply: Reply, asked: Asked, losses: Losses) -> bytes:
    """An answer of this format from what a provider said in another one."""
    losses.add(*(reply.extra or ()))
    if reply.fingerprint is not None:
        losses.add("system_fingerprint")
    said: dict[str, Any] = {
        "candidates": [_write_candidate(choice, number, losses) for number, choice in enumerate(reply.choices)],
        "modelVersion": reply.model or asked.model,
    }
    if reply.usage is not None:
        said["usageMetadata"] = write_usage(reply.usage)
    if reply.id is not None:
        said["responseId"] = reply.id
    return encode(said)


def _write_candidate(choice: Choice, index: int, losses: Losses) -> dict[str, Any]:
    losses.add(*(choice.extra or ()))
    if choice.sequence is not None:
        losses.add("stop_sequence")
    names: dict[str, str] = {}
    parts = [said for part in choice.parts if (said := write_part(part, losses, names)) is not None]
    told = {"logprobsResult": logprobs.write_result(choice.logprobs)} if choice.logprobs is not None else {}
    content = {"parts": parts, "role": "model"}
    return {"content": content, "finishReason": write_stop(choice.stop), "index": index, **told}
