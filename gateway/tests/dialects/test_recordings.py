"""What real providers answered goes through the readers: not a byte changes, and the counts are the provider's own."""

import random

import msgspec
import pytest

from gatepost_gateway.dialects import openai_chat
from gatepost_gateway.dialects.framing import EventSplitter, StreamFailed
from gatepost_gateway.dialects.openai_chat_stream import OpenAIChatReader
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.ports import Summary
from gatepost_gateway.pipeline.watch import BYTES_PER_TOKEN
from gatepost_gateway.providers.refusal import explain


def reader_of(*, keep_usage=False, choices=1):
    options = {"include_usage": keep_usage}
    body = {"model": "m", "messages": [], "stream": True, "n": choices, "stream_options": options}
    return OpenAIChatReader(openai_chat.read_asked(msgspec.json.encode(body)))


def ends(reader):
    assert reader.close() == b""
    return reader.ended


FAMILIES = ("openai", "azure-openai", "openai-compatible")
OTHER_FORMAT = "test_ollama_streaming_chat_with_events_with_content"
"""Ollama's own `/api/chat`: lines of JSON, not events. It is another format, and is refused as such."""


@pytest.fixture
def recordings(fixtures):
    """(family, operation) -> the rows."""

    def rows(family, operation):
        with fixtures("provider-recordings", f"{family}.jsonl").open("rb") as lines:
            return [row for row in map(msgspec.json.decode, lines) if row["operation"] == operation]

    return rows


@pytest.fixture
def answered(recordings):
    def rows(family, operation):
        return [row for row in recordings(family, operation) if row["response"]["status"] == 200]

    return rows


@pytest.fixture
def streams(answered):
    """family -> (row, the body's bytes, how many choices were asked for)."""

    def rows(family):
        for row in answered(family, "chat_stream"):
            body = row["response"].get("body_text")
            if body is not None and OTHER_FORMAT not in row["id"]:
                yield row, body.encode(), ((row["request"] or {}).get("body") or {}).get("n") or 1

    return rows


def counted(said, used):
    """The buckets are disjoint and sum to the provider's own total."""
    assert used.total == said["total_tokens"]
    prompt = (said.get("prompt_tokens_details") or {}).get("cached_tokens") or said.get("prompt_cache_hit_tokens") or 0
    # One provider says that more was cached than there was: never more than there was is taken out of the input.
    assert used.cache_read == min(prompt, said["prompt_tokens"])
    assert used.reasoning <= used.output
    assert min(used.input, used.output, used.cache_read, used.cache_write, used.reasoning) >= 0


@pytest.mark.parametrize("family", FAMILIES)
def test_whole_answers_are_read_and_counted(family, answered):
    rows = answered(family, "chat")
    assert rows
    for row in rows:
        said = row["response"]["body"]
        summary = openai_chat.summarise(msgspec.json.encode(said))
        assert summary.upstream_id == said.get("id")
        assert len(summary.finish) == len([one for one in said["choices"] if one.get("finish_reason")])
        counted(said["usage"], summary.usage)


def read(data, cuts, choices):
    """The bytes that came through, the reader, and the provider's own error event if it sent one."""
    reader = reader_of(keep_usage=True, choices=choices)
    out = []
    try:
        for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
            out.append(reader.feed(data[start:end]))
    except StreamFailed as failed:
        return b"".join(out), reader, failed
    return b"".join(out), reader, None


@pytest.mark.parametrize("family", FAMILIES)
def test_streams_pass_unchanged_however_they_are_cut(family, streams):
    chance = random.Random(family)
    rows = list(streams(family))
    assert rows
    for _, data, choices in rows:
        whole, reader, failed = read(data, [], choices)
        for step in (1, 7, 1024):
            cuts = list(range(step, len(data), step)) if step > 1 else sorted(chance.sample(range(1, len(data)), 40))
            pieces, again, failed_again = read(data, cuts, choices)
            assert (failed is None) == (failed_again is None)
            assert data.startswith(pieces)
            assert again.summary == reader.summary
            assert (again.tokens, again.spoke) == (reader.tokens, reader.spoke)
            if failed is None:
                assert pieces == whole
        if failed is None:
            assert whole == data
            assert ends(reader)
            assert len(reader.summary.finish) >= choices or b"[DONE]" in data
        else:
            assert str(failed)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_stream_shows_never_counts_more_tokens_than_the_provider_did(family, streams):
    checked = 0
    for row, data, choices in streams(family):
        _, reader, failed = read(data, [], choices)
        if failed is None and reader.summary.usage is not None and reader.summary.usage.output:
            output = reader.summary.usage.output
            assert reader.tokens <= output + 1, row["id"]
            assert reader.summary.text_bytes // BYTES_PER_TOKEN <= output
            checked += 1
    assert checked


@pytest.mark.parametrize("family", FAMILIES)
def test_the_usage_of_a_stream_is_the_last_that_was_said(family, streams):
    checked = 0
    for _, data, _ in streams(family):
        said = None
        for line in data.split(b"\n"):
            if line.startswith(b"data: {"):
                chunk = msgspec.json.decode(line[6:])
                said = chunk.get("usage") or ((chunk.get("x_groq") or {}).get("usage") and None) or said
        _, reader, failed = read(data, [], 1)
        if said and failed is None:
            counted(said, reader.summary.usage)
            checked += 1
    assert checked


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_that_is_cut_short_is_never_a_clean_end(family, streams):
    for _, data, choices in streams(family):
        at = data.rfind(b'"finish_reason":"')
        if at < 0:
            continue
        _, reader, failed = read(data[:at], [], choices)
        assert failed is not None or not ends(reader)


@pytest.mark.parametrize("family", FAMILIES)
def test_usage_that_was_not_asked_for_is_hidden_and_nothing_else(family, streams):
    for row, data, _ in streams(family):
        reader = reader_of(keep_usage=False)
        try:
            out = reader.feed(data)
        except StreamFailed:
            continue
        events = EventSplitter().feed(data)
        hidden = [event for event in events if event not in out]
        assert all(b'"usage"' in event for event in hidden), row["id"]
        assert b"".join(event for event in events if event not in hidden) == out


@pytest.mark.parametrize("family", FAMILIES)
def test_requests_are_read_and_written_as_they_came(family, recordings):
    seen = 0
    for row in recordings(family, "chat") + recordings(family, "chat_stream"):
        said = (row["request"] or {}).get("body")
        if not isinstance(said, dict):
            continue
        # Azure takes the model from the path; here the caller names it, as every OpenAI client does.
        body = msgspec.json.encode({"model": "deployment", **said})
        asked = openai_chat.read_asked(body)
        plain = not asked.stream or asked.wants_usage
        written = openai_chat.pass_request(asked, Shape(model=asked.model))
        assert (written == body) is plain
        sent = msgspec.json.decode(openai_chat.pass_request(asked, Shape(model="other", cap=7)))
        for name, value in said.items():
            if name not in ("model", "max_tokens", "max_completion_tokens", "stream_options"):
                assert sent[name] == value
        assert sent["model"] == "other"
        assert asked.media or not {"vision", "audio"} & set(row["features"])
        seen += 1
    assert seen


@pytest.mark.parametrize("family", FAMILIES)
def test_refusals_are_understood(family, recordings, answered):
    rows = [row for row in recordings(family, "chat") if row["response"]["status"] >= 400]
    assert rows
    for row in rows:
        said = row["response"]["body"]
        failure = explain(family, row["response"]["status"], [], msgspec.json.encode(said))
        words = said["error"]["message"] if isinstance(said.get("error"), dict) else said.get("detail", "")
        assert words[:200] in failure.public
        assert failure.upstream_status == row["response"]["status"]
        assert (failure.body == b"") is (failure.upstream_status == 401)


def test_another_format_is_no_answer(answered):
    [row] = [one for one in answered("openai-compatible", "chat_stream") if OTHER_FORMAT in one["id"]]
    reader = reader_of(keep_usage=True)
    assert reader.feed(row["response"]["body_text"].encode()) == b""
    assert not ends(reader)
    assert reader.summary == Summary()
