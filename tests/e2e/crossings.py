"""The recorded traffic of providers, through every other format: carried, lost and declared, or refused.

python tests/e2e/crossings.py [--write]

A request that was recorded in one format is written in every other one, and an answer is written for callers of every
other one; both are read back. Prints the table of docs/translation.md; `--write` puts it there.
"""

import argparse
import base64
import json
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatepost_gateway.dialects import registry, translation
from gatepost_gateway.dialects.event_stream import Frame, text_header, write_frame
from gatepost_gateway.dialects.sides import ProviderSide, Shape
from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.conversation import Conversation, Media, Reasoning, Refusal, Text, ToolCall, ToolResult
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.ports import Summary

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "translation.md"
BEGIN, END = (
    "<!-- recordings: begin, written by `python tests/e2e/crossings.py --write` -->",
    "<!-- recordings: end -->",
)
CHAT, RESPONSES, MESSAGES, GENERATE, CONVERSE = (
    DialectName.OPENAI_CHAT, DialectName.OPENAI_RESPONSES, DialectName.ANTHROPIC_MESSAGES,
    DialectName.GEMINI_GENERATE, DialectName.BEDROCK_CONVERSE,
)  # fmt: skip
SIDES: dict[DialectName, ProviderSide] = {
    side.dialect: side
    for side in (
        registry.OPENAI_CHAT, registry.OPENAI_RESPONSES, registry.ANTHROPIC_MESSAGES, registry.GEMINI_GENERATE,
        registry.BEDROCK_CONVERSE,
    )
}  # fmt: skip
SURFACES = (CHAT, RESPONSES, MESSAGES, GENERATE)
HOMES = {
    "anthropic": MESSAGES, "openai": CHAT, "azure-openai": CHAT, "openai-compatible": CHAT,
    "openai-responses": RESPONSES,
    "gemini": GENERATE, "bedrock": CONVERSE,
}  # fmt: skip
NAMES = {CHAT: "OpenAI chat", RESPONSES: "Responses", MESSAGES: "Anthropic", GENERATE: "Gemini", CONVERSE: "Bedrock"}
MODELS = {CONVERSE: "anthropic.claude-sonnet-4-5-20250929-v1:0", CHAT: "gpt-5.6", RESPONSES: "gpt-5.6"}
CACHE = re.compile(r"(?:^|\.)(?:cache_control|prompt_cache_(?:key|retention)|cachePoint)$")
SEALS = re.compile(r"(?:^|\.)(?:signature|thoughtSignature|sealed)$|^messages\.reasoning$")
NOTES = re.compile(
    r"^(?:system_fingerprint|time_info|latency_checkpoint|sla_metrics|provider|provider_metadata|x_groq|(?:prompt_filter|content_filter)_results|generationId"
    r"|request_id|avgLogprobs|usage|usage\..*|trace|container|context_management|metadata|store|service_tier|user"
    r"|safety_identifier|include|.*\.(?:annotations|signature_delta))$"
)
OWN_TOOLS = re.compile(
    r"^tools\.(?!strict|extra)|server_tool_use|_tool_result$|toolResult$|toolCall$|toolResponse$|executableCode"
    r"|codeExecutionResult|_search_call|code_interpreter_call|_search_output|groundingMetadata|urlContextMetadata"
    r"|toolConfig\.|mcp_|citations?$|content\.annotations$|messages\.annotations$|partial_image|image_generation"
    r"|web_search_options|plugins|^annotations$|^search_results$|content\.caller$|fallback$"
)
NO_PLACE = (
    # (names, formats, what the format's own reference has in that place)
    (r"thinking\.budget_tokens", (CHAT, RESPONSES),
     "openai `ReasoningEffort`: efforts only; a budget becomes the nearest"),
    (r"thinking\.display", (CHAT,), "openai `ChatCompletionMessage`: an answer shows no thoughts"),
    (r"thinking\.context", (CHAT, GENERATE, CONVERSE),
     "openai `chat.CompletionCreateParams`, google-genai `ThinkingConfig`, Bedrock: no word on earlier thoughts"),
    (r"response_format", (MESSAGES, CONVERSE),
     'anthropic `JSONOutputFormatParam.schema`, Bedrock `JsonSchemaDefinition.schema`: required, "any JSON" has none'),
    (r"stop|seed|choices|n|top_k|(?:presence|frequency)_penalty", (RESPONSES,),
     "openai `responses.ResponseCreateParams`"),
    (r"seed|n|choices|logprobs|top_logprobs|(?:presence|frequency)_penalty", (MESSAGES, CONVERSE),
     "anthropic `MessageCreateParams`, Bedrock `InferenceConfiguration`"),
    (r"top_k", (CHAT,), "openai `chat.CompletionCreateParams`"),
    (r"temperature|top_k|reasoning_effort", (MESSAGES, CONVERSE),
     'Anthropic, "Extended thinking": refused beside thinking, as thinking is beside a forced tool'),
    (r"parallel_tool_calls", (GENERATE,), "google-genai `FunctionCallingConfig`: mode and names only"),
    (r"messages\.(?:audio|video)|audio|content\.image", (MESSAGES,),
     "anthropic `ContentBlockParam`, `ContentBlock`: no sound, no film, no picture in an answer"),
    (r"messages\.(?:audio|video)|audio", (RESPONSES,),
     "openai `ResponseInputContentParam`: text, image, file; `ResponseOutputMessage`: text, refusal"),
    (r"messages\.video\.(?:data|url)|messages\.audio\.url", (CHAT,),
     "openai `ChatCompletionContentPartParam`: text, image, sound as bytes, file"),
    (r"tool_result\.media_position", (CHAT,), "openai `ChatCompletionToolMessageParam.content`: text only"),
    (r"tool_result\.is_error", (CHAT, RESPONSES),
     "openai `ChatCompletionToolMessageParam`, `FunctionCallOutput`: whether a call failed is not said"),
    (r"messages\.(?:image|document|audio|video)\.url", (CONVERSE,),
     "Bedrock `ImageSource`, `DocumentSource`, `AudioSource`, `VideoSource`: bytes, or a place in S3"),
    (r"messages\.document", (MESSAGES,), "anthropic `DocumentBlockParam.source`: PDF and plain text"),
    (r"messages\.name", (MESSAGES, GENERATE, CONVERSE, RESPONSES),
     "anthropic `MessageParam`, google-genai `Content`, Bedrock `Message`, openai `EasyInputMessageParam`: a role"),
    (r"messages\.system_position", (GENERATE, CONVERSE),
     "google-genai `Content.role`, Bedrock `Message.role`: the system stands apart from the turns"),
    (r"messages\.tools_position", (CHAT, GENERATE, CONVERSE), "tools stand apart from the turns"),
    (r"messages\.(?:document|image)\.file_id", (CHAT, GENERATE, CONVERSE, MESSAGES, RESPONSES),
     "a file of another provider's store"),
    (r"messages\.prefix", (RESPONSES,), "openai `EasyInputMessageParam`"),
    (r"output_config\.task_budget", (CHAT, RESPONSES, GENERATE), "a budget of a whole task: Anthropic's own, in beta"),
    # Settings and contents that one family alone has, by the names that it gave them.
    (r"safetySettings|cachedContent", tuple(SIDES), "Gemini's own"),
    (r"moderation", (MESSAGES, GENERATE, CONVERSE), "OpenAI's own"),
    (r"safe_prompt", tuple(SIDES), "Mistral's own"),
    (r"messages\.(?:container_upload|tool_reference)|tool_result\.tool_reference", tuple(SIDES), "Anthropic's own"),
)  # fmt: skip
"""What a format has no member for: there is nothing that the loss could have been carried in. Whatever is in doubt, or
could be said by a detour, is not here and counts as an exception. Types are those of the installed clients."""
KINDS = ("whole", "advice", "own tools", "no place", "other", "refused")
"""What became of a crossing, the worst of what was listed: see the words above the table of the page."""
_NO_PLACE = [(re.compile(names), frozenset(targets)) for names, targets, _ in NO_PLACE]


def kind_of(name: str, target: DialectName) -> str:
    if CACHE.search(name) or SEALS.search(name) or NOTES.search(name):
        return "advice"
    if OWN_TOOLS.search(name):
        return "own tools"
    return "no place" if any(names.fullmatch(name) and target in of for names, of in _NO_PLACE) else "other"


@dataclass
class Tally:
    """`names`: what was listed, or why it was refused; `wrong`: what was lost in silence."""

    kinds: Counter[str] = field(default_factory=Counter)
    names: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def all(self) -> int:
        return sum(self.kinds.values())

    def take(self, target: DialectName, losses: tuple[str, ...], refused: str | None, wrong: str | None) -> None:
        listed = [(kind_of(name, target), name) for name in losses] if refused is None else [("refused", refused)]
        worst = max((kind for kind, _ in listed), key=KINDS.index, default="whole")
        self.kinds[worst] += 1
        self.names.update(listed)
        if wrong is not None and worst in ("whole", "advice"):
            self.wrong.append(wrong)


def fixtures() -> Path:
    said = os.environ.get("GATEPOST_FIXTURES")
    return (Path(said) if said else ROOT.parent / "shared" / "fixtures") / "provider-recordings"


def rows(folder: Path) -> Iterator[tuple[DialectName, dict[str, Any]]]:
    """Chats of every family that is spoken here, with the format that each is in."""
    for family, home in HOMES.items():
        for line in (folder / f"{family}.jsonl").read_text().splitlines():
            row = {"family": family, **json.loads(line)}
            kind = row["operation"].removesuffix("_stream")
            if kind == "chat" and family != "openai-responses":
                path = (row["request"] or {}).get("path") or ""
                yield (CHAT if "/openai/" in path and home is GENERATE else home), row
            elif kind == "responses":
                yield RESPONSES, row


def asked_for(home: DialectName, row: dict[str, Any]) -> Asked | None:
    """The recorded request as our surface reads it; None where there is none, or its format's provider refused it."""
    body = (row["request"] or {}).get("body")
    if not isinstance(body, dict) or row["response"]["status"] != 200 or home is CONVERSE:
        return None
    if home is not GENERATE:
        body = {"model": "m", **body}
    try:
        asked = registry.CALLERS[home].read_asked(json.dumps(body).encode())
    except CallerError:
        return None
    asked.model, asked.name = asked.model or "m", "a1"
    asked.stream = row["operation"].endswith("_stream")
    return asked


def sense(said: Conversation) -> dict[str, Any]:
    """What a request says, without how formats cut and order it."""
    parts = [part for message in said.messages for part in message.parts]
    results = [part for part in parts if isinstance(part, ToolResult)]
    choice = said.tool_choice
    inner = [*parts, *(piece for result in results for piece in result.parts)]
    return {
        "words": "".join(sorted("".join(_plain(one.text) for one in inner if isinstance(one, Text | Refusal)).split())),
        "calls": sorted((one.name, _json(one.arguments)) for one in parts if isinstance(one, ToolCall)),
        "results": len(results),
        "media": sum(isinstance(one, Media) for one in inner),
        "tools": sorted(getattr(tool, "name", "") for tool in said.tools),
        "choice": (choice.mode, choice.name) if choice and said.tools and choice.mode != "auto" else None,
        "schema": said.output is not None,
        "stop": said.stop or [],
        "temperature": said.temperature,
    }


def _plain(text: str) -> str:
    """JSON without the spaces that its writer chose: the results of tools are JSON to some formats."""
    return re.sub(r"\s", "", _json(text)) if text.startswith("{") else text


def _json(text: str) -> str:
    try:
        return json.dumps(json.loads(text or "{}"), sort_keys=True)
    except ValueError:
        return text


def _shape(target: DialectName, asked: Asked) -> Shape:
    """A model of today, that thinks."""
    return Shape(model=MODELS.get(target, "m"), stream=asked.stream, thinks=True, max_output=64_000)


Came = tuple[tuple[str, ...], str | None, str | None]
"""(listed losses, why it was refused, what was lost in silence)."""


def crossed_request(home: DialectName, asked: Asked, target: DialectName) -> Came:
    try:
        body, losses = translation.write_request(asked, SIDES[target], _shape(target, asked))
        if target is CONVERSE:
            return losses, None, None
        again = registry.CALLERS[target].read_asked(body)
        before, after = (registry.CALLERS[one.dialect].read_request(one) for one in (asked, again))
    except CallerError as error:
        return (), error.public[:60], None
    was, now = sense(before), sense(after)
    differs = [name for name, value in was.items() if now[name] != value]
    return losses, None, f"{differs}" if differs else None


def stream_of(row: dict[str, Any], home: DialectName) -> bytes | None:
    response = row["response"]
    if response.get("body_b64"):
        return base64.b64decode(response["body_b64"])
    if response.get("body_text"):
        return response["body_text"].encode()
    chunks = [
        one if isinstance(one, dict) else json.loads(one) for one in response.get("chunks") or () if one != "[DONE]"
    ]
    if not chunks:
        return None
    if home is CONVERSE:
        return b"".join(_frame(kind, said) for chunk in chunks for kind, said in chunk.items())
    named = [(f"event: {one['type']}\n" if "type" in one else "", json.dumps(one)) for one in chunks]
    done = "data: [DONE]\n\n" if home is CHAT else ""
    return ("".join(f"{name}data: {data}\n\n" for name, data in named) + done).encode()


def _frame(kind: str, said: Any) -> bytes:
    return write_frame(
        Frame((text_header(":event-type", kind), text_header(":message-type", "event")), json.dumps(said).encode())
    )


def answer(row: dict[str, Any], home: DialectName) -> tuple[bytes, bool] | None:
    """(the body, whether it is a stream) of a good answer."""
    response = row["response"]
    if response["status"] != 200:
        return None
    if isinstance(response.get("body"), dict):
        return json.dumps(response["body"]).encode(), False
    data = stream_of(row, home)
    return None if data is None else (data, True)


def asking(surface: DialectName, *, stream: bool) -> Asked:
    """A request of a surface whose answer the recording is."""
    bodies: dict[DialectName, dict[str, Any]] = {
        CHAT: {"messages": [], "stream": stream}, RESPONSES: {"input": "?", "stream": stream},
        MESSAGES: {"messages": [], "max_tokens": 9, "stream": stream}, GENERATE: {"contents": []},
    }  # fmt: skip
    body = bodies[surface] if surface is GENERATE else {"model": "m", **bodies[surface]}
    if surface is CHAT and stream:
        body["stream_options"] = {"include_usage": True}
    asked = registry.CALLERS[surface].read_asked(json.dumps(body).encode())
    asked.model, asked.name, asked.stream = "m", "a1", stream
    return asked


def translated(asked: Asked, side: ProviderSide, data: bytes) -> tuple[bytes, Summary]:
    if not asked.stream:
        return translation.read_answer(asked, side, data)
    reader = translation.stream_reader(asked, side)
    out = reader.feed(data)
    if not reader.ended:
        out += reader.close()
    if not reader.ended:
        raise ValueError("the stream has no end")
    return out, reader.summary


def facts(summary: Summary) -> tuple[Any, ...]:
    """What the record of a call says: the same, whatever format it went out in."""
    usage = summary.usage
    return (usage and usage.total, usage and usage.output, summary.tool_calls, bool(summary.text_bytes))


def crossed_answer(data: bytes, side: ProviderSide, asked: Asked) -> tuple[tuple[str, ...], str | None]:
    """(listed losses, what was lost in silence). Raises ValueError for what is not an answer in its own format."""
    out, before = translated(asked, side, data)
    _, after = translated(_told(asked), SIDES[asked.dialect], out)
    was, now = facts(before), facts(after)
    said, heard = (_spoken(one, dialect, whole) for one, dialect, whole in (
        (data, side.dialect, asked), (out, asked.dialect, asked)
    ))  # fmt: skip
    wrong = f"{was} became {now}" if was[2:] != now[2:] or (was[0] and was[:2] != now[:2]) else None
    if said != heard:
        wrong = f"{said!r:.200} became {heard!r:.200}"
    return before.lossy, wrong


def _told(asked: Asked) -> Asked:
    """One who reads the surface's own answer through another format: the bytes are opened, not passed."""
    other = MESSAGES if asked.dialect is not MESSAGES else CHAT
    return asking(other, stream=asked.stream)


def _spoken(data: bytes, dialect: DialectName, asked: Asked) -> tuple[str, str, list[Any]]:
    """(text and refusals, thoughts, calls) of an answer."""
    side = SIDES[dialect]
    texts, thoughts = [], []
    calls: dict[Any, list[str]] = {}
    if not asked.stream:
        for part in (part for choice in side.read_reply(data).choices[:1] for part in choice.parts):
            match part:
                case Text() | Refusal():
                    texts.append(part.text)
                case Reasoning():
                    thoughts.append(part.text)
                case ToolCall():
                    calls[len(calls)] = [part.name, part.arguments]
                case _:
                    pass
    else:
        decoder = side.decoder(asked)
        for event in [*decoder.feed(data), *decoder.close()]:
            kind = type(event).__name__
            if getattr(event, "choice", 0):
                continue
            if kind in ("TextDelta", "RefusalDelta"):
                texts.append(event.text)
            elif kind == "ReasoningDelta":
                thoughts.append(event.text)
            elif kind == "ToolCallBegan":
                calls[event.index] = [event.name, ""]
            elif kind == "ArgumentsDelta":
                calls[event.index][1] += event.text
    return "".join(texts), "".join(thoughts), [(name, _json(said)) for name, said in calls.values()]


Measured = dict[tuple[str, str, str], Tally]
"""By (what, the format it is in, the format it goes into)."""


@dataclass
class Found:
    """All crossings, once by direction and once by where they were recorded and what they show."""

    ways: Measured = field(default_factory=lambda: defaultdict(Tally))
    features: dict[tuple[str, str, str], Tally] = field(default_factory=lambda: defaultdict(Tally))
    """By (family, operation, feature): once with every feature that a recording shows, and once with none."""

    def take(self, way: tuple[str, DialectName, DialectName], row: dict[str, Any], came: Came) -> None:
        what, home, target = way
        losses, refused, wrong = came
        told = wrong and f"{row['id']}: {wrong}"
        self.ways[what, NAMES[home], NAMES[target]].take(target, losses, refused, told)
        family = row["family"]
        self.features[family, row["operation"], ""].take(target, losses, refused, told)
        for feature in row["features"]:
            self.features[family, "", feature].take(target, losses, refused, told)


def measure(folder: Path) -> Found:
    found = Found()
    for home, row in rows(folder):
        asked = asked_for(home, row)
        for target in SIDES if asked is not None else ():
            if target is not home:
                found.take(("requests", home, target), row, crossed_request(home, asked, target))
        given = answer(row, home)
        for surface in SURFACES if given is not None else ():
            if surface is home:
                continue
            data, stream = given
            kind = "streams" if stream else "answers"
            try:
                losses, wrong = crossed_answer(data, SIDES[home], asking(surface, stream=stream))
                found.take((kind, home, surface), row, (losses, None, wrong))
            except ValueError as error:
                found.take((kind, home, surface), row, ((), str(error)[:60], None))
    return found


def total(found: Found, what: str = "") -> Tally:
    one = Tally()
    for key, tally in found.ways.items():
        if not what or key[0] == what:
            one.kinds.update(tally.kinds)
            one.names.update(tally.names)
            one.wrong += tally.wrong
    return one


def _row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def table(found: Found) -> str:
    """The tables of the page."""
    lines = [_row("what", "from", "to", "all", *KINDS, "in silence"), _row("---", "---", "---", *["---:"] * 8)]
    order = {"requests": 0, "answers": 1, "streams": 2}
    for key in sorted(found.ways, key=lambda key: (order[key[0]], key)):
        lines.append(_row(*key, *_cells(found.ways[key])))
    for what in (*order, ""):
        one = total(found, what)
        shares = [f"{one.kinds[kind]} ({_share(one.kinds[kind], one.all)})" for kind in KINDS]
        lines.append(_row(f"**{what or 'all'}**", "", "", one.all, *shares, len(one.wrong)))
    lines += ["", "What was listed most, with the number of crossings:", ""]
    every = total(found)
    for kind in KINDS[1:]:
        named = sorted(((count, name) for (of, name), count in every.names.items() if of == kind), key=_most)
        lines.append(f"- {kind}: " + ", ".join(f"`{name}` {count}" for count, name in named[:14]))
    lines += ["", "What formats have no place for, as listed in a crossing, and what their references have there:", ""]
    lines += [_row("listed as", "in", "source"), _row("---", "---", "---")]
    for names, targets, source in NO_PLACE:
        told = names.replace("\\", "").replace("(?:", "(").replace("|", ", ")
        lines.append(_row(f"`{told}`", ", ".join(NAMES[one] for one in targets), source))
    lines += ["", "By whose traffic it is, and by what it shows (a recording may show several things):", ""]
    lines += [_row("recorded of", "operation", "feature", "all", *KINDS, "in silence")]
    lines += [_row("---", "---", "---", *["---:"] * 8)]
    lines += [_row(*(name or "all" for name in key), *_cells(one)) for key, one in sorted(found.features.items())]
    return "\n".join(lines)


def _cells(one: Tally) -> list[object]:
    return [one.all, *(one.kinds[kind] or "" for kind in KINDS), len(one.wrong)]


def _most(said: tuple[int, str]) -> tuple[int, str]:
    return -said[0], said[1]


def page(found: Found, text: str) -> str:
    """The page with the table in its place."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table(found)}\n\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    said = parser.parse_args()
    found = measure(fixtures())
    if said.write:
        PAGE.write_text(page(found, PAGE.read_text()))
    print(table(found))
    wrong = total(found).wrong
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
