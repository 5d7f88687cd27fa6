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
    {"type": "file", "file": {"file_id": "file-1"}},
    {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "high"}},
]


@pytest.mark.parametrize("part", SAME, ids=lambda part: part["type"])
def test_a_part_there_and_back_is_itself(part):
    losses = Losses()
    before = {"type": "text", "text": "before"}
    assert write_parts(read_parts([before, part], "x"), "m", losses) == [before, part]
    assert losses.names == ()


def test_one_text_is_a_string():
    assert write_parts(read_parts("hi", "x"), "m", Losses()) == "hi"
    assert write_parts(read_parts(None, "x"), "m", Losses()) == write_parts(read_parts("", "x"), "m", Losses()) == ""


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
    write_parts([image, text], "m", losses)
    assert losses.names == ("cache_control",)


def test_what_to_keep_is_marked_where_the_model_reads_it():
    text = Text(text="x", cache=Cache("1h"))
    picture = Media(kind=MediaKind.IMAGE, url="u", cache=Cache())
    losses = Losses()
    said = write_parts([text, picture], "gpt-5.6", losses)
    assert said == [
        {"type": "text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
        {"type": "image_url", "image_url": {"url": "u"}, "prompt_cache_breakpoint": {"mode": "explicit"}},
    ]
    assert (losses.names, [part.cache for part in read_parts(said, "x")]) == ((), [Cache("1h"), Cache()])
    assert write_parts([text], "gpt-5.6", losses) == said[:1]
    nowhere = Opaque(dialect=DialectName.ANTHROPIC_MESSAGES, kind="odd", value=1, cache=Cache())
    assert write_parts([nowhere], "gpt-5.6", losses) == []
    assert losses.names == ("messages.odd", "cache_control")


def test_media_by_an_address_are_read():
    parts = read_parts(
        [
            {"type": "document_url", "document_url": "https://x/y.pdf", "document_name": "y"},
            {"type": "document_url", "document_url": "data:application/pdf;base64,AA"},
            {"type": "video_url", "video_url": {"url": "https://x/y.mp4"}},
            {"type": "audio_url", "audio_url": {"url": "data:audio/wav;base64,AA"}},
        ],
        "x",
    )
    assert parts == [
        Media(kind=MediaKind.DOCUMENT, url="https://x/y.pdf", name="y"),
        Media(kind=MediaKind.DOCUMENT, mime="application/pdf", data="AA"),
        Media(kind=MediaKind.VIDEO, url="https://x/y.mp4"),
        Media(kind=MediaKind.AUDIO, mime="audio/wav", data="AA"),
    ]
    with pytest.raises(Malformed, match="document_url"):
        read_parts([{"type": "document_url", "document_url": 1}], "x")


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
    assert write_parts([Text(text="x"), part], "m", losses) == [{"type": "text", "text": "x"}]
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
