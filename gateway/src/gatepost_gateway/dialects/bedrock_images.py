"""Bedrock's `InvokeModel` for models that make pictures: each vendor has a body of its own.

Source: Amazon Bedrock User Guide, "Amazon Titan Image Generator" and "Amazon Nova Canvas" (one format, at most five
pictures a request), "Stability AI models": Stable Diffusion XL (`text_prompts`, `artifacts`), and Stable Image Core,
Ultra and SD3 (`prompt`, `aspect_ratio`, `images`), one picture a request.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_chat import encode
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.conversation import Losses
from gatepost_gateway.domain.making import Picture, Pictures
from gatepost_gateway.domain.ports import Answered, Summary
from gatepost_gateway.domain.usage import Usage

MOST_AT_ONCE = 5
"""Pictures that Titan and Nova Canvas make in one request."""
_RATIOS = frozenset({"16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"})
_SQUARE = (1024, 1024)
_QUALITIES = {"standard": "standard", "low": "standard", "medium": "standard", "hd": "premium", "high": "premium"}

Writer = Callable[[Picture, Losses], list[bytes]]


def _amazon(question: Picture, losses: Losses) -> list[bytes]:
    settings: dict[str, Any] = {}
    if question.size is not None:
        settings["width"], settings["height"] = question.size
    if question.quality is not None:
        quality = _QUALITIES.get(question.quality)
        if quality is None:
            losses.add("quality")
        else:
            settings["quality"] = quality
    left, bodies = question.count, list[bytes]()
    while left > 0:
        count = min(left, MOST_AT_ONCE)
        config = {"numberOfImages": count, **settings}
        params = {"text": question.prompt}
        bodies.append(encode({"taskType": "TEXT_IMAGE", "textToImageParams": params, "imageGenerationConfig": config}))
        left -= count
    return bodies


def _diffusion(question: Picture, losses: Losses) -> list[bytes]:
    said: dict[str, Any] = {"text_prompts": [{"text": question.prompt}]}
    if question.size is not None:
        said["width"], said["height"] = question.size
    if question.quality is not None:
        losses.add("quality")
    return [encode(said)] * question.count


def _stable(question: Picture, losses: Losses) -> list[bytes]:
    said: dict[str, Any] = {"prompt": question.prompt}
    if question.size is not None:
        ratio = _ratio(*question.size)
        if ratio in _RATIOS:
            said["aspect_ratio"] = ratio
        if question.size != _SQUARE:
            losses.add("size")
    if question.quality is not None:
        losses.add("quality")
    return [encode(said)] * question.count


def _ratio(width: int, height: int) -> str:
    shared = math.gcd(width, height) or 1
    exact = f"{width // shared}:{height // shared}"
    # What OpenAI calls wide is a little wider than 16:9.
    return {"7:4": "16:9", "4:7": "9:16"}.get(exact, exact)


_FAMILIES: tuple[tuple[re.Pattern[str], Writer], ...] = (
    (re.compile(r"amazon\.(?:titan-image-|nova-canvas)"), _amazon),
    (re.compile(r"stability\.stable-diffusion-xl"), _diffusion),
    (re.compile(r"stability\.(?:stable-image-(?:core|ultra)|sd3)"), _stable),
)


def _family(model: str) -> Writer | None:
    return next((writer for pattern, writer in _FAMILIES if pattern.match(model)), None)


def serves(model: str) -> bool:
    """Whether a foundation model, named without a region's prefix, makes pictures of words."""
    return _family(model) is not None


def write_request(question: Picture, shape: Shape, losses: Losses) -> list[bytes]:
    """The bodies for a model that `serves` says yes to."""
    losses.add(*question.beside)
    if question.wants_url:
        losses.add("response_format")
    writer = _family(shape.model)
    assert writer is not None
    return writer(question, losses)


class _Artifact(Struct):
    base64: str = ""
    finish: str = field(name="finishReason", default="SUCCESS")


class _Reply(Struct):
    images: list[str] | None = None
    artifacts: list[_Artifact] | None = None
    error: str | None = None
    finish_reasons: list[str | None] = []


_reply = msgspec.json.Decoder(_Reply)


def read_reply(answers: Sequence[Answered]) -> Pictures:
    """Raises Malformed, also with the provider's own word where it made no picture."""
    data: list[str] = []
    for answer in answers:
        try:
            reply = _reply.decode(answer.body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Malformed(str(error)) from None
        data += _pictures(reply)
    return Pictures(data=data, usage=Usage(images=len(data)))


def _pictures(reply: _Reply) -> list[str]:
    said = reply.error or next((word for word in reply.finish_reasons if word), None)
    made = reply.images or []
    if reply.artifacts is not None:
        said = next((one.finish for one in reply.artifacts if one.finish != "SUCCESS"), None)
        made = [one.base64 for one in reply.artifacts if one.finish == "SUCCESS"]
    made = [one for one in made if one]
    if not made:
        raise Malformed(f"it made no picture: {said or 'it does not say why'}"[:300])
    return made


def summary_of(reply: Pictures) -> Summary:
    return Summary(usage=reply.usage)
