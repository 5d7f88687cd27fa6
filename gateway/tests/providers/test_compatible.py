import msgspec
import pytest

from gatepost_gateway.dialects import openai_chat, openai_responses
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.errors import Code, GatewayFault, NextStep, UpstreamError
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.providers import FAMILIES, PROVIDERS
from gatepost_gateway.version import VERSION


def entry(kind=ProviderKind.OPENAI, url="https://api.test/v1", **more):
    return ModelEntry("m", more.pop("identifier", "m"), kind, url, **more)


def build(one, *, body=None, cap=None, key="sk-1", extra=()):
    asked = openai_chat.read_asked(msgspec.json.encode({"model": "m", "messages": [], **(body or {})}))
    return PROVIDERS[one.provider].build(asked, one, Secret(key) if key else None, extra, cap)


@pytest.mark.parametrize(
    ("kind", "url", "origin", "target"),
    [
        (ProviderKind.OPENAI, "https://api.test/v1", ("https", "api.test", 443), b"/v1/chat/completions"),
        (ProviderKind.OPENAI, "http://h.test:8000/", ("http", "h.test", 8000), b"/chat/completions"),
        (ProviderKind.OPENAI, "http://[::1]:8000", ("http", "::1", 8000), b"/chat/completions"),
        (
            ProviderKind.AZURE,
            "https://r.openai.azure.com/openai/deployments/d/",
            ("https", "r.openai.azure.com", 443),
            b"/openai/deployments/d/chat/completions?api-version=2024-08-01-preview",
        ),
        (
            ProviderKind.INTERNAL,
            "http://127.0.0.1:8000/any/where?x=1",
            ("http", "127.0.0.1", 8000),
            b"/any/where?x=1",
        ),
        (ProviderKind.INTERNAL, "http://h.test", ("http", "h.test", 80), b"/"),
        (ProviderKind.SANDBOX, "sandbox://local", ("sandbox", "local", 0), b"/chat/completions"),
    ],
)
def test_each_family_has_its_way_to_address(kind, url, origin, target):
    request = build(entry(kind, url))
    made = request.origin
    assert (made.scheme, made.host, made.port) == origin
    assert (request.method, request.target) == (b"POST", target)
    assert made.private_ok


def test_an_azure_entry_names_its_api_version():
    request = build(entry(ProviderKind.AZURE, additional_config={"api_version": "2025-01-01"}))
    assert request.target.endswith(b"?api-version=2025-01-01")


def test_each_family_has_its_way_to_authorise():
    assert (b"authorization", b"Bearer sk-1") in build(entry()).headers
    assert (b"api-key", b"sk-1") in build(entry(ProviderKind.AZURE)).headers
    for family in FAMILIES:
        if family.kind is ProviderKind.BEDROCK:
            continue  # it signs, and sends nothing without keys
        names = [name for name, _ in build(entry(family.kind, "http://x.test"), key=None).headers]
        assert not {b"authorization", b"api-key", b"x-api-key"} & set(names)


def test_the_headers_are_ours_and_the_allowed_ones_of_the_caller():
    headers = dict(build(entry(), extra=[(b"openai-organization", b"org")]).headers)
    assert headers == {
        b"content-type": b"application/json",
        b"user-agent": f"gatepost/{VERSION}".encode(),
        b"accept": b"application/json",
        b"openai-organization": b"org",
        b"authorization": b"Bearer sk-1",
    }
    assert (b"accept", b"text/event-stream") in build(entry(), body={"stream": True}).headers


@pytest.mark.parametrize("name", ["../../admin", "a b", "x\r\nevil: 1", "ä", "?api-version=1", '"},"x":{"'])
def test_a_models_name_goes_into_the_body_and_never_into_the_path(name):
    plain = build(entry())
    request = build(entry(identifier=name))
    assert (request.target, request.headers) == (plain.target, plain.headers)
    assert msgspec.json.decode(request.body) == {"model": name, "messages": []}


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (ProviderKind.OPENAI, "max_completion_tokens"),
        (ProviderKind.AZURE, "max_completion_tokens"),
        (ProviderKind.INTERNAL, "max_tokens"),
        (ProviderKind.SANDBOX, "max_tokens"),
    ],
)
def test_an_imposed_cap_is_written_in_the_words_of_the_family(kind, field):
    body = msgspec.json.decode(build(entry(kind, "http://x.test"), cap=9).body)
    assert body == {"model": "m", "messages": [], field: 9}


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.test",
        "x.test/v1",
        "",
        "http://",
        "http://x.test:port",
        "http://x.test:99999",
        "http://user:hunter2@[x/",
        "http://x.test/a b",
        "http://x.test/ä",
        "http://x.test/\r\nevil: 1",
        "file:///etc/passwd?hunter2",
    ],
)
def test_an_address_that_no_request_can_go_to_is_our_fault_and_is_not_shown(url):
    with pytest.raises(GatewayFault, match="correct its `base_url`") as caught:
        build(entry(ProviderKind.INTERNAL, url))
    assert "hunter2" not in caught.value.public
    assert caught.value.status == 500


def test_an_inferred_entry_may_not_point_into_the_private_network():
    assert not build(entry(declared=False)).origin.private_ok


def test_every_family_can_chat():
    assert set(PROVIDERS) == {family.kind for family in FAMILIES}
    assert all(Operation.CHAT in family.operations for family in FAMILIES)


def test_garbage_is_a_typed_failure():
    asked = openai_chat.read_asked(b'{"model":"m","messages":[]}')
    with pytest.raises(UpstreamError, match="not a chat completion") as caught:
        PROVIDERS[ProviderKind.OPENAI].read(asked, b"<html>")
    assert (caught.value.code, caught.value.next_step) == (Code.UPSTREAM_GARBAGE, NextStep.TRY_NEXT)
    assert PROVIDERS[ProviderKind.AZURE].explain(401, [], b"").provider == "azure"


def test_a_reader_knows_what_was_asked():
    body = b'{"model":"m","messages":[],"n":2,"stream":true,"stream_options":{"include_usage":true}}'
    reader = PROVIDERS[ProviderKind.OPENAI].reader(openai_chat.read_asked(body))
    chunk = b'data: {"choices":[{"index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}\n\n'
    assert reader.feed(chunk) == chunk
    assert (reader.close(), reader.ended) == (b"", False)


@pytest.mark.parametrize(
    ("kind", "url", "target", "model"),
    [
        (ProviderKind.OPENAI, "https://api.test/v1", b"/v1/responses", "m"),
        (ProviderKind.AZURE, "https://r.test/openai/v1/", b"/openai/v1/responses", "m"),
        (ProviderKind.AZURE, "https://r.test/openai/deployments/d1/", b"/openai/v1/responses", "d1"),
        (ProviderKind.INTERNAL, "http://h.test/own/responses", b"/own/responses", "m"),
    ],
)
def test_responses_have_their_own_address(kind, url, target, model):
    asked = openai_responses.read_asked(b'{"model":"m","input":"x","b":1,"a":2}')
    request = PROVIDERS[kind].build(asked, entry(kind, url), None, (), None)
    assert request.target == target
    assert request.body == asked.body.replace(b'"m"', f'"{model}"'.encode())
    answer = b'{"id":"r","status":"completed","output":[]}'
    assert PROVIDERS[kind].read(asked, answer)[0] is answer
    with pytest.raises(UpstreamError, match="not a response"):
        PROVIDERS[kind].read(asked, b"{}")
