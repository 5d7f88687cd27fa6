"""What a wire format gives to translation: one side faces callers, the other providers.

A format that callers speak has a `CallerSide`, one that providers speak a `ProviderSide`. Where both are of the same
format nothing is translated: `Same` passes the bytes.
"""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.conversation import Conversation, Event, Losses, Reply
from gatepost_gateway.domain.ports import Answered, StreamReader, Summary


class Shape(Struct, frozen=True, kw_only=True):
    """What the target wants of a request beside its format. `cap`: output tokens to impose."""

    model: str
    stream: bool = False
    cap: int | None = None
    max_output: int | None = None
    """The most that the model can say, in tokens; None when it is not known."""
    cap_field: str = "max_completion_tokens"
    thinks: bool = False
    """The model is one that thinks before it speaks, and can be told how much."""
    echoes: bool = False
    """The server takes earlier thoughts back in plain text."""


class EventDecoder(Protocol):
    """A provider's stream, read into events whatever the chunks."""

    ended: bool
    """The format's own end was seen."""

    def feed(self, data: bytes) -> list[Event]:
        """Raises ValueError on what is not the format, and when the provider says in the stream that it failed."""
        ...

    def close(self) -> list[Event]:
        """The body ended cleanly: what that completes. `ended` says whether the answer is whole."""
        ...


class EventEncoder(Protocol):
    """Events as a caller's stream."""

    def encode(self, event: Event) -> bytes: ...


class CallerSide(Struct, frozen=True):
    """What a caller's format must do."""

    dialect: DialectName
    read_asked: Callable[[bytes], Asked]
    read_request: Callable[[Asked], Conversation]
    write_reply: Callable[[Reply, Asked, Losses], bytes]
    encoder: Callable[[Asked, Losses], EventEncoder]


class Same(Struct, frozen=True):
    """The way of a call whose caller and provider speak one format: bytes pass, the gateway only takes note."""

    request: Callable[[Asked, Shape], bytes]
    summary: Callable[[bytes], Summary]
    reader: Callable[[Asked], StreamReader]


class ProviderSide(Struct, frozen=True):
    """What a provider's format must do."""

    dialect: DialectName
    write_request: Callable[[Conversation, Shape, Losses], bytes]
    read_reply: Callable[[bytes], Reply]
    decoder: Callable[[Asked], EventDecoder]
    same: Same | None = None
    """None where no caller speaks the format."""


QuestionT = TypeVar("QuestionT")
AnswerT = TypeVar("AnswerT")


class WholeCaller(Struct, Generic[QuestionT, AnswerT], frozen=True):
    """What a caller's format must do for an operation that is never streamed: vectors, pictures."""

    read_asked: Callable[[bytes], Asked]
    read_request: Callable[[Asked], QuestionT]
    write_reply: Callable[[AnswerT, Asked, Losses], bytes]


class WholeSame(Struct, frozen=True):
    """The way of such a call whose caller and provider speak one of `dialects`: bytes pass."""

    dialects: frozenset[DialectName]
    request: Callable[[Asked, Shape], bytes]
    summary: Callable[[bytes], Summary]


class WholeProvider(Struct, Generic[QuestionT, AnswerT], frozen=True):
    """What a provider's format must do for such an operation.

    `write_request` gives the bodies that the call takes, in order: one where the provider takes all at once.
    """

    write_request: Callable[[QuestionT, Shape, Losses], list[bytes]]
    read_reply: Callable[[Sequence[Answered]], AnswerT]
    summary_of: Callable[[AnswerT], Summary]
    same: WholeSame | None = None
    """None where no caller speaks the format."""
