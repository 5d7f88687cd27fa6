import json
from typing import Any

import pytest

from gatepost_gateway.dialects import openai_chat
from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import UpstreamRequest
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.providers.aws_keys import read_keys, write_bearer, write_keys
from gatepost_gateway.providers.bedrock import Bedrock
from gatepost_gateway.providers.sigv4 import AwsKeys, SigningScope, Unsigned, sign

NOW = 1_700_000_000_000_000
KEYS = write_keys("AKID", "secret-of-ours", "token-of-ours")
MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ROOT = "https://bedrock-runtime.us-east-1.amazonaws.com"
BODY = {"model": "b", "messages": [{"role": "user", "content": "hi"}], "seed": 3}


class Stopped:
    """A clock that stands."""

    def micros(self) -> int:
        return NOW

    def monotonic(self) -> float:
        return 0.0


BEDROCK = Bedrock(Stopped())
ASKED = openai_chat.read_asked(json.dumps(BODY).encode())


def build(
    identifier: str = MODEL, *, url: str = ROOT, key: Secret | None = KEYS, stream: bool = False, **more: Any
) -> UpstreamRequest:
    entry = ModelEntry("b", identifier, ProviderKind.BEDROCK, url, **more)
    return BEDROCK.build(openai_chat.read_asked(json.dumps({**BODY, "stream": stream}).encode()), entry, key, [], None)


def test_each_request_is_signed_and_bears_no_key() -> None:
    request = build()
    assert request.target == b"/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"
    headers = dict(request.headers)
    signed = [(b"host", b"bedrock-runtime.us-east-1.amazonaws.com"), (b"content-type", b"application/json")]
    keys, _ = read_keys(KEYS)
    assert isinstance(keys, AwsKeys)
    proof = sign(
        Unsigned(b"POST", request.target, signed, request.body), keys, SigningScope("us-east-1", "bedrock"), NOW
    )
    assert set(proof) <= set(request.headers)
    assert headers[b"authorization"].startswith(b"AWS4-HMAC-SHA256 Credential=AKID/20231114/us-east-1/bedrock/")
    assert headers[b"x-amz-security-token"] == b"token-of-ours"
    assert b"secret-of-ours" not in b"".join(value for _, value in request.headers) + request.body + request.target
    assert json.loads(request.body) == {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    assert request.lossy == ("seed",)
    assert BEDROCK.operations >= {Operation.CHAT, Operation.EMBED}


def test_a_bedrock_api_key_is_sent_and_nothing_is_signed() -> None:
    key = write_bearer("ABSK-of-ours", "eu-west-1")
    request = build(url="https://bedrock-runtime.amazonaws.com", key=key)
    headers = dict(request.headers)
    assert headers[b"authorization"] == b"Bearer ABSK-of-ours"
    assert not {b"x-amz-date", b"x-amz-security-token"} & headers.keys()
    assert request.origin.host == "bedrock-runtime.eu-west-1.amazonaws.com"


def test_a_stream_has_its_own_path_and_format() -> None:
    request = build(stream=True)
    assert request.target.endswith(b"/converse-stream")
    assert (b"accept", b"application/vnd.amazon.eventstream") in request.headers


def test_a_profile_is_one_segment_of_the_path() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0"
    quoted = b"arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.amazon.nova-pro-v1%3A0"
    assert build(arn).target == b"/model/" + quoted + b"/converse"
    assert build("../../x?y=1").target == b"/model/..%2F..%2Fx%3Fy%3D1/converse"


def region(request: UpstreamRequest) -> str:
    return dict(request.headers)[b"authorization"].decode().split("/")[2]


def test_the_region_is_found_where_it_is_said() -> None:
    assert region(build()) == "us-east-1"
    assert region(build(additional_config={"aws_region": "eu-west-1"})) == "eu-west-1"
    assert region(build(url="http://127.0.0.1:9000", key=write_keys("A", "s", region="ap-south-1"))) == "ap-south-1"
    nowhere = "https://bedrock-runtime.amazonaws.com"
    china = build(url=nowhere, additional_config={"aws_region": "cn-north-1"})
    assert china.origin.host == "bedrock-runtime.cn-north-1.amazonaws.com.cn"
    assert build(url=nowhere, additional_config={"aws_region": "us-west-2"}).origin.host.endswith(
        "us-west-2.amazonaws.com"
    )
    with pytest.raises(UpstreamError, match="aws_region"):
        build(url=nowhere)


def test_a_port_that_is_not_usual_is_signed_with_its_host() -> None:
    request = build(url="http://127.0.0.1:9000", additional_config={"aws_region": "us-east-1"})
    keys, _ = read_keys(KEYS)
    unsigned = Unsigned(
        b"POST", request.target, [(b"host", b"127.0.0.1:9000"), (b"content-type", b"application/json")], request.body
    )
    assert sign(unsigned, keys, SigningScope("us-east-1", "bedrock"), NOW)[-1] in request.headers


@pytest.mark.parametrize("key", [None, Secret("AKID:secret")])
def test_without_keys_nothing_is_sent(key: Secret | None) -> None:
    with pytest.raises(UpstreamError) as caught:
        build(key=key)
    assert (caught.value.code, caught.value.status, caught.value.sent) == (Code.PROVIDER_KEY_MISSING, 422, False)


@pytest.mark.parametrize(
    ("status", "kind", "code", "step"),
    [
        (400, "ValidationException", Code.UPSTREAM_REFUSED, NextStep.GIVE_UP),
        (400, "ServiceQuotaExceededException", Code.UPSTREAM_REFUSED, NextStep.TRY_NEXT),
        (404, "ResourceNotFoundException", Code.UPSTREAM_REFUSED, NextStep.TRY_NEXT),
        (408, "ModelTimeoutException", Code.UPSTREAM_FAILED, NextStep.RETRY_SAME),
        (424, "ModelErrorException", Code.UPSTREAM_FAILED, NextStep.TRY_NEXT),
        (429, "ThrottlingException", Code.UPSTREAM_RATE_LIMITED, NextStep.RETRY_SAME),
        (429, "ModelNotReadyException", Code.UPSTREAM_RATE_LIMITED, NextStep.TRY_NEXT),
        (503, "ServiceUnavailableException", Code.UPSTREAM_FAILED, NextStep.RETRY_SAME),
    ],
)
def test_a_refusal_says_what_to_do_next(status: int, kind: str, code: Code, step: NextStep) -> None:
    header = (b"x-amzn-errortype", f"{kind}:http://internal.test/coral/".encode())
    error = BEDROCK.explain(status, [header], b'{"message":"words"}')
    assert (error.code, error.next_step, error.dialect) == (code, step, DialectName.BEDROCK_CONVERSE)
    assert "words" in error.public


def test_the_words_of_a_refused_signature_are_not_repeated() -> None:
    header = (b"x-amzn-errortype", b"InvalidSignatureException:http://internal.test/")
    error = BEDROCK.explain(403, [header], b'{"message":"x-amz-security-token:token-of-ours"}')
    assert error.public == "bedrock answered 403: InvalidSignatureException"
    assert (error.code, error.status) == (Code.UPSTREAM_AUTH, 502)


def test_what_is_not_an_answer_is_said() -> None:
    with pytest.raises(UpstreamError) as caught:
        BEDROCK.read(ASKED, b"<html>")
    assert caught.value.code is Code.UPSTREAM_GARBAGE
    assert not BEDROCK.reader(ASKED).ended
