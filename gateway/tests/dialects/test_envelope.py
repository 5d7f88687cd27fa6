import msgspec
import pytest
from msgspec import Raw, Struct

from gatepost_gateway.dialects.envelope import (
    LONGEST_MODEL,
    MAX_TOKENS,
    check_members,
    check_model,
    check_tokens,
    read_envelope,
)
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
