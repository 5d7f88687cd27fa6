import json
from typing import Any

import pytest

from gatepost_gateway.dialects import openai_images
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.conversation import Losses
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.making import Picture, Pictures
from gatepost_gateway.domain.usage import Usage

from ..recordings import need
from .making_kit import asked_in, recorded

NAME = DialectName.OPENAI_IMAGES


def test_every_recorded_generation_passes_as_it_came_and_is_counted() -> None:
    need("provider-recordings/openai.jsonl")
    seen = 0
    for row in recorded("openai", "image"):
        said = row["response"]["body"]
        usage = openai_images.summarise(json.dumps(said).encode()).usage
        assert usage is not None
        assert usage.images == len(said["data"])
        reported = said.get("usage", {})
        assert (usage.input, usage.output) == (reported.get("input_tokens", 0), reported.get("output_tokens", 0))
        body = row["request"].get("body")
        if not row["request"]["path"].endswith("/generations") or not body:
            continue
        raw = json.dumps(body).encode()
        asked = asked_in(NAME, raw)
        assert asked.model == body.get("model", "dall-e-2")
        assert asked.choices == (body.get("n") or 1)
        assert openai_images.pass_request(asked, Shape(model=asked.model)) == raw
        assert json.loads(openai_images.pass_request(asked, Shape(model="other"))) == {**body, "model": "other"}
        seen += 1
    assert seen >= 5


def test_what_is_asked() -> None:
    asked = asked_in(NAME, {"model": "m", "prompt": "a cat", "n": 3, "user": "u", "stream": False})
    assert (asked.operation, asked.choices, asked.user, asked.stream) == (Operation.IMAGE, 3, "u", False)


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({}, 400, "prompt"),
        ({"prompt": ""}, 400, "prompt"),
        ({"prompt": ["x"]}, 400, "prompt"),
        ({"prompt": "x", "n": 0}, 400, "`n`"),
        ({"prompt": "x", "n": 11}, 400, "`n`"),
        ({"prompt": "x", "model": ""}, 400, "model"),
        ({"prompt": "x", "stream": True}, 422, "stream"),
        ({"prompt": "x", "N": 5}, 400, "N"),
    ],
)
def test_what_is_no_request_is_refused_by_name(body: Any, status: int, word: str) -> None:
    with pytest.raises(CallerError, match=word) as refused:
        asked_in(NAME, body)
    assert refused.value.status == status


def test_a_request_means_this() -> None:
    body = {
        "model": "m", "prompt": "a cat", "n": 2, "size": "1792x1024", "quality": "hd", "response_format": "url",
        "style": "vivid", "background": "auto", "output_format": "png", "user": "u",
    }  # fmt: skip
    assert openai_images.read_request(asked_in(NAME, body)) == Picture(
        prompt="a cat", count=2, size=(1792, 1024), quality="hd", wants_url=True, beside=("style", "user")
    )
    plain = {"prompt": "a cat", "size": "auto", "quality": "auto"}
    assert openai_images.read_request(asked_in(NAME, plain)) == Picture(prompt="a cat")
    with pytest.raises(Malformed, match="size"):
        openai_images.read_request(asked_in(NAME, {"prompt": "x", "size": "large"}))


def test_an_answer_in_the_format() -> None:
    asked = asked_in(NAME, {"prompt": "x"})
    asked.at = 5
    page = json.loads(openai_images.write_reply(Pictures(data=["AA==", "BB=="]), asked, Losses()))
    assert page == {"created": 5, "data": [{"b64_json": "AA=="}, {"b64_json": "BB=="}]}


def test_tokens_are_read_where_they_are_reported() -> None:
    said = {"data": [{"b64_json": "AA=="}], "usage": {"input_tokens": 9, "output_tokens": 4160, "total_tokens": 4169}}
    assert openai_images.summarise(json.dumps(said).encode()).usage == Usage(input=9, output=4160, images=1)
    for odd in (b"{}", b"[", b'{"data":{}}', b'{"data":[],"usage":5}'):
        with pytest.raises(Malformed):
            openai_images.summarise(odd)
