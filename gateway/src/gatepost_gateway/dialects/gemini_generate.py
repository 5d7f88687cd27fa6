"""The Gemini format: `generateContent` and `streamGenerateContent`, as far as both directions share it.

Source: Google's Gemini API reference, "Generating content" (`GenerateContentRequest`, `GenerateContentResponse`,
`UsageMetadata`, `FinishReason`). The API reads JSON as protocol buffers do (ProtoJSON): each member also under its name
with underscores. The model and whether to stream stand in the path; the surface adds them.
"""

import re
from typing import Any

import msgspec
from msgspec import Raw

from gatepost_gateway.dialects.envelope import check_members, check_tokens, read_envelope
from gatepost_gateway.dialects.members import Malformed, as_list, as_object, as_whole, decoded, exactly
from gatepost_gateway.dialects.openai_chat import MAX_CHOICES, encode
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, DialectName, Operation, Stop
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.usage import Usage

_UNDERSCORE = re.compile(r"_([a-z])")
_MOST_USED = 2**40
_envelope = msgspec.json.Decoder(dict[str, Raw])
_GOVERNED = frozenset({"contents", "generationConfig", "generation_config"})
_FILTERED = frozenset(
    {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"}
    | {"IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"}
)
FAILED = frozenset(
    {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"}
    | {"MALFORMED_RESPONSE", "NO_IMAGE", "OTHER"}
)
"""Ends that are failures of the model: an answer without content that ends so is not an answer."""


def camel(said: dict[str, Any]) -> dict[str, Any]:
    """The members under their JSON names. Raises Malformed when one is there under both names."""
    if not any("_" in name for name in said):
        return said
    named = {_UNDERSCORE.sub(lambda found: found[1].upper(), name): value for name, value in said.items()}
    if len(named) != len(said):
        raise Malformed("a member of the request is there twice, with underscores and without")
    return named


def read_asked(body: bytes) -> Asked:
    """A request's envelope, still without its model. Raises CallerError (400) naming the member at fault."""
    _, fields = read_envelope(body, _envelope, "generateContent")
    if fields:
        check_members(body, fields, _GOVERNED)
    try:
        said = camel(dict(fields))
        contents = as_list(exactly(said.get("contents", b"0")), "contents")
        config = camel(as_object(decoded(said["generationConfig"]) or {}, "generationConfig")) if _says(said) else {}
        cap = as_whole(config.get("maxOutputTokens"), "generationConfig.maxOutputTokens")
        choices = as_whole(config.get("candidateCount"), "generationConfig.candidateCount")
        media = sum(_media(one) for one in contents)
    except Malformed as error:
        raise CallerError(f"the request body is not a generateContent request: {error}") from None
    if choices is not None and not 1 <= choices <= MAX_CHOICES:
        raise CallerError(f"`generationConfig.candidateCount` must be from 1 to {MAX_CHOICES}")
    check_tokens("generationConfig.maxOutputTokens", cap)
    return Asked(
        operation=Operation.CHAT,
        dialect=DialectName.GEMINI_GENERATE,
        model="",
        stream=False,
        body=body,
        fields=fields,
        max_output=cap,
        choices=choices or 1,
        wants_usage=True,
        media=media + ("cachedContent" in said),
    )


def _says(said: dict[str, Any]) -> bool:
    return "generationConfig" in said


def _media(content: Any) -> int:
    """How many parts cost tokens that their bytes do not bound."""
    parts = parts_of(camel(as_object(content, "contents")), "contents")
    return sum(any(name.replace("_", "").casefold() in ("inlinedata", "filedata") for name in part) for part in parts)


def parts_of(content: dict[str, Any], where: str) -> list[dict[str, Any]]:
    """The parts of a content; one alone stands for a list of one, and some clients rely on it. Raises Malformed."""
    parts: Any = content.get("parts")
    listed = as_list([parts] if isinstance(parts, dict) else parts, f"{where}.parts")
    return [as_object(one, f"{where}.parts") for one in listed]


def pass_request(asked: Asked, shape: Shape) -> bytes:
    """The caller's own bytes; with a cap to impose, its own members with only the cap changed."""
    if shape.cap is None:
        return asked.body
    name = "generation_config" if "generation_config" in asked.fields else "generationConfig"
    config = dict(as_object(decoded(asked.fields[name]) or {}, name)) if name in asked.fields else {}
    config["max_output_tokens" if "max_output_tokens" in config else "maxOutputTokens"] = shape.cap
    return encode({**asked.fields, name: Raw(encode(config))})


def read_usage(said: Any) -> Usage | None:
    """`usageMetadata` in disjoint buckets: on the wire cached tokens are a part of the prompt's, thoughts and the
    results of the provider's own tools stand beside the counts of prompt and answer.
    """
    if not isinstance(said, dict):
        return None
    counts = {name: value for name, value in as_object(said, "usageMetadata").items() if _counts(value)}
    if not counts.keys() & {"promptTokenCount", "candidatesTokenCount", "totalTokenCount"}:
        return None
    prompt, thought = counts.get("promptTokenCount", 0), counts.get("thoughtsTokenCount", 0)
    cached = min(counts.get("cachedContentTokenCount", 0), prompt)
    return Usage(
        input=prompt - cached + counts.get("toolUsePromptTokenCount", 0),
        output=counts.get("candidatesTokenCount", 0) + thought,
        cache_read=cached,
        reasoning=thought,
    )


def _counts(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_USED


def write_usage(usage: Usage) -> dict[str, Any]:
    """`usageMetadata`: what was written to a cache is a part of the prompt here."""
    prompt = usage.input + usage.cache_read + usage.cache_write
    said = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": prompt + usage.output,
    }
    if usage.cache_read:
        said["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        said["thoughtsTokenCount"] = usage.reasoning
    return said


def read_stop(word: str | None, *, called: bool) -> Stop | None:
    """Why a candidate ended. The format has no word of its own for an end at a call."""
    if not word or word == "FINISH_REASON_UNSPECIFIED":
        return None
    if word == "MAX_TOKENS":
        return Stop.LENGTH
    if word in _FILTERED:
        return Stop.CONTENT_FILTER
    return Stop.TOOL_CALLS if called else Stop.STOP


def write_stop(stop: Stop | None) -> str:
    match stop:
        case Stop.LENGTH:
            return "MAX_TOKENS"
        case Stop.CONTENT_FILTER:
            return "SAFETY"
        case Stop.STOP | Stop.TOOL_CALLS:
            return "STOP"
        case None:
            return "FINISH_REASON_UNSPECIFIED"
