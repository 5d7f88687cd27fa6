"""What a call that makes things says of itself."""

from gatepost.wire import EmbeddingResult, Image, ImageResult


def test_a_block_has_a_reason_and_nothing_made():
    said = {"trace_id": "t", "step_id": None, "model": None, "status": "blocked", "reason": "no", "new": 1}
    vectors = EmbeddingResult.model_validate({**said, "embeddings": [], "usage_tokens": 0})
    assert (vectors.blocked, vectors.reason, vectors.embeddings, vectors["new"]) == (True, "no", [], 1)
    assert ImageResult.model_validate({**said, "images": []}).blocked


def test_a_picture_is_shown_without_its_data():
    image = Image(b64_json="A" * 100, url="http://x")
    assert "AAAA" not in repr(image)
    assert image.url == "http://x"
