"""What is asked and answered in the operations that make something other than text: vectors and pictures."""

from enum import StrEnum

from msgspec import Raw, Struct, field

from gatepost_gateway.domain.usage import Usage


class Task(StrEnum):
    """What vectors are for, in Gemini's words, which are the most."""

    QUERY = "RETRIEVAL_QUERY"
    DOCUMENT = "RETRIEVAL_DOCUMENT"
    SIMILARITY = "SEMANTIC_SIMILARITY"
    CLASSIFICATION = "CLASSIFICATION"
    CLUSTERING = "CLUSTERING"
    QUESTION = "QUESTION_ANSWERING"
    FACT = "FACT_VERIFICATION"
    CODE = "CODE_RETRIEVAL_QUERY"


class Embedding(Struct, kw_only=True):
    """A request for vectors, one an input. An input is a text, or tokens of the model's own."""

    inputs: list[str | list[int]]
    single: bool = False
    """The caller gave one input as itself, not in a list."""
    dimensions: int | None = None
    task: Task | None = None
    title: str | None = None
    user: str | None = None
    beside: tuple[str, ...] = ()
    """Names of what was said and is a member of the caller's format only."""


class Vectors(Struct, kw_only=True):
    """An answer with vectors, in the order of the inputs; each is a JSON list of numbers as the provider wrote it."""

    vectors: list[Raw]
    usage: Usage | None = None
    id: str | None = None
    model: str | None = None


class Picture(Struct, kw_only=True):
    """A request for pictures from words. Sizes in pixels."""

    prompt: str
    count: int = 1
    size: tuple[int, int] | None = None
    quality: str | None = None
    """`standard`, `hd`, `low`, `medium`, `high`."""
    wants_url: bool = False
    """The caller asked for an address and not for the data."""
    beside: tuple[str, ...] = ()
    """Names of what was said and is a member of the caller's format only."""


class Pictures(Struct, kw_only=True):
    """An answer with pictures, each as base64."""

    data: list[str] = field(default_factory=list[str])
    usage: Usage | None = None
