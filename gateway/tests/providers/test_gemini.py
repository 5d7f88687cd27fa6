import json
from typing import Any

import pytest

from gatepost_gateway.dialects import gemini_generate, openai_chat
from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import CallerError, Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import UpstreamRequest
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.providers import PROVIDERS

GEMINI = PROVIDERS[ProviderKind.GEMINI]
ROOT = "https://generativelanguage.googleapis.com/v1beta/models"
ASKED = openai_chat.read_asked(
    b'{"model":"g","messages":[{"role":"user","content":"hi"}],"seed":3,"logit_bias":{"1":2}}'
)


def build(
    identifier: str = "gemini-2.5-flash", *, stream: bool = False, cap: int | None = None, **more: Any
) -> UpstreamRequest:
    entry = ModelEntry("g", identifier, ProviderKind.GEMINI, ROOT, **more)
    asked = gemini_generate.read_asked(b'{"contents":[]}') if stream else ASKED
    asked.stream = stream
    return GEMINI.build(asked, entry, Secret("AIza-key"), [], cap)


def test_the_model_stands_in_the_path_and_the_key_in_a_header() -> None:
    request = build("models/gemini-2.5-flash")
    assert request.target == b"/v1beta/models/gemini-2.5-flash:generateContent"
    assert (b"x-goog-api-key", b"AIza-key") in request.headers
    assert b"AIza-key" not in request.target
    assert json.loads(request.body)["generationConfig"] == {"seed": 3}
    assert request.lossy == ("logit_bias",)
    assert GEMINI.operations == {Operation.CHAT, Operation.EMBED, Operation.COUNT}


def test_a_stream_is_asked_for_as_events_and_passes_unchanged() -> None:
    request = build(stream=True)
    assert request.target == b"/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert request.body == b'{"contents":[]}'


def test_the_key_goes_into_the_query_where_the_entry_says_so() -> None:
    request = build(additional_config={"auth": "query"})
    assert request.target.endswith(b":generateContent?key=AIza-key")
    assert all(b"AIza-key" not in value for _, value in request.headers)


@pytest.mark.parametrize("name", ["../../v1/x", "a:embedContent", "a/b", "a?b", "", "a b", "%2e%2e"])
def test_a_name_that_is_more_than_a_segment_never_leaves(name: str) -> None:
    with pytest.raises(CallerError) as caught:
        build(name)
    assert caught.value.code is Code.MODEL_NOT_FOUND


def test_a_cap_is_imposed() -> None:
    assert json.loads(build(cap=7).body)["generationConfig"]["maxOutputTokens"] == 7


def failure(status: int, kind: str, *details: Any) -> UpstreamError:
    said = {"error": {"code": status, "message": "words", "status": kind, "details": list(details)}}
    return GEMINI.explain(status, [], json.dumps(said).encode())


def test_a_wrong_key_is_the_operators_fault_though_it_is_a_400() -> None:
    error = failure(400, "INVALID_ARGUMENT", {"@type": "x", "reason": "API_KEY_INVALID"})
    assert (error.code, error.status, error.upstream_status) == (Code.UPSTREAM_AUTH, 502, 400)
    assert error.body == b""


def test_how_long_to_wait_stands_in_the_body() -> None:
    error = failure(429, "RESOURCE_EXHAUSTED", {"@type": "RetryInfo", "retryDelay": "34.5s"})
    assert (error.retry_after, error.next_step) == (34.5, NextStep.RETRY_SAME)
    assert GEMINI.explain(429, [(b"retry-after", b"3")], b"{}").retry_after == 3
    assert GEMINI.explain(503, [], b"<html>").code is Code.UPSTREAM_FAILED


def test_a_refusal_keeps_its_own_format() -> None:
    error = failure(404, "NOT_FOUND")
    assert error.dialect is DialectName.GEMINI_GENERATE
    assert json.loads(error.body)["error"]["status"] == "NOT_FOUND"


def test_what_is_not_an_answer_is_said_and_another_is_tried() -> None:
    with pytest.raises(UpstreamError) as caught:
        GEMINI.read(ASKED, b"<html>")
    assert (caught.value.code, caught.value.next_step) == (Code.UPSTREAM_GARBAGE, NextStep.TRY_NEXT)
