import pytest

from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_chat_parts import read_parts, read_thoughts, write_parts, write_thoughts
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import Cache, Losses, Media, MediaKind, Opaque, Reasoning, Refusal, Text

SAME = [
    {"type": "text", "text": "x"},
    {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
    {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
    {"type": "input_audio", "input_audio": {"data": "AA", "format": "mp3"}},
    {"type": "file", "file": {"filename": "f.pdf", "file_data": "data:application/pdf;base64,AA"}},
]


@pytest.mark.parametrize("part", SAME, ids=lambda part: part["type"])
def test_a_part_there_and_back_is_itself(part):
    losses = Losses()
    before = {"type": "text", "text": "before"}
    assert write_parts(read_parts([before, part], "x"), losses) == [before, part]
    assert losses.names == ()


def test_one_text_is_a_string():
    assert write_parts(read_parts("hi", "x"), Losses()) == "hi"
    assert write_parts(read_parts(None, "x"), Losses()) == write_parts(read_parts("", "x"), Losses()) == ""


def test_marks_and_details_are_read():
    image, text = read_parts(
        [
            {"type": "image_url", "image_url": {"url": "u", "detail": "high"}},
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ],
        "x",
    )
    assert (image.extra, text.cache) == ({"detail": "high"}, Cache("1h"))
    losses = Losses()
    write_parts([image, text], losses)
    assert losses.names == ("messages.detail", "cache_control")


def test_other_shapes_of_servers_are_read():
    assert read_parts([{"type": "image_url", "image_url": "u"}], "x")[0].url == "u"
    assert read_parts([{"type": "file", "file": {"file_id": "f"}}], "x")[0].file_id == "f"
    assert read_parts([{"type": "file", "file": {"file_data": "https://x"}}], "x")[0].url == "https://x"
    assert read_parts([{"type": "refusal", "refusal": "no"}], "x") == [Refusal(text="no")]
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "h"}, {"type": "text", "text": "m"}]}
    assert read_parts([thinking], "x") == [Reasoning(text="hm")]
    (odd,) = read_parts([{"type": "video_url", "x": 1}], "x")
    assert (odd.kind, odd.value) == ("video_url", {"type": "video_url", "x": 1})


@pytest.mark.parametrize(
    "content", [1, [1], [{"type": "text", "text": 1}], [{"type": "image_url"}], [{"type": "file", "file": 1}]]
)
def test_a_malformed_part_is_named(content):
    with pytest.raises(Malformed, match=r"messages\[0\]"):
        read_parts(content, "messages[0]")


@pytest.mark.parametrize(
    ("part", "lost"),
    [
        (Media(kind=MediaKind.IMAGE, file_id="f"), "messages.image.file_id"),
        (Media(kind=MediaKind.DOCUMENT, url="u"), "messages.document.url"),
        (Media(kind=MediaKind.AUDIO, mime="audio/ogg", data="AA"), "messages.audio.data"),
        (Media(kind=MediaKind.VIDEO, url="u"), "messages.video.url"),
        (Opaque(dialect=DialectName.ANTHROPIC_MESSAGES, kind="odd", value=1), "messages.odd"),
        (Refusal(text="no"), "messages.part"),
    ],
)
def test_what_has_no_place_is_listed(part, lost):
    losses = Losses()
    assert write_parts([Text(text="x"), part], losses) == [{"type": "text", "text": "x"}]
    assert losses.names == (lost,)


def test_thoughts_come_back_as_they_were():
    thoughts = [
        Reasoning(text="a", signature="s", sealed_by=DialectName.ANTHROPIC_MESSAGES),
        Reasoning(sealed="box", sealed_by=DialectName.GEMINI_GENERATE),
    ]
    said = write_thoughts(thoughts)
    assert said["reasoning_content"] == "a"
    assert [one["type"] for one in said["reasoning_details"]] == ["reasoning.text", "reasoning.encrypted"]
    assert read_thoughts(said) == thoughts
    assert write_thoughts([Reasoning(text="plain")]) == {"reasoning_content": "plain"}
    assert write_thoughts([]) == {}


def test_an_entry_of_another_family_goes_back_whole():
    entry = {"type": "reasoning.encrypted", "data": "d", "format": "some-v1", "index": 0, "id": "r"}
    thoughts = read_thoughts({"reasoning_details": [entry]})
    assert write_thoughts(thoughts)["reasoning_details"] == [entry]
    assert thoughts[0].sealed_by is DialectName.OPENAI_CHAT


def test_other_names_for_thoughts():
    assert read_thoughts({"reasoning": "a"}) == read_thoughts({"reasoning_content": "a"}) == [Reasoning(text="a")]
    assert read_thoughts({"reasoning_details": [{"type": "reasoning.summary", "summary": "a"}]}) == [
        Reasoning(text="a")
    ]
    assert read_thoughts({"reasoning": {"odd": 1}}) == read_thoughts({}) == []
    assert read_thoughts({"reasoning_details": [{"type": "new"}], "reasoning": "a"}) == [Reasoning(text="a")]
