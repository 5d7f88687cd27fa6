"""What a call asks for, in the caller's own words."""

from enum import StrEnum

from msgspec import Raw, Struct

from gatepost_gateway.domain.named import Named


class Operation(Named):
    CHAT = "chat"
    EMBED = "embeddings"
    IMAGE = "images"
    COUNT = "count_tokens"
    """How many tokens a chat request would have: free, and answered by providers that can tell."""
    ACTION = "action"
    """What an agent is about to do: judged, and sent nowhere."""


class DialectName(Named):
    """A wire format."""

    OPENAI_CHAT = "openai_chat"
    ANTHROPIC_MESSAGES = "anthropic_messages"
    GEMINI_GENERATE = "gemini_generate"
    BEDROCK_CONVERSE = "bedrock_converse"
    OPENAI_EMBEDDINGS = "openai_embeddings"
    OPENAI_IMAGES = "openai_images"
    GEMINI_EMBED = "gemini_embed"
    GEMINI_BATCH_EMBED = "gemini_batch_embed"
    OPENAI_COMPLETIONS = "openai_completions"
    OPENAI_RESPONSES = "openai_responses"


class Asked(Struct):
    """A decoded request: the envelope is read, the rest stays as the caller wrote it.

    `body` holds the caller's exact bytes and `fields` its top-level JSON members, each still as bytes, in the caller's
    order. A member that is not changed goes upstream as it came.
    """

    operation: Operation
    dialect: DialectName
    model: str
    stream: bool
    body: bytes
    fields: dict[str, Raw]
    max_output: int | None = None
    """The output cap that the caller set, in tokens a choice; None when it set none."""
    choices: int = 1
    user: str | None = None
    wants_usage: bool = False
    """The caller asked for a usage event at the end of a stream."""
    media: int = 0
    """How many images, sounds and files the messages carry."""
    predicted: int = 0
    """Bytes of a predicted output: what the model does not use of it is billed as output all the same."""
    at: int = 0
    """When the call came in, in seconds since the epoch: for formats whose answers name a time."""
    single: bool = False
    """One text to embed was given as itself, not in a list."""
    name: str = ""
    """The call's own id: for formats that name their answers by it, where the provider does not."""
    previous: str | None = None
    """The answer that the caller goes on from, by its id."""
    earlier: int = 0
    """Tokens of a conversation that the provider remembers: they are billed, and no byte here bounds them."""
    store: bool = True
    """The caller may go on from the answer: whoever gives it must remember it."""
    unpriced: str | None = None
    """A member that makes the call cost what no list price bounds: a tool of the provider's own, a stored prompt."""
    events: int = 0
    """The number of the last event that went to the caller, for formats that number theirs."""
    wire: DialectName | None = None
    """The format that the target under way is asked in, where its family speaks several; None: the family's usual."""


class Stop(StrEnum):
    """Why a choice ended, in the words of the OpenAI format; a provider's own word is kept beside it."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
