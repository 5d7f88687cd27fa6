"""The OpenAI image format: `POST /images/generations`.

Source of the format: OpenAI's API reference, "Create image" (`response_format` for DALL-E only; `usage` in tokens by
GPT image models only; without a model it is `dall-e-2`). A streamed answer is not served.
"""

import re
from typing import Any

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.envelope import check_members, check_model, read_envelope
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.conversation import Losses
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.making import Picture, Pictures
from gatepost_gateway.domain.ports import Summary
from gatepost_gateway.domain.usage import Usage

USUAL_MODEL = "dall-e-2"
MOST_IMAGES = 10
_MOST_USED = 2**40
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_KNOWN = frozenset({"model", "prompt", "n", "size", "quality", "response_format", "stream"})
_USUAL = {"output_format": b'"png"', "background": b'"auto"', "moderation": b'"auto"'}
"""Values that ask for nothing beyond what every model does."""


class _Envelope(Struct):
    prompt: str
    model: str = USUAL_MODEL
    n: int | None = None
    size: str | None = None
    quality: str | None = None
    response_format: str | None = None
    stream: bool | None = None
    user: str | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_GOVERNED = frozenset(_Envelope.__struct_fields__)


def read_asked(body: bytes) -> Asked:
    """A request's envelope. Raises CallerError: 400 naming the member at fault, 422 for a stream."""
    envelope, fields = read_envelope(body, _envelope, "image generation")
    check_model(envelope.model)
    check_members(body, fields, _GOVERNED)
    if not envelope.prompt:
        raise CallerError("`prompt` is empty")
    if envelope.n is not None and not 1 <= envelope.n <= MOST_IMAGES:
        raise CallerError(f"`n` must be from 1 to {MOST_IMAGES}")
    if envelope.stream:
        raise CallerError(
            "pictures are not streamed by this gateway: leave `stream` out",
            code=Code.UNSUPPORTED_OPERATION,
            status=422,
        )
    return Asked(
        operation=Operation.IMAGE,
        dialect=DialectName.OPENAI_IMAGES,
        model=envelope.model,
        stream=False,
        body=body,
        fields=fields,
        choices=envelope.n or 1,
        user=envelope.user,
    )


def read_request(asked: Asked) -> Picture:
    """Raises Malformed."""
    said = _envelope.decode(asked.body)
    beside = [name for name, value in asked.fields.items() if name not in _KNOWN and not _usual(name, bytes(value))]
    size = None
    if said.size not in (None, "auto"):
        found = _SIZE.fullmatch(said.size or "")
        if found is None:
            raise Malformed("`size` is not like `1024x1024`")
        size = (int(found[1]), int(found[2]))
    return Picture(
        prompt=said.prompt,
        count=asked.choices,
        size=size,
        quality=None if said.quality == "auto" else said.quality,
        wants_url=said.response_format == "url",
        beside=tuple(beside),
    )


def _usual(name: str, value: bytes) -> bool:
    return value == b"null" or _USUAL.get(name) == value


def pass_request(asked: Asked, shape: Shape) -> bytes:
    """The caller's own bytes; with another name of the model, its own members with only that changed."""
    if shape.model == asked.model:
        return asked.body
    return encode({**asked.fields, "model": Raw(encode(shape.model))})


class _Usage(Struct):
    input_tokens: int
    output_tokens: int


class _Reply(Struct):
    data: list[Raw]
    usage: _Usage | None = None


_reply = msgspec.json.Decoder(_Reply)


def summarise(body: bytes) -> Summary:
    """What an answer says of itself. Raises Malformed when it is not a list of pictures."""
    try:
        reply = _reply.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from None
    said = reply.usage
    if said is None or not (0 <= said.input_tokens <= _MOST_USED and 0 <= said.output_tokens <= _MOST_USED):
        return Summary(usage=Usage(images=len(reply.data)))
    return Summary(usage=Usage(input=said.input_tokens, output=said.output_tokens, images=len(reply.data)))


def write_reply(reply: Pictures, asked: Asked, losses: Losses) -> bytes:  # noqa: ARG001 - the shape of every side
    said: dict[str, Any] = {"created": asked.at, "data": [{"b64_json": data} for data in reply.data]}
    return encode(said)
