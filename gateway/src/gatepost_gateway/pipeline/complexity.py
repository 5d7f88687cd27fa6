"""The complexity rule: which tier a request needs, from cheap facts of its body. docs/routing.md shows its thresholds.

Points are added up: 0 or 1 is simple, 2 or 3 medium, 4 and more complex. The rule reads structure and sizes, never the
meaning of words, so it says the same for every language and can be checked by hand.
"""

from collections.abc import Iterator
from typing import Any, cast

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.routing import Tier

LONG_TEXT = ((32_000, 4), (8_000, 2), (2_000, 1))
"""(bytes of text from which, points), the longest first."""
MANY_TURNS = 8
MANY_TOOLS = 6
REASONING_POINTS = 3
MEDIUM_FROM = 2
COMPLEX_FROM = 4

_TALK = ("messages", "contents", "input", "prompt", "system", "systemInstruction", "system_instruction", "instructions")
"""The members that hold words, in every format; the first three may be lists of turns."""
_TURNS = ("messages", "contents", "input")
_NO_TEXT = frozenset(
    {
        *("data", "url", "image_url", "file_data", "fileUri", "file_uri", "mimeType", "mime_type", "media_type"),
        *("type", "role", "id", "call_id", "tool_call_id", "tool_use_id"),
        *("signature", "thoughtSignature", "thought_signature", "encrypted_content"),
    }
)
"""Members of a message whose strings are addresses, names or pictures."""
_IDLE = frozenset({"none", "minimal", "low"})


class Traits(Struct, frozen=True):
    """What the rule looks at. `text` in bytes."""

    text: int = 0
    turns: int = 0
    tools: int = 0
    media: int = 0
    schema: bool = False
    code: bool = False
    reasoning: bool = False


def traits_of(asked: Asked) -> Traits:
    """The facts of a request in any format. Raises CallerError (400) for JSON that is nested too deeply."""
    try:
        talk = {name: msgspec.json.decode(asked.fields[name]) for name in _TALK if name in asked.fields}
        text, code = 0, False
        for words in _strings(list(talk.values())):
            text += len(words) if words.isascii() else len(words.encode("utf-8", "replace"))
            code = code or "```" in words
        return Traits(
            text=text,
            turns=max(
                (len(cast("list[Any]", talk[name])) for name in _TURNS if isinstance(talk.get(name), list)), default=1
            ),
            tools=_tools(_member(asked, "tools")),
            media=asked.media,
            schema=_wants_schema(asked),
            code=code,
            reasoning=_wants_reasoning(asked),
        )
    except RecursionError:
        raise CallerError("the JSON is nested too deeply", code=Code.TOO_DEEP) from None


def points(traits: Traits) -> list[tuple[str, int]]:
    """What each fact adds, in words; facts that add nothing are left out."""
    found = [(f"{traits.text} bytes of text", next((score for least, score in LONG_TEXT if traits.text >= least), 0))]
    found.append((f"{traits.turns} turns", int(traits.turns >= MANY_TURNS)))
    found.append((f"{traits.tools} tools", (traits.tools >= 1) + (traits.tools >= MANY_TOOLS)))
    found.append(("media", int(traits.media > 0)))
    found.append(("a JSON schema", int(traits.schema)))
    found.append(("code", int(traits.code)))
    found.append(("reasoning", REASONING_POINTS * traits.reasoning))
    return [(words, score) for words, score in found if score]


def tier_of(score: int) -> Tier:
    return Tier.COMPLEX if score >= COMPLEX_FROM else Tier.MEDIUM if score >= MEDIUM_FROM else Tier.SIMPLE


def judge_complexity(asked: Asked) -> tuple[Tier, str]:
    """The tier that a request needs, and why in words."""
    found = points(traits_of(asked))
    score = sum(one for _, one in found)
    why = " + ".join(f"{words} ({one})" for words, one in found) or "a short text alone"
    return tier_of(score), f"complexity {score}: {why}"


def _strings(values: list[Any]) -> Iterator[str]:
    """Every text beneath `values`, without recursion."""
    while values:
        value = values.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            values.extend(cast("list[Any]", value))
        elif isinstance(value, dict):
            inside = cast("dict[str, Any]", value)
            values.extend(item for name, item in inside.items() if name not in _NO_TEXT)


def _member(asked: Asked, name: str) -> Any:
    raw = asked.fields.get(name)
    return None if raw is None else msgspec.json.decode(raw)


def _inside(value: Any, *names: str) -> Any:
    """The member at a path of names; None where there is none."""
    for name in names:
        value = cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
    return value


def _tools(value: Any) -> int:
    """How many tools are declared: Gemini's format groups them."""
    if not isinstance(value, list):
        return 0
    count = 0
    for tool in cast("list[Any]", value):
        group = _inside(tool, "functionDeclarations") or _inside(tool, "function_declarations")
        count += len(cast("list[Any]", group)) if isinstance(group, list) else 1
    return count


def _wants_schema(asked: Asked) -> bool:
    """Each format's own way to ask for an answer of a given shape."""
    if _inside(_member(asked, "response_format"), "type") == "json_schema":
        return True
    if _inside(_member(asked, "text"), "format", "type") == "json_schema":
        return True
    if "output_format" in asked.fields or _inside(_member(asked, "output_config"), "format") is not None:
        return True
    settings = _settings(asked)
    names = ("responseSchema", "response_schema", "responseJsonSchema", "response_json_schema")
    return any(_inside(settings, name) is not None for name in names)


def _wants_reasoning(asked: Asked) -> bool:
    """Each format's own way to have the model think before it answers, at more than a low effort."""
    efforts = (
        _member(asked, "reasoning_effort"),
        _inside(_member(asked, "reasoning"), "effort"),
        _inside(_member(asked, "output_config"), "effort"),
        _inside(_settings(asked), "thinkingConfig", "thinkingLevel"),
    )
    if any(isinstance(effort, str) and effort.lower() not in _IDLE for effort in efforts):
        return True
    if _inside(_member(asked, "thinking"), "type") in ("enabled", "adaptive"):
        return True
    budget = _inside(_settings(asked), "thinkingConfig", "thinkingBudget")
    return isinstance(budget, int) and budget != 0


def _settings(asked: Asked) -> Any:
    return _member(asked, "generationConfig") or _member(asked, "generation_config")
