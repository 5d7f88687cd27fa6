"""The OpenAI embeddings format: `POST /embeddings`, as callers and as compatible servers speak it.

Source of the format: OpenAI's API reference, "Create embeddings"; with `encoding_format: base64` a vector is base64 of
32-bit floats, low byte first. `input_type` is what compatible servers (Cohere's, Voyage's, NVIDIA's models) call the
task.
"""

import struct
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.envelope import LIST, check_members, check_model, check_tokens, opened, read_envelope
from gatepost_gateway.dialects.members import Malformed, as_list, as_text, decoded
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.conversation import Losses
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.making import Embedding, Task, Vectors
from gatepost_gateway.domain.ports import Answered, Summary
from gatepost_gateway.domain.usage import Usage

TEXT = ord('"')
_MOST_USED = 2**40
_BASE64 = b'"base64"'
_FORMATS = (None, "float", "base64")
_KNOWN = frozenset({"model", "input", "encoding_format", "dimensions", "user", "input_type"})
_TASKS = {
    "search_query": Task.QUERY,
    "query": Task.QUERY,
    "search_document": Task.DOCUMENT,
    "document": Task.DOCUMENT,
    "passage": Task.DOCUMENT,
    "classification": Task.CLASSIFICATION,
    "clustering": Task.CLUSTERING,
}


class _Envelope(Struct):
    model: str
    input: Raw
    encoding_format: str | None = None
    dimensions: int | None = None
    user: str | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_GOVERNED = frozenset(_Envelope.__struct_fields__)


def read_asked(body: bytes) -> Asked:
    """A request's envelope. Raises CallerError (400) naming the member at fault."""
    envelope, fields = read_envelope(body, _envelope, "embeddings")
    check_model(envelope.model)
    check_tokens("dimensions", envelope.dimensions)
    check_members(body, fields, _GOVERNED)
    first = memoryview(envelope.input)[0]
    if first not in (TEXT, LIST) or bytes(envelope.input) in (b'""', b"[]"):
        raise CallerError("`input` must be a text or a list, and not empty")
    if envelope.encoding_format not in _FORMATS:
        raise CallerError("`encoding_format` must be `float` or `base64`")
    return Asked(
        operation=Operation.EMBED,
        dialect=DialectName.OPENAI_EMBEDDINGS,
        model=envelope.model,
        stream=False,
        body=body,
        fields=fields,
        user=envelope.user,
        media=_count_media(envelope.input),
        single=first == TEXT,
    )


def _count_media(said: Raw) -> int:
    """How many inputs are neither text nor tokens: some compatible servers take pictures, whose bytes bound nothing."""
    raw = bytes(said)
    if raw[0] != LIST or b"{" not in raw:
        return 0
    return sum(isinstance(one, dict) for one in cast("list[Any]", opened(said)))


def read_request(asked: Asked) -> Embedding:
    """Raises Malformed."""
    fields = asked.fields
    task = _TASKS.get(as_text(decoded(fields["input_type"]), "input_type")) if "input_type" in fields else None
    beside = [name for name, value in fields.items() if name not in _KNOWN and bytes(value) != b"null"]
    if "input_type" in fields and task is None and bytes(fields["input_type"]) != b"null":
        beside.append("input_type")
    return Embedding(
        inputs=_inputs(decoded(fields["input"])),
        single=asked.single,
        dimensions=cast("int | None", decoded(fields.get("dimensions", b"null"))),
        task=task,
        user=asked.user,
        beside=tuple(beside),
    )


def _inputs(said: Any) -> list[str | list[int]]:
    if isinstance(said, str):
        return [said]
    listed = as_list(said, "input")
    if _tokens(listed):
        return [listed]
    inputs: list[str | list[int]] = []
    for one in listed:
        if not isinstance(one, str) and not (isinstance(one, list) and _tokens(cast("list[Any]", one))):
            raise Malformed("`input` must be a text, a list of texts, or lists of tokens")
        inputs.append(cast("str | list[int]", one))
    return inputs


def _tokens(said: list[Any]) -> bool:
    return bool(said) and all(isinstance(one, int) and not isinstance(one, bool) for one in said)


def pass_request(asked: Asked, shape: Shape) -> bytes:
    """The caller's own bytes; with another name of the model, its own members with only that changed."""
    if shape.model == asked.model:
        return asked.body
    return encode({**asked.fields, "model": Raw(encode(shape.model))})


def write_request(question: Embedding, shape: Shape, losses: Losses) -> list[bytes]:
    said: dict[str, Any] = {"model": shape.model}
    said["input"] = question.inputs[0] if question.single else question.inputs
    if question.dimensions is not None:
        said["dimensions"] = question.dimensions
    if question.user is not None:
        said["user"] = question.user
    losses.add(*question.beside)
    losses.add(*(name for name, value in (("task_type", question.task), ("title", question.title)) if value))
    return [encode(said)]


class _Usage(Struct):
    prompt_tokens: int | None = None
    total_tokens: int | None = None


class _Item(Struct):
    embedding: Raw
    index: int | None = None


class _Reply(Struct):
    data: list[_Item]
    usage: _Usage | None = None
    id: str | None = None
    model: str | None = None


_reply = msgspec.json.Decoder(_Reply)


def _read(body: bytes) -> _Reply:
    try:
        return _reply.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from None


def _usage(said: _Usage | None) -> Usage | None:
    """Some servers (Voyage's) say the total only; it is the same number."""
    count = None if said is None else said.prompt_tokens if said.prompt_tokens is not None else said.total_tokens
    return Usage(input=count) if count is not None and 0 <= count <= _MOST_USED else None


def summarise(body: bytes) -> Summary:
    """What an answer says of itself. Raises Malformed when it is not a list of vectors."""
    reply = _read(body)
    return Summary(usage=_usage(reply.usage), upstream_id=reply.id, model=reply.model)


def read_reply(answers: Sequence[Answered]) -> Vectors:
    """Raises Malformed, also for vectors in an encoding that was not asked for."""
    reply = _read(answers[0].body)
    items = reply.data
    if all(item.index is not None for item in items):
        items = sorted(items, key=lambda item: item.index or 0)
    vectors = [numbers(item.embedding) for item in items]
    return Vectors(vectors=vectors, usage=_usage(reply.usage), id=reply.id, model=reply.model)


def numbers(vector: Raw) -> Raw:
    """A vector that is a list. Raises Malformed."""
    if not vector or memoryview(vector)[0] != LIST:
        raise Malformed("a vector is not a list of numbers")
    return vector


def write_reply(reply: Vectors, asked: Asked, losses: Losses) -> bytes:  # noqa: ARG001 - the shape of every side
    packed = bytes(asked.fields.get("encoding_format", b"")) == _BASE64
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else vector}
        for index, vector in enumerate(reply.vectors)
    ]
    said: dict[str, Any] = {"object": "list", "data": data, "model": reply.model or asked.model}
    if reply.usage is not None:
        said["usage"] = {"prompt_tokens": reply.usage.input, "total_tokens": reply.usage.input}
    return encode(said)


_floats = msgspec.json.Decoder(list[float])


def _packed(vector: Raw) -> str:
    """Raises Malformed for what is not 32-bit floats."""
    try:
        values = _floats.decode(vector)
        return b64encode(struct.pack(f"<{len(values)}f", *values)).decode("ascii")
    except (msgspec.DecodeError, OverflowError) as error:
        raise Malformed(f"a vector is not a list of numbers: {error}") from None


def summary_of(reply: Vectors) -> Summary:
    return Summary(usage=reply.usage, upstream_id=reply.id, model=reply.model)
