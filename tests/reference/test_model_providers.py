"""The page about model providers: every entry is written, and a call goes through it, against a gateway process."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from e2e.mocks import AWS_KEY
from e2e.running import Gateway
from e2e.upstream import Upstream

import gatepost
from reference.catalogue import PROVIDERS
from reference.conftest import Stage


@pytest.fixture
def stage(staged: Callable[[str], Stage]) -> Stage:
    return staged(PROVIDERS)


@pytest.fixture
def client(gateway: Gateway) -> Iterator[gatepost.Client]:
    with gatepost.Client(gateway.runtime_key, base_url=gateway.base_url, retries=0) as one:
        yield one


def written(gateway: Gateway, text: str, name: str, **more: Any) -> dict[str, Any]:
    """The entry as the page has it, written under an id; `more` are secrets, which no page shows."""
    entry = json.loads(text)
    answer = gateway.post("/api/v1/models", {**entry, "id": name, **more})
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert "api_key" not in shown
    for member, value in entry.items():
        if member != "api_key":
            assert shown[member] == value or float(shown[member]) == value, member
    return shown


def ask(client: gatepost.Client, model: str) -> gatepost.ExecuteResult:
    trace = client.traces.create(metadata={"feature": "provider-smoke-test"})
    result = client.execute(trace.id, "hello", model=model)
    assert result.output
    assert client.traces.complete(trace.id).unpriced_steps == 0
    return result


def test_an_openai_compatible_entry(stage: Stage, gateway: Gateway, client: gatepost.Client) -> None:
    written(gateway, stage.text(41), "page-openai", api_key="sk-page-" + "p" * 20)
    assert ask(client, "page-openai").provider == "openai"


def test_an_anthropic_entry(stage: Stage, gateway: Gateway, client: gatepost.Client, upstream: Upstream) -> None:
    written(gateway, stage.text(59), "page-anthropic", api_key="sk-ant-" + "p" * 20)
    assert ask(client, "page-anthropic").provider == "anthropic"
    assert upstream.last().target == "/v1/messages"
    unable = client.traces.create()
    with pytest.raises(gatepost.ValidationError) as refused:
        client.embeddings.create(unable.id, input="x", model="page-anthropic")
    assert refused.value.status == 422


def test_a_gemini_entry(stage: Stage, gateway: Gateway, client: gatepost.Client, upstream: Upstream) -> None:
    written(gateway, stage.text(74), "page-gemini", api_key="AIza-" + "p" * 20)
    assert ask(client, "page-gemini").provider == "gemini"
    assert "/v1beta/models/" in upstream.last().target


def test_a_bedrock_entry(stage: Stage, gateway: Gateway, client: gatepost.Client, upstream: Upstream) -> None:
    written(gateway, stage.text(95), "page-bedrock", api_key=AWS_KEY)
    assert ask(client, "page-bedrock").provider == "bedrock"
    assert upstream.last().headers["authorization"].startswith("AWS4-HMAC-SHA256 ")


def test_an_azure_entry(stage: Stage, gateway: Gateway, client: gatepost.Client, upstream: Upstream) -> None:
    written(gateway, stage.text(132), "page-azure", api_key="azure-" + "p" * 20)
    assert ask(client, "page-azure").provider == "azure"
    seen = upstream.last()
    assert seen.headers["api-key"].startswith("azure-")
    assert "authorization" not in seen.headers
    assert seen.target.endswith("/chat/completions?api-version=2024-08-01-preview")


def test_an_entry_of_a_server_of_ones_own(
    stage: Stage, gateway: Gateway, client: gatepost.Client, upstream: Upstream
) -> None:
    written(gateway, stage.text(151), "page-internal")
    assert ask(client, "page-internal").provider == "internal"
    assert upstream.last().target == "/v1/chat/completions"


def test_a_trace_through_the_new_entry(
    stage: Stage, client: gatepost.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    made = stage.perform(196, client=client)
    assert capsys.readouterr().out == "gpt-4o-mini\n"
    assert client.traces.get(made["trace"].id).status == "completed"
