import base64
import json
import math
import zlib
from typing import Any

from gatepost_gateway.dialects.openai_embeddings import summarise
from gatepost_gateway.providers import sandbox_making as sandbox

from ..dialects.making_kit import unpacked


def vectors(**body: Any) -> list[Any]:
    return [one["embedding"] for one in json.loads(sandbox.embeddings(body))["data"]]


def test_the_same_words_have_the_same_vector_of_length_one() -> None:
    one, other, again = vectors(input=["a b", "c", "a b"])
    assert one == again != other
    assert len(one) == sandbox.USUAL_DIMENSIONS
    assert math.isclose(sum(value * value for value in one), 1, abs_tol=1e-4)


def test_dimensions_encoding_and_tokens() -> None:
    assert len(vectors(input="a", dimensions=7)[0]) == 7
    (packed,), (plain,) = vectors(input="a", encoding_format="base64"), vectors(input="a")
    assert all(math.isclose(x, y, abs_tol=1e-6) for x, y in zip(unpacked(packed), plain, strict=True))
    assert len(vectors(input=[1, 2])) == 1
    assert len(vectors(input=[[1, 2], [3]])) == 2
    usage = summarise(sandbox.embeddings({"input": ["a b", "c"]})).usage
    assert usage is not None
    assert usage.input == 3


def test_pictures_are_pngs_and_differ() -> None:
    data = json.loads(sandbox.images({"prompt": "a cat", "n": 2}))["data"]
    first, second = (base64.b64decode(one["b64_json"]) for one in data)
    assert first != second
    assert first.startswith(b"\x89PNG\r\n\x1a\n")
    assert zlib.decompress(first[41:-16])[:1] == b"\0"
    (link,) = json.loads(sandbox.images({"prompt": "a", "response_format": "url"}))["data"]
    assert link["url"].startswith("data:image/png;base64,")


def test_where_the_orders_stand() -> None:
    assert sandbox.first_text({"prompt": "p"}) == "p"
    assert sandbox.first_text({"input": ["x", "y"]}) == "x"
    assert sandbox.first_text({}) == ""
