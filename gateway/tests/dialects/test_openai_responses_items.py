import pytest

from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_responses_items import (
    Thought,
    read_call,
    read_content,
    read_picture,
    read_result,
    write_call_seal,
    write_sealed,
    write_signature,
)
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import Media, MediaKind, Opaque, Reasoning, Refusal, Text

CLAUDE, HOME = DialectName.ANTHROPIC_MESSAGES, DialectName.OPENAI_RESPONSES


def test_each_kind_of_content_is_read():
    parts = read_content(
        [
            {"type": "input_text", "text": "a"},
            {"type": "output_text", "text": "b", "annotations": []},
            {"type": "refusal", "refusal": "no"},
            {"type": "input_image", "image_url": "data:image/jpeg;base64,QQ==", "detail": "high"},
            {"type": "input_image", "file_id": "f1"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="},
            {"type": "input_file", "file_url": "https://x.test/a.pdf"},
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "mp3"}},
            {"type": "hologram"},
        ],
        "x",
    )
    image, document = MediaKind.IMAGE, MediaKind.DOCUMENT
    assert parts == [
        Text(text="a"),
        Text(text="b"),
        Refusal(text="no"),
        Media(kind=image, mime="image/jpeg", data="QQ==", extra={"detail": "high"}),
        Media(kind=image, file_id="f1", sealed_by=HOME),
        Media(kind=document, mime="application/pdf", data="QQ==", name="a.pdf"),
        Media(kind=document, url="https://x.test/a.pdf"),
        Media(kind=MediaKind.AUDIO, mime="audio/mpeg", data="QQ=="),
        Opaque(dialect=HOME, kind="hologram", value={"type": "hologram"}),
    ]
    assert read_content("x", "x") == [Text(text="x")]
    assert read_content(None, "x") == []


def test_calls_and_results_are_read():
    call = read_call({"id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"})
    assert (call.id, call.name, call.arguments) == ("c1", "f", "{}")
    assert read_call({"id": "fc_1", "name": "f"}).id == "fc_1"
    result = read_result({"call_id": "c1", "output": [{"type": "input_text", "text": "x"}]})
    assert (result.call_id, result.name, result.parts) == ("c1", None, [Text(text="x")])
    assert read_result({"call_id": "c1", "name": "f", "output": ""}).name == "f"


@pytest.mark.parametrize("owner", [HOME, CLAUDE, None])
def test_a_seal_comes_back_as_what_it_was(owner):
    words = {"summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]}
    signed = Thought({**words, "encrypted_content": write_signature("s#1", owner)})
    assert signed.parts == [Reasoning(text="a\n\nb", signature="s#1", sealed_by=owner or HOME)]
    sealed = Thought({"summary": [], "encrypted_content": write_sealed("gAAA", owner)})
    assert sealed.parts == [Reasoning(sealed="gAAA", sealed_by=owner or HOME)]
    before_call = Thought({"summary": [], "encrypted_content": write_call_seal("s", owner)})
    assert (before_call.parts, before_call.call_seal, before_call.owner) == ([], "s", owner or HOME)


def test_open_models_show_their_thoughts_as_content():
    assert Thought({"summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}).text == "hm"
    assert Thought({"id": "rs_1", "summary": []}).parts == []


def test_a_picture_has_its_data():
    assert read_picture({"result": "QQ==", "output_format": "webp"}).mime == "image/webp"
    with pytest.raises(Malformed):
        read_picture({"result": None})
