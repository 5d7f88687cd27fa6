import msgspec
import pytest

from gatepost_gateway.dialects import anthropic_messages, openai_chat
from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ProviderKind
from gatepost_gateway.domain.usage import NOTHING, Usage
from gatepost_gateway.providers import PROVIDERS

from ..pipeline.fakes import entry as any_entry

ANTHROPIC = PROVIDERS[ProviderKind.ANTHROPIC]
BODY = b'{"model":"m","messages":[],"max_tokens":5}'


def entry(**more):
    defaults = {"provider": ProviderKind.ANTHROPIC, "base_url": "https://api.anthropic.test", "identifier": "claude-x"}
    return any_entry(**{**defaults, **more})


def build(body=BODY, key="sk-ant-api03-k", extra=(), cap=None, operation=Operation.CHAT, **more):
    asked = anthropic_messages.read_asked(body)
    asked.operation = operation
    secret = Secret(key) if key is not None else None
    return ANTHROPIC.build(asked, entry(**more), secret, list(extra), cap)


def test_where_it_goes_and_as_whom():
    request = build()
    headers = dict(request.headers)
    assert (request.origin.host, request.target) == ("api.anthropic.test", b"/v1/messages")
    assert (headers[b"x-api-key"], headers[b"anthropic-version"]) == (b"sk-ant-api03-k", b"2023-06-01")
    assert b"authorization" not in headers
    assert msgspec.json.decode(request.body) == {"model": "claude-x", "messages": [], "max_tokens": 5}
    assert build(base_url="https://api.anthropic.test/v1/").target == b"/v1/messages"
    assert build(operation=Operation.COUNT).target == b"/v1/messages/count_tokens"


def test_a_token_is_a_bearer_and_no_key_is_none():
    headers = dict(build(key="sk-ant-oat01-t").headers)
    assert headers[b"authorization"] == b"Bearer sk-ant-oat01-t"
    assert b"x-api-key" not in headers
    assert b"x-api-key" not in dict(build(key=None).headers)


def test_the_callers_version_and_betas_go_along():
    headers = build(extra=[(b"anthropic-version", b"2030-01-01"), (b"anthropic-beta", b"b")]).headers
    assert [value for name, value in headers if name == b"anthropic-version"] == [b"2030-01-01"]
    assert (b"anthropic-beta", b"b") in headers


def test_an_imposed_cap_replaces_the_callers():
    assert msgspec.json.decode(build(cap=3).body)["max_tokens"] == 3


@pytest.mark.parametrize(
    ("model", "cap", "expected"), [({"max_output": 8000}, None, 8000), ({"max_output": None}, None, 4096), ({}, 7, 7)]
)
def test_another_formats_request_gets_the_cap_that_this_one_demands(model, cap, expected):
    asked = openai_chat.read_asked(b'{"model":"m","messages":[{"role":"user","content":"hi"}]}')
    request = ANTHROPIC.build(asked, entry(**model), None, [], cap)
    assert msgspec.json.decode(request.body) == {
        "model": "claude-x",
        "max_tokens": expected,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }
    assert request.lossy == ()


def test_answers_are_read_and_garbage_is_a_typed_failure():
    asked = anthropic_messages.read_asked(BODY)
    body = b'{"id":"i","content":[{"type":"text","text":"x"}],"usage":{"input_tokens":2,"output_tokens":1}}'
    passed, summary = ANTHROPIC.read(asked, body)
    assert (passed, summary.usage) == (body, Usage(input=2, output=1))
    for wrong in (b"<html>", b'{"id":1}', b"[]"):
        with pytest.raises(UpstreamError, match="not a message") as caught:
            ANTHROPIC.read(asked, wrong)
        assert (caught.value.code, caught.value.next_step) == (Code.UPSTREAM_GARBAGE, NextStep.TRY_NEXT)


def test_a_count_costs_nothing():
    asked = anthropic_messages.read_asked(BODY)
    asked.operation = Operation.COUNT
    passed, summary = ANTHROPIC.read(asked, b'{"input_tokens":14}')
    assert (passed, summary.usage) == (b'{"input_tokens":14}', NOTHING)
    with pytest.raises(UpstreamError):
        ANTHROPIC.read(asked, b"{}")


def test_a_refusal_is_in_its_own_format():
    said = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    error = ANTHROPIC.explain(529, [], said)
    assert (error.status, error.next_step, error.provider) == (503, NextStep.RETRY_SAME, "anthropic")
    assert "Overloaded" in error.public
    assert error.dialect is DialectName.ANTHROPIC_MESSAGES
    assert ANTHROPIC.explain(401, [], said).status == 502
