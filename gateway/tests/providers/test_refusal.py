import time
from email.utils import formatdate

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.domain.errors import Code, NextStep
from gatepost_gateway.providers.refusal import explain, retry_after

BODY = b'{"error":{"message":"no","code":"c","type":"t"}}'
AGAIN, NEXT, STOP = NextStep.RETRY_SAME, NextStep.TRY_NEXT, NextStep.GIVE_UP


@pytest.mark.parametrize(
    ("status", "code", "ours", "step", "shown"),
    [
        (301, Code.UPSTREAM_FAILED, 502, NEXT, False),
        (400, Code.UPSTREAM_REFUSED, 400, STOP, True),
        (401, Code.UPSTREAM_AUTH, 502, NEXT, False),
        (402, Code.UPSTREAM_FAILED, 502, NEXT, False),
        (403, Code.UPSTREAM_AUTH, 502, NEXT, False),
        (404, Code.UPSTREAM_REFUSED, 404, NEXT, True),
        (408, Code.UPSTREAM_FAILED, 502, AGAIN, False),
        (409, Code.UPSTREAM_REFUSED, 409, STOP, True),
        (413, Code.UPSTREAM_REFUSED, 413, STOP, True),
        (418, Code.UPSTREAM_FAILED, 502, NEXT, False),
        (422, Code.UPSTREAM_REFUSED, 422, STOP, True),
        (429, Code.UPSTREAM_RATE_LIMITED, 429, AGAIN, True),
        (500, Code.UPSTREAM_FAILED, 502, AGAIN, True),
        (503, Code.UPSTREAM_FAILED, 503, AGAIN, True),
        (529, Code.UPSTREAM_FAILED, 503, AGAIN, True),
        (999, Code.UPSTREAM_FAILED, 502, AGAIN, True),
    ],
)
def test_what_each_status_means(status, code, ours, step, shown):
    said = explain("openai", status, [], BODY)
    assert (said.code, said.status, said.next_step, said.upstream_status) == (code, ours, step, status)
    assert said.body == (BODY if shown else b"")
    assert said.public == f"openai answered {status}: no"


def test_a_used_up_quota_does_not_come_back_by_waiting():
    for member in ("code", "type"):
        body = msgspec.json.encode({"error": {"message": "x", member: "insufficient_quota"}})
        assert explain("openai", 429, [], body).next_step is NEXT


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error":"plain"}', "plain"),
        (b'{"message":"outer"}', "outer"),
        (b'{"detail":"fast"}', "fast"),
        (b'{"detail":[{"msg":"x"}]}', '[{"msg":"x"}]'),
        (b'{"error":{"message":{"a":1}}}', '{"a":1}'),
        (b'{"error":{"message":null,"code":5}}', ""),
        (b'{"error":null}', ""),
        (b"<html>busy</html>", "<html>busy</html>"),
        (b"", ""),
        (b"[1]", "[1]"),
        (b'{"error":{"message":"\xff"}}', "�"),
        (b"\xff\xfe", "��"),
        (b'{"error":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "[[["),
        (b'{"error":{"message":' + b"[" * 50_000 + b"]" * 50_000 + b"}}", "[[["),
    ],
)
def test_whatever_the_body_is_it_is_a_short_text(body, words):
    said = explain("openai", 400, [], body)
    assert words in said.public
    assert len(said.public) < 600
    assert said.code is Code.UPSTREAM_REFUSED


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"[1]", b'{"message":"x"}', b'{"error":null}', b'{"error":{"message":"\xff"}}']
)
def test_only_json_with_an_error_in_it_goes_on_as_it_is(body):
    assert explain("openai", 400, [], body).body == b""
    assert explain("openai", 400, [], b'{"error":"words"}').body == b'{"error":"words"}'


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], None),
        ([(b"retry-after", b"2")], 2.0),
        ([(b"retry-after", b" 0.5 ")], 0.5),
        ([(b"retry-after-ms", b"1500"), (b"retry-after", b"9")], 1.5),
        ([(b"retry-after-ms", b"soon"), (b"retry-after", b"9")], 9.0),
        ([(b"retry-after", b"-5")], 0.0),
        ([(b"retry-after", b"inf")], None),
        ([(b"retry-after", b"nan")], None),
        ([(b"retry-after-ms", b"1e400")], None),
        ([(b"retry-after", b"1e300")], 86_400.0),
        ([(b"retry-after", b"soon")], None),
        ([(b"retry-after", b"")], None),
        ([(b"retry-after", b"Thu, 99 Foo 2020")], None),
        ([(b"retry-after", b"Fri, 31 Dec 1999 23:59:59 GMT")], 0.0),
        ([(b"retry-after", b"Fri, 31 Dec 9999 23:59:59 GMT")], 86_400.0),
    ],
)
def test_retry_after_in_all_its_forms(headers, seconds):
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date():
    wait = retry_after([(b"retry-after", formatdate(time.time() + 30, usegmt=True).encode())])
    assert wait is not None
    assert 25 < wait <= 31


@settings(deadline=None, derandomize=True)
@given(st.binary(max_size=40), st.binary(max_size=60), st.integers(300, 999))
def test_nothing_that_a_provider_says_breaks_the_explanation(header, body, status):
    said = explain("openai", status, [(b"retry-after", header), (b"retry-after-ms", header)], body)
    assert 400 <= said.status < 600
    assert said.retry_after is None or 0 <= said.retry_after <= 86_400
