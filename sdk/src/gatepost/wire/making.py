"""Governed calls that make something other than text: vectors and pictures."""

from typing import Optional, Union

from pydantic import Field

from .executions import Usage
from .shape import Answer, Ask, Money


class EmbeddingRequest(Ask):
    """POST /api/v1/embeddings."""

    trace_id: str
    input: Union[str, list[str]]
    model: str
    dimensions: Optional[int] = Field(default=None, ge=1)
    parent_step_id: Optional[str] = None


class Made(Answer):
    """What every such call says of its step. A block is an answer too: `status` "blocked" and `reason`."""

    trace_id: str
    step_id: Optional[str] = None
    model: Optional[str] = None
    provider: Optional[str] = None
    status: Optional[str] = None
    reason: Optional[str] = None
    usage: Optional[Usage] = None
    cost: Optional[Money] = None
    """Dollars; None where the price is unknown."""
    latency_ms: Optional[float] = None

    @property
    def blocked(self) -> bool:
        """True where policy blocked the call."""
        return self.status == "blocked"


class EmbeddingResult(Made):
    """Vectors, one an input, in the order of the inputs."""

    embeddings: list[list[float]] = Field(default=[], repr=False)
    usage_tokens: int = 0


class ImageRequest(Ask):
    """POST /api/v1/images. `size`: like "1024x1024"."""

    trace_id: str
    prompt: str
    model: str
    n: Optional[int] = Field(default=None, ge=1)
    size: Optional[str] = None
    quality: Optional[str] = None
    parent_step_id: Optional[str] = None


class Image(Answer):
    """A picture: its data or its address, as the provider gave it."""

    b64_json: Optional[str] = Field(default=None, repr=False)
    url: Optional[str] = None
    revised_prompt: Optional[str] = None


class ImageResult(Made):
    """Pictures."""

    images: list[Image] = []
