"""The Gemini embedding formats: `embedContent` for one content, `batchEmbedContents` for a list of them.

Source: Google's Gemini API reference, "Embeddings" (`EmbedContentRequest`, `TaskType`, `ContentEmbedding`); the model
stands in the path, and in each request of a batch, where it must be the same. `usageMetadata` is reported by newer
models only.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from gatepost_gateway.dialects.envelope import check_members, read_envelope, untranslatable
from gatepost_gateway.dialects.gemini_generate import camel, parts_of
from gatepost_gateway.dialects.members import Malformed, as_list, as_object, as_text, as_whole, decoded
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.openai_embeddings import numbers
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.conversation import Losses
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.making import Embedding, Task, Vectors
from gatepost_gateway.domain.ports import Answered, Summary
from gatepost_gateway.domain.usage import Usage

MOST_AT_ONCE = 100
"""Requests that a batch may hold."""
_MOST_USED = 2**40
_envelope = msgspec.json.Decoder(dict[str, Raw])
_SINGLE = frozenset({"content", "model"})
_BATCH = frozenset({"requests"})
_KNOWN = frozenset({"model", "content", "taskType", "title", "outputDimensionality"})
_UNSPECIFIED = "TASK_TYPE_UNSPECIFIED"


def read_single(body: bytes) -> Asked:
    """An `embedContent` request, still without its model. Raises CallerError (400)."""
    _, fields = read_envelope(body, _envelope, "embedContent")
    check_members(body, fields, _SINGLE) if fields else None
    try:
        said = camel({name: decoded(value) for name, value in fields.items()})
        media = _media(said)
    except Malformed as error:
        raise CallerError(f"the request body is not an embedContent request: {error}") from None
    return _asked(DialectName.GEMINI_EMBED, body, fields, media)


def read_batch(body: bytes) -> Asked:
    """A `batchEmbedContents` request, still without its model. Raises CallerError (400)."""
    _, fields = read_envelope(body, _envelope, "batchEmbedContents")
    check_members(body, fields, _BATCH) if fields else None
    try:
        listed = as_list(decoded(fields.get("requests", b"null")), "requests")
        media = sum(_media(camel(as_object(one, "requests"))) for one in listed)
    except Malformed as error:
        raise CallerError(f"the request body is not a batchEmbedContents request: {error}") from None
    if not listed:
        raise CallerError("`requests` is empty")
    return _asked(DialectName.GEMINI_BATCH_EMBED, body, fields, media)


def _asked(dialect: DialectName, body: bytes, fields: dict[str, Raw], media: int) -> Asked:
    return Asked(
        operation=Operation.EMBED,
        dialect=dialect,
        model="",
        stream=False,
        body=body,
        fields=fields,
        media=media,
        single=dialect is DialectName.GEMINI_EMBED,
    )


def _media(request: dict[str, Any]) -> int:
    """How many parts of a request are not text. Raises Malformed."""
    return sum("text" not in part for part in _parts(request))


def _parts(request: dict[str, Any]) -> list[dict[str, Any]]:
    content = as_object(request.get("content"), "content")
    return parts_of(camel(content), "content")


def read_request(asked: Asked) -> Embedding:
    """Raises Malformed; CallerError (422) for what no other format has: pictures, settings that differ in a batch."""
    if asked.dialect is DialectName.GEMINI_EMBED:
        requests = [{name: decoded(value) for name, value in asked.fields.items()}]
    else:
        requests = [as_object(one, "requests") for one in as_list(decoded(asked.fields["requests"]), "requests")]
    read = [_one(camel(request)) for request in requests]
    first = read[0]
    for other in read[1:]:
        if (other.dimensions, other.task, other.title) != (first.dimensions, first.task, first.title):
            raise untranslatable(
                "the requests of the batch differ in their settings, and only Gemini's models take that"
            )
        first.inputs += other.inputs
        first.beside += other.beside
    first.single = asked.single
    return first


def _one(request: dict[str, Any]) -> Embedding:
    parts = _parts(request)
    if any("text" not in part for part in parts):
        raise untranslatable("a part is not text, and only Gemini's models make vectors of that")
    word = as_text(request.get("taskType"), "taskType")
    task = Task(word) if word in set(Task) else None
    beside = [name for name, value in request.items() if name not in _KNOWN and value is not None]
    if word and task is None and word != _UNSPECIFIED:
        beside.append("taskType")
    if len(parts) > 1:
        beside.append("parts")
    return Embedding(
        inputs=["\n".join(as_text(part.get("text"), "text") for part in parts)],
        dimensions=as_whole(request.get("outputDimensionality"), "outputDimensionality"),
        task=task,
        title=as_text(request.get("title"), "title") or None,
        beside=tuple(beside),
    )


def pass_request(asked: Asked, shape: Shape) -> bytes:
    """The caller's own bytes; where they name the model otherwise, its own members with only that changed."""
    name = f"models/{shape.model}"
    if asked.dialect is DialectName.GEMINI_EMBED:
        if decoded(asked.fields.get("model", b"null")) in (None, name):
            return asked.body
        return encode({**asked.fields, "model": name})
    requests = msgspec.json.decode(asked.fields["requests"], type=list[dict[str, Raw]])
    if all(decoded(request.get("model", b"null")) == name for request in requests):
        return asked.body
    renamed = [{**request, "model": name} for request in requests]
    return encode({**asked.fields, "requests": renamed})


def write_request(question: Embedding, shape: Shape, losses: Losses) -> list[bytes]:
    """Raises CallerError (422) for tokens: they are another model's, and there is no text of them here."""
    losses.add(*question.beside, *(("user",) if question.user is not None else ()))
    settings: dict[str, Any] = {}
    if question.task is not None:
        settings["taskType"] = question.task.value
    if question.title is not None:
        settings["title"] = question.title
    if question.dimensions is not None:
        settings["outputDimensionality"] = question.dimensions
    contents = [{"parts": [{"text": text}]} for text in texts_of(question, shape)]
    if question.single:
        return [encode({"content": contents[0], **settings})]
    requests = [{"model": f"models/{shape.model}", "content": content, **settings} for content in contents]
    starts = range(0, len(requests), MOST_AT_ONCE)
    return [encode({"requests": requests[start : start + MOST_AT_ONCE]}) for start in starts]


def texts_of(question: Embedding, shape: Shape) -> list[str]:
    """The inputs as texts. Raises CallerError (422) for tokens."""
    texts = [text for text in question.inputs if isinstance(text, str)]
    if len(texts) != len(question.inputs):
        raise untranslatable(f"`input` holds tokens, and `{shape.model}` takes texts only")
    return texts


class _Values(Struct):
    values: Raw


class _UsageMetadata(Struct):
    prompt: int | None = field(name="promptTokenCount", default=None)


class _Reply(Struct):
    embedding: _Values | None = None
    embeddings: list[_Values] | None = None
    usage: _UsageMetadata | None = field(name="usageMetadata", default=None)


_reply = msgspec.json.Decoder(_Reply)


def read_reply(answers: Sequence[Answered]) -> Vectors:
    """Raises Malformed."""
    vectors: list[Raw] = []
    counts: list[int | None] = []
    for answer in answers:
        try:
            reply = _reply.decode(answer.body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Malformed(str(error)) from None
        found = [reply.embedding] if reply.embedding is not None else reply.embeddings
        if found is None:
            raise Malformed("the answer has neither `embedding` nor `embeddings`")
        vectors += [numbers(one.values) for one in found]
        counts.append(reply.usage.prompt if reply.usage is not None else None)
    return Vectors(vectors=vectors, usage=total(counts))


def total(counts: Sequence[int | None]) -> Usage | None:
    """The input tokens of several answers; None when one of them does not say."""
    said = [count for count in counts if count is not None and 0 <= count <= _MOST_USED]
    return Usage(input=sum(said)) if said and len(said) == len(counts) else None


def summarise(body: bytes) -> Summary:
    """Raises Malformed when the answer has no vectors."""
    return Summary(usage=read_reply([Answered(body)]).usage)


def write_reply(reply: Vectors, asked: Asked, losses: Losses) -> bytes:  # noqa: ARG001 - the shape of every side
    vectors = [{"values": vector} for vector in reply.vectors]
    single = asked.dialect is DialectName.GEMINI_EMBED
    if single and len(vectors) != 1:
        raise Malformed("the answer to one text has not one vector")
    said: dict[str, Any] = {"embedding": vectors[0]} if single else {"embeddings": vectors}
    if reply.usage is not None:
        said["usageMetadata"] = {"promptTokenCount": reply.usage.input, "totalTokenCount": reply.usage.input}
    return encode(said)
