import base64

import pytest

from gatepost_gateway.dialects.anthropic_messages_parts import (
    read_block,
    read_blocks,
    safe_id,
    thought_block,
    write_answer_blocks,
    write_blocks,
)
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

IMAGE = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
SAME = [
    {"type": "text", "text": "x"},
    {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
    {"type": "image", "source": IMAGE},
    {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
    {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="}, "title": "t"},
    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "wörds"}},
    {"type": "tool_use", "id": "t1", "name": "go", "input": {"a": [1]}},
    {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "r"}], "is_error": True},
    {"type": "tool_result", "tool_use_id": "t1"},
    {"type": "thinking", "thinking": "hm", "signature": "sig"},
    {"type": "redacted_thinking", "data": "box"},
    {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"x": 1}]},
]


@pytest.mark.parametrize("block", SAME, ids=lambda block: block["type"])
def test_a_block_there_and_back_is_itself(block):
    losses = Losses()
    assert plain(write_blocks([read_block(block, "x")], losses)) == [block]
    assert losses.names == ()


def test_a_text_is_one_block_and_an_empty_one_none():
    assert read_blocks("hi", "x") == [Text(text="hi")]
    assert read_blocks("", "x") == read_blocks(None, "x") == []
    assert write_blocks([Text(text="")], Losses()) == []


@pytest.mark.parametrize(
    "block",
    [
        {"type": "text", "text": 1},
        {"type": "image"},
        {"type": "image", "source": "x"},
        {"type": "tool_use", "id": 1},
        {"type": "tool_result", "tool_use_id": "t", "is_error": "yes"},
        "text",
    ],
)
def test_a_malformed_block_is_named(block):
    with pytest.raises(Malformed):
        read_blocks([block], "messages[0].content")


@pytest.mark.parametrize(
    ("part", "lost"),
    [
        (Opaque(dialect=DialectName.OPENAI_CHAT, kind="odd", value={}), "messages.odd"),
        (Media(kind=MediaKind.AUDIO, mime="audio/wav", data="AA"), "messages.audio"),
        (Media(kind=MediaKind.IMAGE, mime="image/bmp", data="AA"), "messages.image"),
        (Media(kind=MediaKind.IMAGE, file_id="f"), "messages.image.file_id"),
        (Media(kind=MediaKind.VIDEO, url="u"), "messages.video"),
        (Reasoning(text="unsealed"), "messages.reasoning"),
        (Reasoning(text="t", signature="s", sealed_by=DialectName.GEMINI_GENERATE), "messages.reasoning"),
        (Reasoning(sealed="s", sealed_by=DialectName.OPENAI_CHAT), "messages.reasoning"),
    ],
)
def test_what_has_no_place_is_listed(part, lost):
    losses = Losses()
    assert write_blocks([part], losses) == []
    assert losses.names == (lost,)


def test_extras_and_broken_arguments_are_listed_and_the_rest_goes_along():
    losses = Losses()
    parts = [
        Text(text="x", extra={"annotations": 1}, cache=Cache()),
        ToolCall(id="functions.go:0", name="go", arguments="{broken"),
        ToolResult(call_id="functions.go:0", parts=[]),
    ]
    text, call, result = write_blocks(parts, losses)
    assert text["cache_control"] == {"type": "ephemeral"}
    assert call["id"] == result["tool_use_id"] == safe_id("functions.go:0") == "functions_go_0"
    assert call["input"] == {"arguments": "{broken"}
    assert losses.names == ("messages.annotations", "messages.tool_calls.arguments")


def test_a_text_document_must_be_text():
    with pytest.raises(Malformed):
        write_blocks([Media(kind=MediaKind.DOCUMENT, mime="text/plain", data="!!")], Losses())
    data = base64.b64encode("wörds".encode()).decode()
    (block,) = write_blocks([Media(kind=MediaKind.DOCUMENT, mime="text/plain", data=data)], Losses())
    assert block["source"]["data"] == "wörds"


def test_an_answer_shows_thoughts_of_every_origin():
    assert thought_block(Reasoning(text="x")) == {"type": "thinking", "thinking": "x", "signature": ""}
    foreign = Reasoning(text="x", signature="s", sealed_by=DialectName.GEMINI_GENERATE)
    again = read_block(thought_block(foreign), "x")
    assert (again.signature, again.sealed_by) == ("s", DialectName.GEMINI_GENERATE)
    box = Reasoning(sealed="b", sealed_by=DialectName.OPENAI_CHAT)
    again = read_block(thought_block(box), "x")
    assert (again.sealed, again.sealed_by) == ("b", DialectName.OPENAI_CHAT)


def test_an_answers_losses_are_listed():
    losses = Losses()
    parts = [
        Refusal(text="no"),
        Text(text=""),
        Text(text="t", extra={"citations": 1}),
        ToolCall(id="a.b", name="go", arguments="[]"),
        Media(kind=MediaKind.IMAGE, url="u"),
        Opaque(dialect=DialectName.GEMINI_GENERATE, kind="executableCode", value={}),
        ToolResult(call_id="c", parts=[]),
    ]
    blocks = write_answer_blocks(parts, losses)
    assert [block["type"] for block in blocks] == ["text", "text", "tool_use"]
    assert blocks[2]["input"] == {"arguments": "[]"}
    assert losses.names == (
        "content.refusal",
        "content.citations",
        "content.tool_calls.arguments",
        "content.image",
        "content.executableCode",
        "content.tool_result",
    )
