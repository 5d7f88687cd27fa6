import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects import gemini_embed
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.registry import GEMINI_EMBED, OPENAI_EMBEDDINGS
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.errors import CallerError, Code

from ..recordings import need
from .making_kit import answered, asked_in, bodies, recorded

SINGLE, BATCH = DialectName.GEMINI_EMBED, DialectName.GEMINI_BATCH_EMBED


def content(*texts: str) -> dict[str, Any]:
    return {"parts": [{"text": text} for text in texts]}


def test_every_recorded_call_passes_as_it_came_and_is_counted() -> None:
    need("provider-recordings/gemini.jsonl")
    seen = 0
    for row in recorded("gemini", "embeddings"):
        raw, model = json.dumps(row["request"]["body"]).encode(), row["request"]["path"].split("/")[3].partition(":")[0]
        asked = asked_in(BATCH, raw)
        assert gemini_embed.pass_request(asked, Shape(model=model)) == raw
        other = json.loads(gemini_embed.pass_request(asked, Shape(model="other")))
        assert {one["model"] for one in other["requests"]} == {"models/other"}
        said = row["response"]["body"]
        usage = gemini_embed.summarise(json.dumps(said).encode()).usage
        count = said.get("usageMetadata", {}).get("promptTokenCount")
        assert (usage.input if usage else None) == count
        seen += 1
    assert seen >= 10


def test_every_recorded_answer_reads_the_same_in_openais_format() -> None:
    need("provider-recordings/gemini.jsonl")
    for row in recorded("gemini", "embeddings"):
        said = row["response"]["body"]
        asked = asked_in(DialectName.OPENAI_EMBEDDINGS, {"model": "m", "input": ["x"]})
        page, _ = answered(asked, GEMINI_EMBED, said)
        assert [one["embedding"] for one in page["data"]] == [one["values"] for one in said["embeddings"]]


@given(st.lists(st.text(), min_size=1, max_size=5), st.integers(1, 4096) | st.none())
def test_there_and_back_is_the_same(texts: list[str], dimensions: int | None) -> None:
    body = {"model": "m", "input": texts, **({"dimensions": dimensions} if dimensions else {})}
    (sent,), lossy = bodies(asked_in(DialectName.OPENAI_EMBEDDINGS, body), GEMINI_EMBED, "m")
    assert lossy == ()
    (back,), lossy = bodies(asked_in(BATCH, sent), OPENAI_EMBEDDINGS, "m")
    assert (back, lossy) == (body, ())


def test_one_text_alone_is_one_content() -> None:
    (sent,), _ = bodies(asked_in(DialectName.OPENAI_EMBEDDINGS, {"model": "m", "input": "hi"}), GEMINI_EMBED, "g")
    assert sent == {"content": content("hi")}
    (back,), _ = bodies(asked_in(SINGLE, sent), OPENAI_EMBEDDINGS, "m")
    assert back == {"model": "m", "input": "hi"}
    page, _ = answered(asked_in(SINGLE, sent), OPENAI_EMBEDDINGS, {"data": [{"embedding": [1.5]}]})
    assert page == {"embedding": {"values": [1.5]}}


def test_more_than_a_batch_holds_becomes_several() -> None:
    asked = asked_in(DialectName.OPENAI_EMBEDDINGS, {"model": "m", "input": [str(n) for n in range(205)]})
    sent, _ = bodies(asked, GEMINI_EMBED, "g")
    assert [len(one["requests"]) for one in sent] == [100, 100, 5]
    assert sent[2]["requests"][4]["content"] == content("204")
    answers = [{"embeddings": [{"values": [1]}], "usageMetadata": {"promptTokenCount": 2}} for _ in sent]
    page, summary = answered(asked, GEMINI_EMBED, *answers)
    assert len(page["data"]) == 3
    assert summary.usage is not None
    assert summary.usage.input == 6
    _, summary = answered(asked, GEMINI_EMBED, answers[0], {"embeddings": []})
    assert summary.usage is None, "an answer that does not say makes the sum unknown"


def test_names_with_underscores_are_the_same_names() -> None:
    body = {"content": content("a"), "task_type": "CLUSTERING", "output_dimensionality": 3, "title": "t"}
    (sent,), lossy = bodies(asked_in(SINGLE, body), OPENAI_EMBEDDINGS, "m")
    assert sent == {"model": "m", "input": "a", "dimensions": 3}
    assert lossy == ("task_type", "title")


def test_what_is_lost_is_named() -> None:
    body = {"content": content("a", "b"), "taskType": "NEW_TASK", "autoTruncate": True}
    (sent,), lossy = bodies(asked_in(SINGLE, body), OPENAI_EMBEDDINGS, "m")
    assert sent["input"] == "a\nb"
    assert lossy == ("autoTruncate", "taskType", "parts")


@pytest.mark.parametrize(
    "requests",
    [
        [{"content": content("a"), "taskType": "CLUSTERING"}, {"content": content("b")}],
        [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}]}}],
    ],
    ids=["settings that differ", "a picture"],
)
def test_what_no_other_format_has_is_refused(requests: Any) -> None:
    asked = asked_in(BATCH, {"requests": requests})
    with pytest.raises(CallerError) as refused:
        bodies(asked, OPENAI_EMBEDDINGS, "m")
    assert (refused.value.status, refused.value.code) == (422, Code.NOT_TRANSLATABLE)


def test_tokens_of_another_model_are_refused() -> None:
    with pytest.raises(CallerError, match="tokens"):
        bodies(asked_in(DialectName.OPENAI_EMBEDDINGS, {"model": "m", "input": [1, 2]}), GEMINI_EMBED, "g")


def test_pictures_are_counted_for_the_hold() -> None:
    part = {"inline_data": {"mime_type": "image/png", "data": "AA=="}}
    assert asked_in(BATCH, {"requests": [{"content": {"parts": [{"text": "a"}, part]}}]}).media == 1
    assert asked_in(SINGLE, {"content": {"parts": [part, part]}}).media == 2


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (SINGLE, {}),
        (SINGLE, {"content": []}),
        (SINGLE, {"content": {"parts": [1]}}),
        (BATCH, {}),
        (BATCH, {"requests": []}),
        (BATCH, {"requests": {}}),
        (BATCH, {"requests": [1]}),
        (BATCH, {"requests": [{}]}),
    ],
)
def test_what_is_no_request_is_refused(dialect: DialectName, body: Any) -> None:
    with pytest.raises(CallerError) as refused:
        asked_in(dialect, body)
    assert refused.value.status == 400


@pytest.mark.parametrize("said", [{}, {"embedding": {}}, {"embeddings": [{"values": "AA"}]}, []])
def test_an_answer_without_vectors_is_malformed(said: Any) -> None:
    with pytest.raises(Malformed):
        gemini_embed.summarise(json.dumps(said).encode())


def test_one_text_has_one_vector() -> None:
    with pytest.raises(Malformed):
        answered(asked_in(SINGLE, {"content": content("a")}), OPENAI_EMBEDDINGS, {"data": []})
