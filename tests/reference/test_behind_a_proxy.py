"""The page of OpenAI's client behind a proxy of its own: every sample, against a gateway process."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest
from e2e.running import Gateway, until
from e2e.upstream import Upstream
from openai import OpenAI

from reference.catalogue import PROXY
from reference.conftest import BOT, Stage
from reference.provider import WORDS

SAID = "".join(WORDS)
DROP = {"type": "function", "function": {"name": "drop_table", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture
def stage(staged: Callable[[str], Stage]) -> Stage:
    return staged(PROXY)


@pytest.fixture
def client(gateway: Gateway) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{gateway.base_url}/a/{BOT}/openai/v1", api_key=gateway.runtime_key) as one:
        yield one


def step_of(gateway: Gateway, headers: Any) -> dict[str, Any]:
    return until(lambda: gateway.trace(headers["x-gatepost-trace-id"])["steps"])[0]


def test_a_first_answer(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.perform(14)["client"].close()
    assert capsys.readouterr().out == f"{SAID}\n"


def test_a_stream(stage: Stage, client: OpenAI, gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    stream = stage.perform(31, client=client)["stream"]
    assert capsys.readouterr().out == SAID
    assert uuid.UUID(stream.response.headers["x-gatepost-session-id"])
    assert step_of(gateway, stream.response.headers)["outcome"] == "answered"


def test_tools(stage: Stage, client: OpenAI, upstream: Upstream) -> None:
    made = stage.perform(42, client=client)
    assert upstream.last().json["tools"] == made["tools"]
    (call,) = made["response"].choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"location": "London"}')
    before = len(upstream.seen)
    with pytest.raises(openai.PermissionDeniedError) as blocked:
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "x"}], tools=[DROP])
    assert (blocked.value.status_code, len(upstream.seen)) == (403, before)


def test_a_session_of_ones_own(stage: Stage, gateway: Gateway) -> None:
    with stage.perform(69, os=__import__("os"), OpenAI=OpenAI)["client"] as client:
        answers = [
            client.chat.completions.with_raw_response.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}]
            )
            for _ in range(2)
        ]
        (session,) = {answer.headers["x-gatepost-session-id"] for answer in answers}
    assert [step_of(gateway, answer.headers)["turn"] for answer in answers] == [1, 2]
    turns = until(lambda: len(gateway.get(f"/api/v1/sessions/{session}")["turns"]) == 2)
    assert turns


def test_properties_of_a_trace(stage: Stage, gateway: Gateway) -> None:
    with stage.perform(81, os=__import__("os"), OpenAI=OpenAI, uuid=uuid)["client"] as client:
        answer = client.chat.completions.with_raw_response.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "Hello"}]
        )
    step = step_of(gateway, answer.headers)
    assert step["properties"] == {"user-tier": "enterprise", "feature": "document-summary"}
    assert step["session_path"] == "workflows/summarise"


def test_a_block_is_a_403(
    stage: Stage, client: OpenAI, upstream: Upstream, gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(upstream.seen)
    error = stage.perform(95, client=client, tools=openai.NOT_GIVEN, seen=[])
    assert "response" not in error
    said = capsys.readouterr().out
    assert said.startswith("Blocked by policy: ")
    assert "destructive" not in said  # the reason is not for callers
    assert len(upstream.seen) == before
    with pytest.raises(openai.PermissionDeniedError) as blocked:
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Delete everything"}])
    assert step_of(gateway, blocked.value.response.headers)["outcome"] == "blocked"


def test_the_ids_in_the_headers(stage: Stage, gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    made = stage.perform(109, os=__import__("os"))
    assert re.fullmatch(r"Trace: [0-9a-f-]{36}, Session: [0-9a-f-]{36}\n", capsys.readouterr().out)
    assert made["resp"].status_code == httpx.codes.OK
    assert step_of(gateway, made["resp"].headers)["session_id"] == made["session_id"]
