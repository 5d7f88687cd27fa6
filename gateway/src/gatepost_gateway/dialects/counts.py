"""How many tokens a request would have: the answer to that, in the formats that can ask.

Source: Anthropic's API reference, "Count tokens in a Message" (`input_tokens`); Gemini API reference,
`models.countTokens` (`totalTokens`; `generateContentRequest` holds a whole request, or `contents` stands alone).
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Raw

from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.errors import CallerError, Code

_COUNTS = {DialectName.ANTHROPIC_MESSAGES: "input_tokens", DialectName.GEMINI_GENERATE: "totalTokens"}
_WHOLE = "generateContentRequest"
_ANTHROPICS = frozenset({"model", "messages", "system", "thinking", "tool_choice", "tools"})
"""What Anthropic counts; any other member is refused there."""
_members = msgspec.json.Decoder(dict[str, Raw])
_count = msgspec.json.Decoder(Annotated[int, Meta(ge=0)])


def read_count(dialect: DialectName, body: bytes) -> int:
    """Raises ValueError when it is no count."""
    try:
        said = _members.decode(body)
        # Protobuf leaves a zero out; Anthropic always says it.
        none = Raw(b"0") if dialect is DialectName.GEMINI_GENERATE else Raw(b"null")
        return _count.decode(said.get(_COUNTS[dialect], none))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None


def answer(asked: Asked, theirs: DialectName, body: bytes) -> bytes:
    """A provider's count in the caller's format. Raises ValueError when it is none."""
    count = read_count(theirs, body)
    return body if asked.dialect is theirs else msgspec.json.encode({_COUNTS[asked.dialect]: count})


def anthropic_request(asked: Asked, body: bytes) -> bytes:
    """What Anthropic is asked: the caller's own body, or of a translated one what is counted."""
    if asked.dialect is DialectName.ANTHROPIC_MESSAGES:
        return body
    return msgspec.json.encode({name: said for name, said in _members.decode(body).items() if name in _ANTHROPICS})


def gemini_request(body: bytes, model: str) -> bytes:
    """What Gemini is asked: all of a request, so that instructions and tools are counted too."""
    inner = _members.decode(body) | {"model": Raw(msgspec.json.encode(f"models/{model}"))}
    return msgspec.json.encode({_WHOLE: inner})


def gemini_asked(body: bytes) -> bytes:
    """The request that a caller of `countTokens` wants counted. Raises CallerError (400) for two of them."""
    try:
        said = _members.decode(body)
        if _WHOLE not in said:
            return body
        inner = _members.decode(said[_WHOLE])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        # What is wrong with it is told by who reads all of it.
        return body
    if "contents" in said:
        raise CallerError(f"say either `contents` or `{_WHOLE}`", code=Code.INVALID_REQUEST)
    inner.pop("model", None)
    return msgspec.json.encode(inner)
