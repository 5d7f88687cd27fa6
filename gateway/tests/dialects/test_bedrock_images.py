import json
from typing import Any

import pytest

from gatepost_gateway.dialects import bedrock_images
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.registry import BEDROCK_IMAGES
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.ports import Answered

from .making_kit import answered, asked_in, bodies

TITAN, CANVAS = "amazon.titan-image-generator-v2:0", "amazon.nova-canvas-v1:0"
XL, CORE, SD3 = "stability.stable-diffusion-xl-v1", "stability.stable-image-core-v1:1", "stability.sd3-5-large-v1:0"


def sent(model: str, **body: Any) -> tuple[list[Any], tuple[str, ...]]:
    return bodies(asked_in(DialectName.OPENAI_IMAGES, {"prompt": "a cat", **body}), BEDROCK_IMAGES, model)


@pytest.mark.parametrize("model", [TITAN, CANVAS])
def test_amazons_models_make_five_at_once(model: str) -> None:
    config = {"numberOfImages": 1, "width": 512, "height": 768, "quality": "premium"}
    params = {"text": "a cat"}
    assert sent(model, size="512x768", quality="hd") == (
        [{"taskType": "TEXT_IMAGE", "textToImageParams": params, "imageGenerationConfig": config}],
        (),
    )
    many, _ = sent(model, n=7)
    assert [one["imageGenerationConfig"] for one in many] == [{"numberOfImages": 5}, {"numberOfImages": 2}]
    assert sent(model, quality="odd")[1] == ("quality",)


def test_stable_diffusion_xl_is_told_pixels() -> None:
    assert sent(XL, size="1024x768", n=2) == (
        [{"text_prompts": [{"text": "a cat"}], "width": 1024, "height": 768}] * 2,
        (),
    )
    assert sent(XL, quality="hd")[1] == ("quality",)


@pytest.mark.parametrize("model", [CORE, SD3, "stability.stable-image-ultra-v1:1"])
def test_newer_models_are_told_a_ratio(model: str) -> None:
    assert sent(model) == ([{"prompt": "a cat"}], ())
    assert sent(model, size="1024x1024") == ([{"prompt": "a cat", "aspect_ratio": "1:1"}], ())
    assert sent(model, size="1536x1024") == ([{"prompt": "a cat", "aspect_ratio": "3:2"}], ("size",))
    assert sent(model, size="1024x1792") == ([{"prompt": "a cat", "aspect_ratio": "9:16"}], ("size",))
    assert sent(model, size="1000x10") == ([{"prompt": "a cat"}], ("size",))
    assert len(sent(model, n=4)[0]) == 4
    assert sent(model, quality="hd", style="vivid", response_format="url")[1] == ("style", "response_format", "quality")


@pytest.mark.parametrize(
    ("said", "pictures"),
    [
        ({"images": ["AA==", "BB=="], "error": None}, ["AA==", "BB=="]),
        ({"seeds": [1], "finish_reasons": [None], "images": ["AA=="]}, ["AA=="]),
        ({"result": "success", "artifacts": [{"seed": 1, "base64": "AA==", "finishReason": "SUCCESS"}]}, ["AA=="]),
    ],
)
def test_answers_are_read(said: Any, pictures: list[str]) -> None:
    asked = asked_in(DialectName.OPENAI_IMAGES, {"prompt": "x", "n": 2})
    page, summary = answered(asked, BEDROCK_IMAGES, said, said)
    assert [one["b64_json"] for one in page["data"]] == pictures * 2
    assert summary.usage is not None
    assert (summary.usage.images, summary.usage.output) == (2 * len(pictures), 0)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"images": [], "error": "blocked by our filters"}, "blocked by our filters"),
        ({"seeds": [], "finish_reasons": ["Filter reason: prompt"]}, "Filter reason: prompt"),
        ({"artifacts": [{"base64": "AA==", "finishReason": "CONTENT_FILTERED"}]}, "CONTENT_FILTERED"),
        ({}, "no picture"),
        ([], "array"),
    ],
)
def test_no_picture_is_no_answer(said: Any, word: str) -> None:
    with pytest.raises(Malformed, match=word):
        bedrock_images.read_reply([Answered(json.dumps(said).encode())])


def test_which_models_make_pictures() -> None:
    assert all(bedrock_images.serves(model) for model in (TITAN, CANVAS, XL, CORE, SD3))
    for other in ("stability.stable-outpaint-v1:0", "amazon.titan-embed-image-v1", "anthropic.claude-3"):
        assert not bedrock_images.serves(other)
