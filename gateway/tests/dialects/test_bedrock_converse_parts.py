from typing import Any

import pytest

from gatepost_gateway.dialects.bedrock_converse_parts import read_block, tool_id, write_blocks
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

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
HOME = DialectName.BEDROCK_CONVERSE


def written(part: Any, model: str = CLAUDE) -> tuple[list[Any], tuple[str, ...]]:
    losses = Losses()
    return write_blocks([part], model, losses), losses.names


@pytest.mark.parametrize(
    "said",
    [
        {"text": "hi"},
        {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": [1.5, None]}}},
        {"toolUse": {"toolUseId": "t1", "name": "f", "input": {}, "type": "server_tool_use"}},
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "S"}}},
        {"reasoningContent": {"redactedContent": "AAAA"}},
        {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
        {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/k"}}}},
        {"video": {"format": "mp4", "source": {"bytes": "AAAA"}}},
    ],
    ids=lambda said: next(iter(said)),
)
def test_a_block_comes_back_as_it_was(said: dict[str, Any]) -> None:
    blocks, lost = written(read_block(said))
    assert (plain(blocks), lost) == ([said], ())


def test_a_cited_text_is_text_and_its_citations_stay_beside_it() -> None:
    part = read_block({"citationsContent": {"content": [{"text": "a"}, {"text": "b"}], "citations": [{"title": "t"}]}})
    assert part == Text(text="ab", extra={"citations": [{"title": "t"}]})


def test_media_have_the_services_words() -> None:
    def block(**said: Any) -> dict[str, Any]:
        return written(Media(**said))[0][0]

    document = block(kind=MediaKind.DOCUMENT, mime="text/plain", data="AA", name="my_file.txt")
    assert document == {"document": {"format": "txt", "name": "my-file-txt", "source": {"bytes": "AA"}}}
    assert block(kind=MediaKind.IMAGE, mime="image/jpg", data="AA")["image"]["format"] == "jpeg"
    assert block(kind=MediaKind.AUDIO, data="AA")["audio"]["format"] == "wav"
    assert block(kind=MediaKind.VIDEO, url="s3://b/k")["video"]["source"] == {"s3Location": {"uri": "s3://b/k"}}


def test_a_result_says_whether_it_failed() -> None:
    picture = Media(kind=MediaKind.IMAGE, mime="image/png", data="AA")
    part = ToolResult(call_id="t1", parts=[Text(text="no"), picture], failed=True, cache=Cache())
    assert written(part)[0] == [
        {
            "toolResult": {
                "toolUseId": "t1",
                "content": [{"text": "no"}, {"image": {"format": "png", "source": {"bytes": "AA"}}}],
                "status": "error",
            }
        },
        {"cachePoint": {"type": "default"}},
    ]


def test_ids_are_made_to_fit_the_same_way_each_time() -> None:
    assert tool_id("tooluse_a-B") == "tooluse_a-B"
    assert tool_id("call.1/2") == tool_id("call.1/2")
    assert len({tool_id("x" * 65), tool_id("x" * 66), tool_id("")}) == 3
    assert all(len(tool_id(one)) <= 64 for one in ("x" * 100, "é"))


def test_an_empty_text_is_not_sent() -> None:
    assert written(Text(text="")) == ([], ())


def test_another_platforms_seal_of_the_same_model_is_good() -> None:
    thought = Reasoning(text="hm", signature="S", sealed_by=DialectName.ANTHROPIC_MESSAGES)
    assert written(thought)[1] == ()
    assert written(thought, "amazon.nova-pro-v1:0") == ([], ("messages.reasoning",))


@pytest.mark.parametrize(
    ("part", "lost"),
    [
        (Refusal(text="no"), "messages.refusal"),
        (Text(text="a", signature="S"), "messages.signature"),
        (Text(text="a", extra={"citations": []}), "messages.citations"),
        (Reasoning(text="hm"), "messages.reasoning"),
        (Reasoning(sealed="x", sealed_by=DialectName.ANTHROPIC_MESSAGES), "messages.reasoning"),
        (Media(kind=MediaKind.IMAGE, file_id="f"), "messages.image.file_id"),
        (Media(kind=MediaKind.IMAGE, url="https://a.test/b.png"), "messages.image.url"),
        (ToolCall(id="c", name="f", arguments="{"), "tool_call.arguments"),
        (ToolCall(id="c", name="f", arguments="{}", signature="S"), "messages.signature"),
        (ToolResult(call_id="c", parts=[Text(text="a", cache=Cache())]), "cache_control"),
        (ToolResult(call_id="c", parts=[Opaque(dialect=HOME, kind="k", value={})]), "tool_result.k"),
        (Opaque(dialect=DialectName.OPENAI_CHAT, kind="audio", value={}), "messages.audio"),
    ],
)
def test_what_has_no_place_is_listed(part: Any, lost: str) -> None:
    assert written(part)[1] == (lost,)


@pytest.mark.parametrize(
    "said", [{"text": 1}, {"toolUse": []}, {"reasoningContent": 1}, {"citationsContent": {"content": 1}}]
)
def test_what_is_not_the_format_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read_block(said)
