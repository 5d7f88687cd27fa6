import msgspec
import pytest

from gatepost_gateway.dialects import anthropic_messages
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.usage import Usage


def asked(messages=(), **more):
    return anthropic_messages.read_asked(msgspec.json.encode({"model": "m", "messages": messages, **more}))


def test_the_envelope():
    one = asked(max_tokens=9, stream=True, metadata={"user_id": "u", "other": 1})
    assert (one.model, one.max_output, one.stream, one.user, one.choices) == ("m", 9, True, "u", 1)
    assert asked().max_output is None


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"model":"","messages":[]}', b'{"model":"m","messages":{}}', b'{"model":"m","messages":1}']
)
def test_what_is_not_a_request_is_the_callers_fault(body):
    with pytest.raises(CallerError):
        anthropic_messages.read_asked(body)
    with pytest.raises(CallerError, match="max_tokens"):
        asked(max_tokens=0)


def test_media_is_counted_however_deep():
    image = {"type": "image", "source": {"type": "url", "url": "u"}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}, image]}
    messages = [
        {"role": "user", "content": [image, {"type": "document"}, result, {"type": "text", "text": "image"}]},
        {"role": "user", "content": "an image"},
    ]
    assert asked(messages).media == 3
    assert asked([{"role": "user", "content": "hi"}]).media == 0


def test_only_what_must_change_changes():
    one = anthropic_messages.read_asked(b'{"model":"m", "z":1.0e0,"messages":[],"max_tokens":5}')
    assert anthropic_messages.pass_request(one, Shape(model="m")) is one.body
    sent = anthropic_messages.pass_request(one, Shape(model="x", cap=2))
    assert sent == b'{"model":"x","z":1.0e0,"messages":[],"max_tokens":2}'


def test_an_answer_sums_itself_up():
    body = {"id": "i", "content": [], "usage": {"input_tokens": 1, "cache_read_input_tokens": 5, "output_tokens": 2}}
    assert anthropic_messages.summarise(msgspec.json.encode(body)).usage == Usage(input=1, cache_read=5, output=2)
