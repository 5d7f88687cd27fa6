"""Bedrock's `InvokeModel` for models that make vectors: each vendor has a body of its own.

Source: Amazon Bedrock User Guide, "Amazon Titan Embeddings" (one text a call; version 2 takes `dimensions`; the
multimodal model `embeddingConfig`), "Cohere Embed" (at most 96 texts, `input_type` is required from version 3 on;
version 4 takes `output_dimension`), "Amazon Nova Multimodal Embeddings"; InvokeModel's answer header
`x-amzn-bedrock-input-token-count`.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from gatepost_gateway.dialects.gemini_embed import texts_of, total
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_chat import NULL, encode
from gatepost_gateway.dialects.openai_embeddings import numbers
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.conversation import Losses
from gatepost_gateway.domain.making import Embedding, Task, Vectors
from gatepost_gateway.domain.ports import Answered, Headers

MOST_TEXTS = 96
"""Texts that a Cohere model takes at once."""
_OBJECT = ord("{")
COUNTED = b"x-amzn-bedrock-input-token-count"
_COHERE_TASKS = {
    Task.QUERY: "search_query",
    Task.DOCUMENT: "search_document",
    Task.CLASSIFICATION: "classification",
    Task.CLUSTERING: "clustering",
}
_NOVA_PURPOSES = {
    Task.QUERY: "TEXT_RETRIEVAL",
    Task.DOCUMENT: "GENERIC_INDEX",
    Task.CLASSIFICATION: "CLASSIFICATION",
    Task.CLUSTERING: "CLUSTERING",
}

Writer = Callable[[Embedding, Shape, Losses], list[bytes]]


def _titan(question: Embedding, shape: Shape, losses: Losses) -> list[bytes]:
    settings: dict[str, Any] = {}
    if question.dimensions is not None:
        if "embed-text-v2" in shape.model:
            settings["dimensions"] = question.dimensions
        elif "embed-image" in shape.model:
            settings["embeddingConfig"] = {"outputEmbeddingLength": question.dimensions}
        else:
            losses.add("dimensions")
    if question.task is not None:
        losses.add("task_type")
    return [encode({"inputText": text, **settings}) for text in texts_of(question, shape)]


def _cohere(question: Embedding, shape: Shape, losses: Losses) -> list[bytes]:
    task = _COHERE_TASKS.get(question.task) if question.task is not None else "search_document"
    if task is None:
        losses.add("task_type")
    settings: dict[str, Any] = {"input_type": task or "search_document"}
    if question.dimensions is not None:
        if "embed-v4" in shape.model:
            settings["output_dimension"] = question.dimensions
        else:
            losses.add("dimensions")
    texts = texts_of(question, shape)
    return [
        encode({"texts": texts[start : start + MOST_TEXTS], **settings}) for start in range(0, len(texts), MOST_TEXTS)
    ]


def _nova(question: Embedding, shape: Shape, losses: Losses) -> list[bytes]:
    purpose = _NOVA_PURPOSES.get(question.task) if question.task is not None else "GENERIC_INDEX"
    if purpose is None:
        losses.add("task_type")
    settings: dict[str, Any] = {"embeddingPurpose": purpose or "GENERIC_INDEX"}
    if question.dimensions is not None:
        settings["embeddingDimension"] = question.dimensions
    return [
        encode(
            {
                "taskType": "SINGLE_EMBEDDING",
                "singleEmbeddingParams": {**settings, "text": {"truncationMode": "NONE", "value": text}},
            }
        )
        for text in texts_of(question, shape)
    ]


_FAMILIES: tuple[tuple[re.Pattern[str], Writer], ...] = (
    (re.compile(r"amazon\.titan-embed-"), _titan),
    (re.compile(r"cohere\.embed-"), _cohere),
    (re.compile(r"amazon\.nova-[\w-]*embed"), _nova),
)


def _family(model: str) -> Writer | None:
    return next((writer for pattern, writer in _FAMILIES if pattern.match(model)), None)


def serves(model: str) -> bool:
    """Whether a foundation model, named without a region's prefix, makes vectors."""
    return _family(model) is not None


def write_request(question: Embedding, shape: Shape, losses: Losses) -> list[bytes]:
    """The bodies for a model that `serves` says yes to. Raises CallerError (422) for tokens."""
    losses.add(*question.beside)
    losses.add(*(name for name, value in (("title", question.title), ("user", question.user)) if value is not None))
    writer = _family(shape.model)
    assert writer is not None
    return writer(question, shape, losses)


class _Reply(Struct):
    embedding: Raw = NULL
    embeddings: Raw = NULL
    counted: int | None = field(name="inputTextTokenCount", default=None)
    id: str | None = None


class _ByType(Struct):
    floats: list[Raw] = field(name="float")


class _Nova(Struct):
    embedding: Raw


_reply = msgspec.json.Decoder(_Reply)
_plain = msgspec.json.Decoder(list[Raw])
_by_type = msgspec.json.Decoder(_ByType)
_nova_items = msgspec.json.Decoder(list[_Nova])


def read_reply(answers: Sequence[Answered]) -> Vectors:
    """Raises Malformed."""
    vectors: list[Raw] = []
    counts: list[int | None] = []
    for answer in answers:
        try:
            reply = _reply.decode(answer.body)
            vectors += [numbers(one) for one in _vectors(reply)]
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Malformed(str(error)) from None
        counts.append(reply.counted if reply.counted is not None else _counted(answer.headers))
    return Vectors(vectors=vectors, usage=total(counts))


def _vectors(reply: _Reply) -> list[Raw]:
    if reply.embedding != NULL:
        return [reply.embedding]
    said = reply.embeddings
    if said == NULL:
        raise Malformed("the answer has neither `embedding` nor `embeddings`")
    if memoryview(said)[0] == _OBJECT:
        return _by_type.decode(said).floats
    listed = _plain.decode(said)
    if listed and memoryview(listed[0])[0] == _OBJECT:
        return [one.embedding for one in _nova_items.decode(said)]
    return listed


def _counted(headers: Headers) -> int | None:
    said = next((value for name, value in headers if name == COUNTED), b"")
    return int(said) if said.isdigit() and len(said) < 12 else None
