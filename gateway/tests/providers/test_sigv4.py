import base64
import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.providers.sigv4 import AwsKeys, SigningScope, Unsigned, canonical_request, sign
from tests.recordings import need, rows

VECTORS = "wire-vectors/aws-sigv4.jsonl"
SUITE = {row["id"].rpartition("/")[2]: row["files"] for row in rows(VECTORS) if "awslabs" in row["id"]}


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


def keys_of(said: dict[str, str], *, with_token: bool = True) -> AwsKeys:
    token = said.get("token") or said.get("session_token")
    return AwsKeys(
        said["access_key_id"], Secret(said["secret_access_key"]), Secret(token) if token and with_token else None
    )


def parse(text: str) -> Unsigned:
    """A raw request; a line that begins with a space continues the header before it (RFC 7230 section 3.2.4)."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    method, _, rest = first.partition(" ")
    headers: list[tuple[bytes, bytes]] = []
    for line in lines:
        if line.startswith(" "):
            name, value = headers.pop()
            headers.append((name, value + b"\n" + line.encode()))
        elif line:
            name, _, value = line.partition(":")
            headers.append((name.encode(), value.encode()))
    return Unsigned(method.encode(), rest.removesuffix(" HTTP/1.1").encode(), headers, body.encode())


@pytest.mark.parametrize("name", sorted(SUITE) or ["absent"])
def test_the_suite_of_aws_c_auth(name: str) -> None:
    need(VECTORS)
    files = SUITE[name]
    context: dict[str, Any] = json.loads(files["context.json"])
    request = parse(files["request.txt"])
    if context["sign_body"]:
        lines = files["header-canonical-request.txt"].split("\n")
        request = Unsigned(
            request.method,
            request.target,
            [*request.headers, (b"x-amz-content-sha256", lines[-1].encode())],
            request.body,
        )
    keys = keys_of(context["credentials"], with_token=not context.get("omit_session_token"))
    scope = SigningScope(context["region"], context["service"])
    headers = sign(request, keys, scope, micros(context["timestamp"]), normalize=context["normalize"])
    canonical = canonical_request(request, headers[:-1], normalize=context["normalize"])[1]
    assert canonical.decode() == files["header-canonical-request.txt"]
    assert dict(headers)[b"authorization"].decode().endswith("Signature=" + files["header-signature.txt"])
    assert "Authorization:" + dict(headers)[b"authorization"].decode() in files["header-signed-request.txt"]


def test_the_cases_of_openai_python() -> None:
    found = [row for row in need(VECTORS) if row["id"].endswith("cases.json")]
    cases = [case for case in json.loads(found[0]["files"]["cases.json"])["cases"] if case["kind"] == "sigv4"]
    assert cases
    for case in cases:
        told, said = case["given"], case["given"]["request"]
        headers = [(name.encode(), value.encode()) for name, value in said["headers"].items()]
        headers.append((b"x-amz-content-sha256", case["expected"]["payload_sha256"].encode()))
        request = Unsigned(
            said["method"].encode(), urlsplit(said["url"]).path.encode(), headers, base64.b64decode(said["body_base64"])
        )
        scope = SigningScope(told["signing"]["region"], told["signing"]["service"])
        signed = dict(sign(request, keys_of(told["credentials"]), scope, micros(told["signing"]["timestamp"])))
        signed[b"x-amz-content-sha256"] = headers[-1][1]
        assert {name.decode(): value.decode() for name, value in signed.items()} == case["expected"]["headers"]


def test_the_recorded_signature_of_openai_python() -> None:
    found = next(row for row in need(VECTORS) if row["id"].endswith("sigv4.json"))
    told = json.loads(found["files"]["sigv4.json"])
    said, want = told["request"], told["expected"]
    headers = [
        (b"host", urlsplit(said["url"]).netloc.encode()),
        (b"content-type", said["contentType"].encode()),
        (b"x-amz-content-sha256", want["payloadHash"].encode()),
    ]
    request = Unsigned(b"POST", urlsplit(said["url"]).path.encode(), headers, said["body"].encode())
    credentials = told["credentials"]
    keys = AwsKeys(
        credentials["accessKeyId"], Secret(credentials["secretAccessKey"]), Secret(credentials["sessionToken"])
    )
    signed = dict(sign(request, keys, SigningScope(told["region"], told["service"]), micros(told["signingDate"])))
    assert signed[b"authorization"].decode() == want["authorization"]
    assert signed[b"x-amz-date"].decode() == want["date"]


def test_an_encoded_path_is_encoded_once_more() -> None:
    request = Unsigned(b"POST", b"/model/us.anthropic.claude-v1%3A0/converse", [(b"host", b"h")], b"{}")
    assert b"/model/us.anthropic.claude-v1%253A0/converse" in canonical_request(request, [], normalize=True)[1]


@given(path=st.binary(max_size=60), query=st.binary(max_size=60), value=st.binary(max_size=40), body=st.binary())
def test_any_request_is_signed(path: bytes, query: bytes, value: bytes, body: bytes) -> None:
    request = Unsigned(b"POST", b"/" + path + b"?" + query, [(b"host", b"h"), (b"x-any", value)], body)
    keys = AwsKeys("AKID", Secret("secret-of-ours"))
    headers = sign(request, keys, SigningScope("us-east-1", "bedrock"), 1_000_000)
    assert headers == sign(request, keys, SigningScope("us-east-1", "bedrock"), 1_000_000)
    assert all(b"secret-of-ours" not in value for _, value in headers)
