"""What the mock provider says in other formats is read by the gateway's own decoders as the same replies."""

import pytest

from bench.bodies import STAMP_DIGITS, STAMPED_EVENTS
from bench.formats import ENDS, FAMILIES, all_replies, all_streams, family_of, framed
from gatepost_gateway.dialects import registry, translation
from gatepost_gateway.dialects.openai_chat import read_asked
from gatepost_gateway.dialects.sides import ProviderSide

SIDES: dict[str, ProviderSide] = {
    "anthropic": registry.ANTHROPIC_MESSAGES,
    "gemini": registry.GEMINI_GENERATE,
    "bedrock": registry.BEDROCK_CONVERSE,
}
STAMP = b"1" * STAMP_DIGITS


def _written(family: str, head: bytes, tail: bytes) -> bytes:
    return framed(head, STAMP, tail) if family == "bedrock" else head + STAMP + tail


def unchunked(data: bytes) -> bytes:
    out = b""
    while data:
        size, _, rest = data.partition(b"\r\n")
        length = int(size, 16)
        out, data = out + rest[:length], rest[length + 2 :]
    return out


@pytest.mark.parametrize("family", SIDES)
def test_a_reply_says_what_openais_says(family: str) -> None:
    asked = read_asked(b'{"model":"m","messages":[]}')
    for own, other in zip(all_replies()["openai"], all_replies()[family], strict=True):
        body, summary = translation.read_answer(asked, SIDES[family], other.raw.partition(b"\r\n\r\n")[2])
        assert summary.usage is not None
        assert (summary.usage.input, summary.usage.output) == (own.prompt_tokens, own.completion_tokens)
        assert 900 < summary.text_bytes < len(body)


@pytest.mark.parametrize("family", SIDES)
def test_a_stream_has_every_event_its_usage_and_its_end(family: str) -> None:
    asked = read_asked(b'{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}')
    for one in all_streams()[family][:4]:
        reader = translation.stream_reader(asked, SIDES[family])
        events = [
            framed(head, STAMP, tail) if family == "bedrock" else head + STAMP + tail for head, tail in one.events
        ]
        out = b"".join(reader.feed(unchunked(piece)) for piece in (*events, one.finish, one.usage)) + reader.close()
        assert out.count(b"@" + STAMP) == STAMPED_EVENTS
        assert out.endswith(b"data: [DONE]\n\n")
        assert reader.ended
        assert reader.summary.usage is not None
        assert (reader.summary.usage.input, reader.summary.usage.output) == (one.prompt_tokens, one.completion_tokens)


def test_a_path_tells_whose_it_is() -> None:
    gemini = b"/v1beta/models/g:streamGenerateContent?alt=sse"
    paths = (b"/v1/chat/completions", b"/v1/messages", gemini, b"/model/m/converse")
    assert tuple(map(family_of, paths)) == FAMILIES
    assert family_of(b"/bill") is None
    assert set(ENDS) == set(FAMILIES)
