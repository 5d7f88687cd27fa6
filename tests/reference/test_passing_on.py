"""The page of OpenAI's client whose key is passed on to the provider: every sample, against a gateway process."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from e2e.running import Gateway, until
from e2e.upstream import Upstream
from openai import OpenAI

from reference.catalogue import PASSING
from reference.conftest import BROUGHT, GUARD, INJECTION, SECRET, SECRET_RULE, Stage
from reference.provider import WORDS

SAID = "".join(WORDS)
TURN = [{"role": "user", "content": "hi"}]


@pytest.fixture
def stage(staged: Callable[[str], Stage]) -> Stage:
    made = staged(PASSING)
    made.key = BROUGHT
    return made


@pytest.fixture
def client(gateway: Gateway) -> Iterator[OpenAI]:
    """With a key of the gateway's own: what its samples speak of is the same for both."""
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key=gateway.runtime_key) as one:
        yield one


def ask(client: OpenAI, text: str = "hi") -> Any:
    return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": text}])


@pytest.mark.parametrize("first", ["basic", "environment"])
def test_only_the_address_changes(stage: Stage, upstream: Upstream, first: str) -> None:
    client = stage.perform(44)["client"] if first == "basic" else stage.perform(55)["client"]
    with client:
        assert ask(client).choices[0].message.content == SAID
    assert upstream.last().headers["authorization"] == f"Bearer {BROUGHT}"


def test_headers_go_into_the_records(stage: Stage, gateway: Gateway) -> None:
    with stage.perform(71, OpenAI=OpenAI, os=__import__("os"), correlation_id="c-7")["client"] as client:
        answer = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=TURN)
    step = until(lambda: gateway.trace(answer.headers["x-gatepost-trace-id"])["steps"])[0]
    assert (step["request_source"], step["correlation_id"]) == ("billing-service", "c-7")


def test_a_stream(stage: Stage, client: OpenAI, capsys: pytest.CaptureFixture[str]) -> None:
    stage.perform(84, client=client)
    assert capsys.readouterr().out == f"{SAID}\n"


def test_a_stream_collected(stage: Stage, client: OpenAI) -> None:
    assert stage.perform(100, client=client)["full_response"] == SAID


def test_three_calls_at_once(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.perform(118)
    assert capsys.readouterr().out == f"{SAID} ...\n" * 3


def test_functions(stage: Stage, client: OpenAI, capsys: pytest.CaptureFixture[str]) -> None:
    stage.perform(150, client=client)
    assert capsys.readouterr().out == 'Tool: get_account_balance\nArgs: {"account_id": "London"}\n'


def test_a_block_is_a_409(stage: Stage, client: OpenAI, capsys: pytest.CaptureFixture[str]) -> None:
    assert stage.perform(186, client=client, prompt="hi")["returned"] == SAID
    assert stage.perform_again(186, client=client, prompt=INJECTION)["returned"] is None
    assert capsys.readouterr().out == f"Blocked by policy: {GUARD}\n"
    with pytest.raises(openai.APIStatusError) as other:
        stage.perform_again(186, client=client.with_options(api_key="gp_nobody_" + "x" * 30), prompt="hi")
    assert other.value.status_code == 401


def test_the_envelope_of_a_block(stage: Stage, client: OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as blocked:
        ask(client, INJECTION)
    theirs, ours = json.loads(stage.text(204))["error"], blocked.value.response.json()["error"]
    assert set(theirs) <= set(ours)
    assert {name: ours[name] for name in ("type", "policy", "code")} == {
        name: theirs[name] for name in ("type", "policy", "code")
    }
    assert isinstance(ours["message"], str)
    assert blocked.value.response.headers["x-should-retry"] == "false"


def test_a_retry_loop(
    stage: Stage, gateway: Gateway, key_of: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key=key_of("tightest"), max_retries=0) as client:
        governed_call = stage.perform(215, client=client)["governed_call"]
        assert governed_call(TURN).choices[0].message.content == SAID
        with pytest.raises(RuntimeError, match="Exceeded max retries"):
            governed_call(TURN)
    assert capsys.readouterr().out == "".join(f"Rate limited, retrying in {wait}s...\n" for wait in (1, 2, 4))


def test_two_providers_from_one_client(stage: Stage, client: OpenAI, upstream: Upstream) -> None:
    before = len(upstream.seen)
    made = stage.perform(235, client=client)
    assert [seen.target for seen in upstream.seen[before:]] == ["/v1/chat/completions", "/v1/messages"]
    assert made["openai_response"].choices[0].message.content == SAID
    assert made["anthropic_response"].choices[0].message.content == SAID


def test_a_stream_that_policy_cuts(client: OpenAI) -> None:
    """What the page says of streams: the error is in the last chunk."""
    text = f"say: {'one word after another ' * 40}and then {SECRET}, of all things"
    messages = [{"role": "user", "content": text}]
    heard = ""
    stream = client.chat.completions.create(model="gpt-4o", messages=messages, stream=True)
    with stream, pytest.raises(openai.APIError) as cut:  # noqa: PT012 - what came before it counts
        for chunk in stream:
            heard += chunk.choices[0].delta.content or ""
    assert heard.startswith("one word after another")
    assert SECRET not in heard
    assert isinstance(cut.value.body, dict)
    assert (cut.value.body["code"], cut.value.body["policy"]) == ("output_blocked", SECRET_RULE)
