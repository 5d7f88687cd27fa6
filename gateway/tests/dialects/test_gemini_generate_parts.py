import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects.gemini_generate_parts import kind_of, read_part, write_part
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import (
    Cache,
    Losses,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

from .kit import plain

SEAL = base64.b64encode(b"a seal").decode()


def written(part: Any) -> tuple[Any, tuple[str, ...]]:
    losses = Losses()
    return write_part(part, losses, {}), losses.names


@pytest.mark.parametrize(
    "said",
    [
        {"text": "hi"},
        {"text": "hi", "thoughtSignature": SEAL},
        {"text": "hm", "thought": True},
        {"functionCall": {"id": "c", "name": "f", "args": {"a": 1, "b": [1.5, None]}}, "thoughtSignature": SEAL},
        {"functionResponse": {"id": "c", "name": "f", "response": {"result": "fine"}}},
        {"functionResponse": {"id": "c", "name": "f", "response": {"output": {"deep": [1]}}}},
        {"functionResponse": {"id": "c", "name": "f", "response": {"error": "no"}}},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"fileData": {"fileUri": "https://files.test/a.pdf", "mimeType": "application/pdf"}},
        {"executableCode": {"language": "PYTHON", "code": "1"}},
    ],
    ids=lambda said: next(iter(said)),
)
def test_a_part_comes_back_as_it_was(said: dict[str, Any]) -> None:
    back, lost = written(read_part(said, ""))
    assert plain(back) == said
    assert lost == ()


@given(st.text(), st.booleans())
def test_any_result_comes_back_as_it_was(text: str, failed: bool) -> None:
    part = ToolResult(call_id="c", name="f", parts=[Text(text=text)], failed=failed)
    back = read_part(written(part)[0], "")
    assert isinstance(back, ToolResult)
    assert back.failed == failed or text.startswith("{")
    said = back.parts[0]
    assert isinstance(said, Text)
    assert said.text == text or json.loads(said.text) == json.loads(text)


def test_names_with_underscores_and_safe_base64_are_read_too() -> None:
    part = read_part({"inline_data": {"mime_type": "audio/wav", "data": "-_"}, "thought_signature": "-_"}, "")
    assert part == Media(kind=MediaKind.AUDIO, mime="audio/wav", data="+/")
    call = read_part({"function_call": {"name": "f"}, "thoughtSignature": "c2VhbA"}, "call_1")
    assert call == ToolCall(
        id="call_1", name="f", arguments="{}", signature="c2VhbA", sealed_by=DialectName.GEMINI_GENERATE
    )


def test_a_foreign_seal_comes_home_under_its_owners_name() -> None:
    thought = Reasoning(text="hm", signature="Eq==!", sealed_by=DialectName.ANTHROPIC_MESSAGES)
    said, _ = written(thought)
    base64.b64decode(said["thoughtSignature"], validate=True)
    assert read_part(said, "") == thought


def test_a_thought_that_is_sealed_whole_comes_back_to_its_owner() -> None:
    thought = Reasoning(sealed="gA==", sealed_by=DialectName.OPENAI_RESPONSES)
    said, lost = written(thought)
    assert (said["text"], said["thought"], lost) == ("", True, ())
    assert read_part(said, "") == thought
    own = Reasoning(sealed="gA==", sealed_by=DialectName.GEMINI_GENERATE)
    assert written(own)[0]["thoughtSignature"] == "gA=="


@pytest.mark.parametrize(
    ("part", "lost"),
    [
        (Refusal(text="no"), "messages.refusal"),
        (Text(text="a", cache=Cache()), "cache_control"),
        (Text(text="a", extra={"citations": []}), "messages.citations"),
        (Media(kind=MediaKind.IMAGE, file_id="f"), "messages.image.file_id"),
        (Media(kind=MediaKind.DOCUMENT, data="AA", name="n"), "messages.document.name"),
        (ToolCall(id="c", name="f", arguments="{"), "tool_call.arguments"),
        (ToolCall(id="c", name="f", arguments="[1]"), "tool_call.arguments"),
        (ToolResult(call_id="c", parts=[]), "tool_result.name"),
        (ToolResult(call_id="c", name="f", parts=[Text(text="", cache=Cache())]), "cache_control"),
        (Opaque(dialect=DialectName.OPENAI_CHAT, kind="audio", value={}), "messages.audio"),
    ],
)
def test_what_has_no_place_is_listed(part: Any, lost: str) -> None:
    assert written(part)[1] == (lost,)


def test_media_get_the_kind_and_type_that_fit() -> None:
    assert written(Media(kind=MediaKind.DOCUMENT, data="AA"))[0]["inlineData"]["mimeType"] == "application/pdf"
    assert (
        written(Media(kind=MediaKind.IMAGE, url="https://a.test/b.JPG?x=1"))[0]["fileData"]["mimeType"] == "image/jpeg"
    )
    assert written(Media(kind=MediaKind.IMAGE, url="https://a.test/b"))[0] == {
        "fileData": {"fileUri": "https://a.test/b"}
    }
    assert kind_of("video/mp4") is MediaKind.VIDEO
    assert kind_of("text/plain") is MediaKind.DOCUMENT
    assert kind_of(None) is MediaKind.IMAGE


def test_a_result_with_a_picture_keeps_it() -> None:
    picture = Media(kind=MediaKind.IMAGE, mime="image/png", data="AA")
    part = ToolResult(call_id="c", name="f", parts=[Text(text="seen"), picture])
    assert read_part(written(part)[0], "") == part
    with pytest.raises(Malformed):
        read_part({"functionResponse": {"name": "f", "parts": [{"text": "a"}]}}, "")


@pytest.mark.parametrize(
    "said", [{"text": 1}, {"functionCall": []}, {"functionCall": {"args": 1}}, {"thought": "yes", "text": ""}]
)
def test_what_is_not_the_format_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read_part(said, "")
