import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects import openai_embeddings
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.registry import GEMINI_EMBED, OPENAI_EMBEDDINGS
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import CallerError

from ..recordings import need
from .making_kit import answered, asked_in, bodies, recorded, unpacked

NAME = DialectName.OPENAI_EMBEDDINGS
FAMILIES = ("openai", "azure-openai", "openai-compatible")


def test_every_recorded_request_is_read_and_passes_as_it_came() -> None:
    need("provider-recordings/openai.jsonl")
    seen = 0
    for family in FAMILIES:
        for row in recorded(family, "embeddings"):
            body = row["request"]["body"]
            raw = json.dumps(body).encode()
            asked = asked_in(NAME, raw)
            assert openai_embeddings.pass_request(asked, Shape(model=asked.model)) == raw
            renamed = json.loads(openai_embeddings.pass_request(asked, Shape(model="other")))
            assert renamed == {**body, "model": "other"}
            assert list(renamed) == list(body)
            seen += 1
    assert seen > 40


def test_every_recorded_answer_says_what_it_used() -> None:
    need("provider-recordings/openai.jsonl")
    for family in FAMILIES:
        for row in recorded(family, "embeddings"):
            said = row["response"]["body"]
            summary = openai_embeddings.summarise(json.dumps(said).encode())
            counted = said["usage"].get("prompt_tokens", said["usage"]["total_tokens"])
            assert summary.usage is not None
            assert (summary.usage.input, summary.usage.output, summary.usage.exact) == (counted, 0, True)
            assert summary.model == said["model"]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"input": "x"}, "model"),
        ({"model": "m"}, "input"),
        ({"model": "m", "input": ""}, "input"),
        ({"model": "m", "input": []}, "input"),
        ({"model": "m", "input": 5}, "input"),
        ({"model": "m", "input": {"text": "x"}}, "input"),
        ({"model": "m", "input": "x", "dimensions": 0}, "dimensions"),
        ({"model": "m", "input": "x", "dimensions": "9"}, "dimensions"),
        ({"model": "m", "input": "x", "encoding_format": "hex"}, "encoding_format"),
        ({"model": "m", "input": "x", "Input": "y"}, "Input"),
    ],
)
def test_what_is_no_request_is_refused_by_name(body: Any, word: str) -> None:
    with pytest.raises(CallerError, match=word) as refused:
        asked_in(NAME, body)
    assert refused.value.status == 400


def test_what_is_asked() -> None:
    asked = asked_in(NAME, {"model": "m", "input": "x", "user": "u", "encoding_format": None})
    assert (asked.operation, asked.stream, asked.single, asked.user, asked.media) == (
        Operation.EMBED,
        False,
        True,
        "u",
        0,
    )
    pictures = asked_in(NAME, {"model": "m", "input": ["a {", {"image": "http://x"}, {"text": "b"}]})
    assert (pictures.single, pictures.media) == (False, 2)


def test_a_request_for_another_format_names_what_it_loses() -> None:
    body = {"model": "m", "input": ["a", "b"], "dimensions": 8, "user": "u", "input_type": "query", "truncation": True}
    (sent,), lossy = bodies(asked_in(NAME, body), GEMINI_EMBED, "g")
    settings = {"taskType": "RETRIEVAL_QUERY", "outputDimensionality": 8}
    assert sent["requests"][1] == {"model": "models/g", "content": {"parts": [{"text": "b"}]}, **settings}
    assert lossy == ("truncation", "user")


@pytest.mark.parametrize("said", [[1, 2], [[1, 2], [3]], ["a", "b"], "a"])
def test_a_request_comes_back_as_it_was(said: Any) -> None:
    body = {"model": "m", "input": said, "dimensions": 4, "user": "u"}
    question = openai_embeddings.read_request(asked_in(NAME, body))
    losses = openai_embeddings.Losses()
    (raw,) = openai_embeddings.write_request(question, Shape(model="m"), losses)
    written = json.loads(raw)
    assert written == {**body, "input": [said] if said == [1, 2] else said}
    assert losses.names == ()


@pytest.mark.parametrize("said", [[None], [["a"]], ["a", 1], [{"text": "a"}], [[]], [True]])
def test_inputs_that_no_other_format_has_are_malformed(said: Any) -> None:
    with pytest.raises(Malformed):
        openai_embeddings.read_request(asked_in(NAME, {"model": "m", "input": said}))


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1), min_size=1))
def test_vectors_come_out_in_the_encoding_that_was_asked_for(vectors: list[list[float]]) -> None:
    said = {"embeddings": [{"values": vector} for vector in vectors], "usageMetadata": {"promptTokenCount": 7}}
    plain = asked_in(NAME, {"model": "m", "input": ["x"] * len(vectors)})
    page, summary = answered(plain, GEMINI_EMBED, said)
    assert [one["embedding"] for one in page["data"]] == vectors
    assert [one["index"] for one in page["data"]] == list(range(len(vectors)))
    assert page["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
    assert summary.usage is not None
    assert summary.usage.input == 7
    packed = asked_in(NAME, {"model": "m", "input": ["x"] * len(vectors), "encoding_format": "base64"})
    page, _ = answered(packed, GEMINI_EMBED, said)
    assert [unpacked(one["embedding"]) for one in page["data"]] == vectors


def test_an_answer_is_put_in_order() -> None:
    asked = asked_in(DialectName.GEMINI_BATCH_EMBED, {"requests": [{"content": {"parts": [{"text": "a"}]}}] * 2})
    data = [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}]
    page, summary = answered(asked, OPENAI_EMBEDDINGS, {"data": data, "model": "x", "usage": {"total_tokens": 4}})
    assert page["embeddings"] == [{"values": [1]}, {"values": [2]}]
    assert page["usageMetadata"]["promptTokenCount"] == 4
    assert summary.model == "x"


@pytest.mark.parametrize("said", [{}, {"data": [{"embedding": "AAAA"}]}, {"data": [{}]}, [], {"data": None}])
def test_an_answer_that_is_none_is_malformed(said: Any) -> None:
    asked = asked_in(DialectName.GEMINI_BATCH_EMBED, {"requests": [{"content": {"parts": [{"text": "a"}]}}]})
    with pytest.raises(Malformed):
        answered(asked, OPENAI_EMBEDDINGS, said)
