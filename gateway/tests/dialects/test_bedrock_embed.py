import json
from typing import Any

import pytest

from gatepost_gateway.dialects import bedrock_embed
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.registry import BEDROCK_EMBED
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.ports import Answered, Headers

from ..recordings import need
from .making_kit import asked_in, bodies, recorded

V1, V2, PICTURES = "amazon.titan-embed-text-v1", "amazon.titan-embed-text-v2:0", "amazon.titan-embed-image-v1"
COHERE3, COHERE4 = "cohere.embed-english-v3", "cohere.embed-v4:0"
NOVA = "amazon.nova-2-multimodal-embeddings-v1:0"


def sent(model: str, **body: Any) -> tuple[list[Any], tuple[str, ...]]:
    return bodies(asked_in(DialectName.OPENAI_EMBEDDINGS, {"model": "m", **body}), BEDROCK_EMBED, model)


def headers_of(row: dict[str, Any]) -> Headers:
    return [(name.lower().encode(), str(value).encode()) for name, value in row["response"]["headers"].items()]


def texts_in(body: dict[str, Any]) -> list[str]:
    if "singleEmbeddingParams" in body:
        return [body["singleEmbeddingParams"]["text"]["value"]]
    return body.get("texts") or [body["inputText"]]


def test_every_recorded_call_is_written_and_read() -> None:
    need("provider-recordings/bedrock.jsonl")
    seen = 0
    for row in recorded("bedrock", "embeddings"):
        said = row["response"]["body"]
        vectors = bedrock_embed.read_reply([Answered(json.dumps(said).encode(), headers_of(row))])
        told = dict(headers_of(row)).get(bedrock_embed.COUNTED)
        counted = said.get("inputTextTokenCount", int(told) if told else None)
        assert (vectors.usage.input if vectors.usage else None) == counted
        body = row["request"].get("body")
        if not body:
            continue
        model = row["request"]["path"].split("/")[2].replace("%3A", ":").removeprefix("us.")
        written, _ = sent(model, input=texts_in(body))
        assert [text for one in written for text in texts_in(one)] == texts_in(body)
        assert len(vectors.vectors) == len(texts_in(body))
        assert {*written[0]} <= {*body, "input_type"}
        seen += 1
    assert seen > 20


def test_titan_takes_one_text_a_request() -> None:
    assert sent(V2, input=["a", "b"], dimensions=256) == (
        [{"inputText": "a", "dimensions": 256}, {"inputText": "b", "dimensions": 256}],
        (),
    )
    assert sent(V1, input="a", dimensions=256) == ([{"inputText": "a"}], ("dimensions",))
    assert sent(PICTURES, input="a", dimensions=256)[0] == [
        {"inputText": "a", "embeddingConfig": {"outputEmbeddingLength": 256}}
    ]
    assert sent(V2, input="a", input_type="query", user="u")[1] == ("user", "task_type")


def test_cohere_takes_many_and_must_be_told_what_for() -> None:
    assert sent(COHERE3, input=["a", "b"]) == ([{"texts": ["a", "b"], "input_type": "search_document"}], ())
    written, lossy = sent(COHERE3, input="a", input_type="search_query", dimensions=5)
    assert written == [{"texts": ["a"], "input_type": "search_query"}]
    assert lossy == ("dimensions",)
    assert sent(COHERE4, input="a", dimensions=5)[0][0]["output_dimension"] == 5
    many, _ = sent(COHERE4, input=[str(n) for n in range(100)])
    assert [len(one["texts"]) for one in many] == [96, 4]


def test_a_task_that_a_vendor_has_no_word_for_is_named() -> None:
    body = {"content": {"parts": [{"text": "a"}]}, "taskType": "FACT_VERIFICATION"}
    asked = asked_in(DialectName.GEMINI_EMBED, body)
    for model in (V2, COHERE4, NOVA):
        assert bodies(asked, BEDROCK_EMBED, model)[1] == ("task_type",)


def test_nova_takes_one_text_with_a_purpose() -> None:
    written, lossy = sent(NOVA, input="a", dimensions=256, input_type="query")
    text = {"truncationMode": "NONE", "value": "a"}
    params = {"embeddingPurpose": "TEXT_RETRIEVAL", "embeddingDimension": 256, "text": text}
    assert (written, lossy) == ([{"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": params}], ())


def test_tokens_are_refused() -> None:
    with pytest.raises(CallerError, match="tokens"):
        sent(V2, input=[[1, 2]])


def test_which_models_make_vectors() -> None:
    assert all(bedrock_embed.serves(model) for model in (V1, V2, PICTURES, COHERE3, COHERE4, NOVA))
    for other in ("anthropic.claude-3", "amazon.titan-text-lite-v1", "cohere.command-r-v1:0", "amazon.nova-lite-v1:0"):
        assert not bedrock_embed.serves(other)


def test_counts_add_up_over_the_requests() -> None:
    plain = b'{"embedding":[1],"inputTextTokenCount":3}'
    usage = bedrock_embed.read_reply([Answered(plain), Answered(plain)]).usage
    assert usage is not None
    assert usage.input == 6
    assert bedrock_embed.read_reply([Answered(plain), Answered(b'{"embedding":[1]}')]).usage is None


@pytest.mark.parametrize(
    "said", [b"{}", b"[]", b"{", b'{"embedding":"x"}', b'{"embeddings":{"int8":[[1]]}}', b'{"embeddings":5}']
)
def test_an_answer_without_vectors_is_malformed(said: bytes) -> None:
    with pytest.raises(Malformed):
        bedrock_embed.read_reply([Answered(said)])
