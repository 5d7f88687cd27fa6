"""What both sides of a call mean, whatever format they say it in: the form between two wire formats.

A dialect reads into this form and writes from it. What a dialect cannot say, it lists in `Losses`; nothing is left out
in silence. What only one dialect knows stays as it came: an `Opaque` part, or a member of `extra` under its own name.
"""

from enum import StrEnum
from typing import Any, cast

from msgspec import Struct, field

from gatepost_gateway.domain.chat import DialectName, Stop
from gatepost_gateway.domain.usage import Usage


class Losses:
    """What could not be carried, each name once, in the order it was met."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def add(self, *names: str) -> None:
        for name in names:
            self._names[name] = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._names)


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class MediaKind(StrEnum):
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"


class Cache(Struct, frozen=True):
    """A caller's wish that the provider keeps everything up to here. `ttl` as the caller wrote it: `5m`, `1h`."""

    ttl: str | None = None


class Part(Struct, kw_only=True):
    """What every part of a message may have."""

    cache: Cache | None = None
    signature: str | None = None
    """A provider's seal on its own words: it must come back with them, unchanged."""
    sealed_by: DialectName | None = None
    """Whose seal, ciphertext or file it is: it means nothing to any other."""
    extra: dict[str, Any] | None = None
    """Members that only the format of its origin knows."""


class Text(Part):
    text: str


class Refusal(Part):
    """The model's own words on why it does not answer."""

    text: str


class Media(Part):
    """`data` is base64; exactly one of `data`, `url` and `file_id` is there."""

    kind: MediaKind
    mime: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    name: str | None = None


class Opaque(Part):
    """Something that only one dialect knows: it goes to that dialect as it is, to any other it is a listed loss."""

    dialect: DialectName
    kind: str
    value: Any


class ToolCall(Part):
    """`arguments` is JSON text, as the model wrote it."""

    id: str
    name: str
    arguments: str


class ToolResult(Part):
    call_id: str
    parts: list[Text | Media | Opaque]
    name: str | None = None
    failed: bool = False


class Reasoning(Part):
    """Thought that was not said. `sealed`: ciphertext in place of the text."""

    text: str = ""
    sealed: str | None = None


AnyPart = Text | Refusal | Media | ToolCall | ToolResult | Reasoning | Opaque


class Message(Struct):
    """A turn. Results of tools stand in messages of their own, with the role TOOL."""

    role: Role
    parts: list[AnyPart]
    name: str | None = None


class Tool(Struct, kw_only=True):
    """`schema` is a JSON schema; None: the tool takes nothing."""

    name: str
    description: str | None = None
    schema: Any = None
    strict: bool | None = None
    cache: Cache | None = None
    extra: dict[str, Any] | None = None


class ToolMode(StrEnum):
    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


class ToolChoice(Struct):
    """Whether the model must call a tool; `name`: this one."""

    mode: ToolMode
    name: str | None = None


class OutputFormat(Struct, kw_only=True):
    """The answer is JSON. `schema` None: any JSON."""

    schema: Any = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None

    def described(self, losses: Losses) -> Any:
        """The schema, for a format that has no place for a description but in it, beside its own where it has one."""
        schema = cast("dict[str, Any] | None", self.schema) if self.description else None
        own: Any = schema.get("description") if isinstance(schema, dict) else False
        if schema is not None and isinstance(own, str | None):
            told = self.description if own in (None, self.description) else f"{self.description}\n\n{own}"
            return {**schema, "description": told}
        if self.description:
            losses.add("response_format.description")
        return self.schema


class Thinking(Struct, kw_only=True):
    """How much the model may think before it speaks. None: not said. `budget` in tokens.

    `shown`: whether the caller sees the thoughts, where that was said beside `on`.
    """

    on: bool | None = None
    shown: bool | None = None
    effort: str | None = None
    budget: int | None = None
    extra: dict[str, Any] | None = None


class Conversation(Struct, kw_only=True):
    """A whole chat request. None: not said."""

    messages: list[Message]
    tools: list[Tool | Opaque] = field(default_factory=list[Tool | Opaque])
    tool_choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: list[str] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    choices: int | None = None
    top_logprobs: int | None = None
    """How likely each token was is wanted, beside so many others that it could have been."""
    output: OutputFormat | None = None
    thinking: Thinking | None = None
    user: str | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    """Members of the request that only the format of its origin knows."""
    shared: dict[str, Any] = field(default_factory=dict[str, Any])
    """Members that the formats of one family share, as they came."""

    def lost(self) -> tuple[str, ...]:
        """The names of what only other formats know."""
        return (*self.shared, *self.extra)


class Choice(Struct, kw_only=True):
    """One answer. `word` is the provider's own word for `stop`; `sequence` the stop sequence that was met."""

    parts: list[AnyPart]
    stop: Stop | None = None
    word: str | None = None
    sequence: str | None = None
    logprobs: list[dict[str, Any]] | None = None
    """How likely each token of the text was, as OpenAI's formats tell it."""
    extra: dict[str, Any] | None = None


class Reply(Struct, kw_only=True):
    """A whole answer."""

    choices: list[Choice]
    id: str | None = None
    model: str | None = None
    fingerprint: str | None = None
    usage: Usage | None = None
    extra: dict[str, Any] | None = None


class Started(Struct, kw_only=True):
    """The head of a stream."""

    id: str | None = None
    model: str | None = None
    fingerprint: str | None = None
    usage: Usage | None = None


class TextDelta(Struct):
    """`logprobs`: how likely each token was, as in `Choice`. They and a seal may come without words of their own."""

    text: str
    choice: int = 0
    logprobs: list[dict[str, Any]] | None = None
    signature: str | None = None
    sealed_by: DialectName | None = None


class RefusalDelta(Struct):
    text: str
    choice: int = 0


class ReasoningDelta(Struct):
    """A piece of thought, or the seal or the ciphertext of the one that is under way."""

    text: str = ""
    choice: int = 0
    signature: str | None = None
    sealed: str | None = None
    sealed_by: DialectName | None = None


class ToolCallBegan(Struct, kw_only=True):
    """`index` counts the calls of a choice from 0."""

    index: int
    id: str
    name: str
    choice: int = 0
    signature: str | None = None
    sealed_by: DialectName | None = None


class ArgumentsDelta(Struct):
    """A piece of the arguments of the call at `index`."""

    index: int
    text: str
    choice: int = 0


class PartCame(Struct):
    """A whole part that comes in one piece: media, or what only its dialect knows."""

    part: Media | Opaque
    choice: int = 0


class Stopped(Struct):
    """A choice ended."""

    stop: Stop
    choice: int = 0
    word: str | None = None
    sequence: str | None = None


class Used(Struct):
    """Usage so far; the last one counts."""

    usage: Usage


class Unmapped(Struct):
    """Names of what came and has no place in this form."""

    names: tuple[str, ...]


class Ended(Struct):
    """The end of the answer, as the format itself marks it."""


Event = (
    Started
    | TextDelta
    | RefusalDelta
    | ReasoningDelta
    | ToolCallBegan
    | ArgumentsDelta
    | PartCame
    | Stopped
    | Used
    | Unmapped
    | Ended
)
