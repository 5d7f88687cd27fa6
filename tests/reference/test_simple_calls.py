"""The page of the small typed client: every sample, against a gateway process."""

import contextlib
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from e2e.running import Gateway, free_port, until
from e2e.upstream import Upstream

import gatepost
from reference.catalogue import SIMPLE
from reference.conftest import BROUGHT, INJECTION, Stage
from reference.provider import WORDS

SAID = "".join(WORDS)


@pytest.fixture
def stage(staged: Callable[[str], Stage]) -> Stage:
    return staged(SIMPLE)


@pytest.fixture
def client(gateway: Gateway) -> Iterator[gatepost.Client]:
    with gatepost.Client(gateway.runtime_key, base_url=gateway.base_url) as one:
        yield one


def output_of(work: Callable[[], Any]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        work()
    return out.getvalue()


def test_from_nothing_to_an_answer(
    stage: Stage, gateway: Gateway, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up = gatepost.Client.signup

    def signed_up(*args: Any, **named: Any) -> gatepost.Account:
        """A key that a project brings goes to the provider's own address, or where an entry of the project says."""
        made = sign_up(*args, **named)
        entry = {"identifier": "gpt-4o-mini", "provider": "openai", "base_url": f"{upstream.url}/v1"}
        prices = {"input_cost_per_1k": 0.001, "output_cost_per_1k": 0.002}
        added = {"id": f"mini-{made.project_id}", "project": made.project_id, **entry, **prices}
        assert gateway.post("/api/v1/models", added).status_code == 201
        return made

    monkeypatch.setattr(gatepost.Client, "signup", signed_up)
    stage.key = BROUGHT
    said = output_of(lambda: stage.perform(9))
    words, tokens, cost = said.rsplit(" ", 2)
    assert (words, tokens, Decimal(cost)) == (SAID, "15", Decimal("0.00002"))
    assert upstream.last().headers["authorization"] == f"Bearer {BROUGHT}"


def test_a_text_as_the_whole_conversation(stage: Stage, client: gatepost.Client, upstream: Upstream) -> None:
    stage.perform(24, client=client)
    assert upstream.last().json["messages"] == [{"role": "user", "content": "Just a quick question"}]


def test_streams(stage: Stage, client: gatepost.Client) -> None:
    text, *chunks = output_of(lambda: stage.perform(30, client=client)).partition(SAID)
    assert text == ""
    pieces = [line.rsplit(" ", 1) for line in "".join(chunks).removeprefix(SAID).splitlines()]
    assert "".join(words for words, _ in pieces) == SAID
    assert len({request_id for _, request_id in pieces} - {"None"}) == 1


def test_the_asynchronous_client(stage: Stage, key_of: Callable[[str], str]) -> None:
    assert output_of(lambda: stage.perform(39)) == SAID
    stage.key = key_of("poor")
    assert output_of(lambda: stage.perform_again(39)).startswith("budget hit: ")
    stage.key = key_of("tight")
    assert output_of(lambda: stage.perform_again(39)) == SAID
    assert output_of(lambda: stage.perform_again(39)).startswith("slow down; retry after ")


def test_retries_are_configured(stage: Stage) -> None:
    scope = stage.perform(78)
    assert (scope["RetryConfig"](max_retries=5, backoff_max=20).max_retries, stage.text(78).count("Client(")) == (5, 2)


def test_openais_client_with_both_headers(stage: Stage, gateway: Gateway, upstream: Upstream) -> None:
    oai = stage.perform(85)["oai"]
    oai.close()
    assert "x-api-key" not in upstream.last().headers
    page = until(lambda: gateway.get("/api/v1/traces?user=u-42")["items"])
    assert page[0]["user"] == "u-42"


def test_models_and_metrics(stage: Stage, client: gatepost.Client) -> None:
    client.chat("gpt-4o", "hi")
    until(lambda: client.metrics(range="1h").totals.requests)
    said = output_of(lambda: stage.perform(98, client=client))
    assert "gpt-4o openai openai 0.001\n" in said
    assert "sandbox/echo" in said
    assert "(unpriced)" in said or "sandbox 0" in said


def test_another_key(stage: Stage, client: gatepost.Client, gateway: Gateway) -> None:
    key = stage.perform(117, client=client)["key"]
    with gatepost.Client(key.api_key, base_url=gateway.base_url) as other:
        assert other.me().key_prefix == key.key_prefix


def test_whose_key_and_how_the_gateway_is(stage: Stage, client: gatepost.Client) -> None:
    stage.perform(120, client=client)
    assert client.me().project_id == "default"
    assert client.health()["status"] == "healthy"


def test_the_table_of_errors(gateway: Gateway, client: gatepost.Client, key_of: Callable[[str], str]) -> None:
    def asking(key: str) -> gatepost.Client:
        return gatepost.Client(key, base_url=gateway.base_url, retries=0)

    with asking("gp_nobody_" + "x" * 30) as one, pytest.raises(gatepost.AuthError) as unknown:
        one.chat("gpt-4o", "hi")
    assert (unknown.value.status_code, unknown.value.code) == (401, "invalid_key")
    with asking(key_of("tighter")) as one:
        one.chat("gpt-4o", "hi")
        with pytest.raises(gatepost.RateLimitError) as fast:
            one.chat("gpt-4o", "hi")
    assert fast.value.retry_after is not None
    assert 0 < fast.value.retry_after <= 61
    with asking(key_of("poor")) as one, pytest.raises(gatepost.BudgetExceededError) as poor:
        one.chat("gpt-4o", "hi")
    assert poor.value.limit is not None
    with pytest.raises(gatepost.ProviderError) as locked:
        client.chat("locked", "hi")
    assert locked.value.detail.startswith("openai answered 401")
    assert not isinstance(locked.value, gatepost.AuthError)
    with pytest.raises(gatepost.APIError) as blocked:
        client.chat("gpt-4o", INJECTION)
    assert (blocked.value.status_code, blocked.value.request_id is None) == (403, False)
    nobody = f"http://127.0.0.1:{free_port()}"
    with (
        gatepost.Client(gateway.runtime_key, base_url=nobody, retries=1) as away,
        pytest.raises(gatepost.ConnectionError),
    ):
        away.chat("gpt-4o", "hi")
