import re

import msgspec
import pytest
from msgspec import Raw, Struct

from gatepost_gateway.dialects import translation
from gatepost_gateway.dialects.envelope import (
    LONGEST_MODEL,
    MAX_TOKENS,
    check_members,
    check_model,
    check_tokens,
    read_envelope,
)
from gatepost_gateway.dialects.registry import (
    ANTHROPIC_MESSAGES,
    BEDROCK_CONVERSE,
    CALLERS,
    GEMINI_GENERATE,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
)
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.errors import CallerError, Code


class Small(Struct):
    model: str
    messages: Raw


DECODER = msgspec.json.Decoder(Small)
GOVERNED = frozenset({"model", "messages"})


def read(body):
    envelope, fields = read_envelope(body, DECODER, "small")
    check_members(body, fields, GOVERNED)
    return envelope, fields


def test_members_stay_bytes_in_the_callers_order():
    envelope, fields = read(b'{"z":1.0e0,"model":"m","messages":[ ]}')
    assert envelope.model == "m"
    assert {name: bytes(raw) for name, raw in fields.items()} == {"z": b"1.0e0", "model": b'"m"', "messages": b"[ ]"}
    assert list(fields) == ["z", "model", "messages"]


@pytest.mark.parametrize(
    ("body", "words", "code"),
    [
        (b"{", "not valid JSON", Code.INVALID_JSON),
        (b'{"model":"\xff","messages":[]}', "not valid JSON", Code.INVALID_JSON),
        (b'{"model":1,"messages":[]}', "not a small request", Code.INVALID_REQUEST),
        (b'{"model":"m","messages":' + b"[" * 100_000, "nested too deeply", Code.TOO_DEEP),
        (b'{"model":"m","messages":[],"Model":"x"}', "did you mean `model`", Code.INVALID_REQUEST),
        (b'{"model":"m","messages":[],"messages":[1]}', "there twice", Code.INVALID_REQUEST),
    ],
)
def test_a_fault_is_named(body, words, code):
    with pytest.raises(CallerError, match=words) as caught:
        read(body)
    assert (caught.value.status, caught.value.code) == (400, code)


def test_spaces_between_members_are_no_second_member():
    assert read(b' {\n "model" : "m" ,\t"messages" : [ ] } ') is not None


def test_bounds():
    check_model("m" * LONGEST_MODEL)
    check_tokens("max_tokens", None)
    check_tokens("max_tokens", MAX_TOKENS)
    for wrong in (lambda: check_model(""), lambda: check_model("m" * (LONGEST_MODEL + 1))):
        with pytest.raises(CallerError, match="model"):
            wrong()
    for tokens in (0, -1, MAX_TOKENS + 1):
        with pytest.raises(CallerError, match="max_tokens"):
            check_tokens("max_tokens", tokens)


@pytest.mark.parametrize("odd", [b"{}", b"[]", b"1e400", b"null", b"7", b"[" * 950 + b"]" * 950])
@pytest.mark.parametrize("dialect", CALLERS)
def test_a_request_of_odd_types_is_refused_and_never_a_bug(dialect, odd):
    """In the place of each value of a request of each format."""
    raw = msgspec.json.encode(REQUESTS[dialect])
    written, refused = 0, 0
    found = list(re.finditer(rb'(?<=:)(?:"[^"]*"|[\d.]+|true)', raw))
    for one in found:
        body = raw[: one.start()] + odd + raw[one.end() :]
        for side in (OPENAI_CHAT, ANTHROPIC_MESSAGES, GEMINI_GENERATE, BEDROCK_CONVERSE, OPENAI_RESPONSES):
            try:
                asked = CALLERS[dialect].read_asked(body)
                out, _ = translation.write_request(asked, side, Shape(model="m", stream=True, cap=5))
            except CallerError as error:
                refused += bool(error.public) and 400 <= error.status < 500
            else:
                written += out[:1] == b"{"
    assert refused > 0 or odd == b"null"  # which says nothing, and may stand anywhere in some formats
    assert refused + written == len(found) * 5


_IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
REQUESTS = {
    DialectName.OPENAI_CHAT: {
        "model": "m", "stream": True, "stream_options": {"x": 1},
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x/y"}}]}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    },
    DialectName.OPENAI_COMPLETIONS: {"model": "m", "prompt": "x", "stream": True, "stream_options": {"x": 1}},
    DialectName.OPENAI_RESPONSES: {
        "model": "m",
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": "https://x/y"}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "item_reference", "id": "i"},
        ],
    },
    DialectName.ANTHROPIC_MESSAGES: {
        "model": "m", "max_tokens": 5,
        "messages": [
            {"role": "user", "content": [_IMAGE]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]},
        ],
    },
    DialectName.GEMINI_GENERATE: {
        "contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}]}],
        "generationConfig": {"maxOutputTokens": 5},
    },
}  # fmt: skip
