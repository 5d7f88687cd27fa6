import json

import pytest

from gatepost_gateway.dialects import counts
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.errors import CallerError

ANTHROPIC, GEMINI = DialectName.ANTHROPIC_MESSAGES, DialectName.GEMINI_GENERATE


def asked(dialect: DialectName) -> Asked:
    return Asked(Operation.COUNT, dialect, "m", False, b"{}", {})


@pytest.mark.parametrize(
    ("dialect", "body", "count"),
    [
        (ANTHROPIC, b'{"input_tokens": 14}', 14),
        (ANTHROPIC, b'{"input_tokens": 0, "more": []}', 0),
        (GEMINI, b'{"totalTokens": 31, "promptTokensDetails": [{"modality": "TEXT"}]}', 31),
        (GEMINI, b"{}", 0),
    ],
)
def test_a_count_is_read(dialect: DialectName, body: bytes, count: int) -> None:
    assert counts.read_count(dialect, body) == count


@pytest.mark.parametrize("dialect", [ANTHROPIC, GEMINI])
@pytest.mark.parametrize("value", ["-1", "1.5", '"5"', "null", "true", "[1]"])
def test_what_is_no_count_is_told(dialect: DialectName, value: str) -> None:
    name = "input_tokens" if dialect is ANTHROPIC else "totalTokens"
    with pytest.raises(ValueError, match="int"):
        counts.read_count(dialect, f'{{"{name}": {value}}}'.encode())
    for body in (b"", b"[]", b"5", b"[" * 100_000, b"\xff"):
        with pytest.raises(ValueError):
            counts.read_count(dialect, body)


def test_anthropic_never_leaves_its_count_out() -> None:
    with pytest.raises(ValueError, match="null"):
        counts.read_count(ANTHROPIC, b"{}")


def test_a_count_in_the_callers_format() -> None:
    body = b'{"totalTokens": 31, "promptTokensDetails": []}'
    assert counts.answer(asked(GEMINI), GEMINI, body) is body
    assert json.loads(counts.answer(asked(ANTHROPIC), GEMINI, body)) == {"input_tokens": 31}
    assert json.loads(counts.answer(asked(GEMINI), ANTHROPIC, b'{"input_tokens":14}')) == {"totalTokens": 14}


def test_what_providers_are_asked() -> None:
    whole = counts.gemini_request(b'{"contents": [1], "model": "x", "tools": []}', "gemini-x")
    assert json.loads(whole) == {"generateContentRequest": {"contents": [1], "model": "models/gemini-x", "tools": []}}
    body = b'{"model":"m","messages":[],"max_tokens":5,"temperature":1,"system":"s"}'
    assert counts.anthropic_request(asked(ANTHROPIC), body) is body
    assert json.loads(counts.anthropic_request(asked(GEMINI), body)) == {"model": "m", "messages": [], "system": "s"}


def test_what_a_caller_wants_counted() -> None:
    plain = b'{"contents": []}'
    assert counts.gemini_asked(plain) is plain
    whole = b'{"generateContentRequest": {"model": "models/x", "contents": [1], "new": {"a": 1}}}'
    assert json.loads(counts.gemini_asked(whole)) == {"contents": [1], "new": {"a": 1}}
    for broken in (b"{", b"[]", b'{"generateContentRequest": 1}', b"\xff"):
        assert counts.gemini_asked(broken) is broken
    with pytest.raises(CallerError, match="either"):
        counts.gemini_asked(b'{"contents": [], "generateContentRequest": {}}')
