"""Every official Python client, asked the same things, against providers of every format: what each can say arrives."""

import json
from collections.abc import Callable, Iterator

import pytest

from e2e.asking import CLIENTS, PIXEL, Client, Report, failure
from e2e.mocks import ENVIRONMENT, PLACES, REPORT, TEXT, Mock, entries
from e2e.running import Gateway
from e2e.upstream import Upstream

MODELS = ("m-openai", "m-anthropic", "m-gemini", "m-bedrock")
CONFIG = {"retries": {"attempts": 1}, "server": {"timeouts": {"first_byte": 0.5}}}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(Mock()) as one:
        yield one


@pytest.fixture(scope="module")
def house(upstream: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    return gateways(json.dumps({**CONFIG, "models": entries(upstream.url)}), env=ENVIRONMENT)


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest, house: Gateway) -> Iterator[Client]:
    one = CLIENTS[request.param](house.base_url, house.runtime_key)
    yield one
    one.close()


@pytest.mark.parametrize("model", MODELS)
def test_what_a_model_says_arrives(client: Client, model: str) -> None:
    assert client.chat(model, "Hello.") == "".join(TEXT)
    assert client.stream(model, "Hello.") == "".join(TEXT)


@pytest.mark.parametrize("model", MODELS)
def test_two_rounds_of_parallel_calls(client: Client, model: str, upstream: Upstream) -> None:
    """The provider answers with the results that it was given, in order."""
    for stream in (False, True):
        assert client.tools(model, stream=stream) == "; ".join(f"sun in {place}" for place in PLACES)


@pytest.mark.parametrize("model", MODELS)
def test_json_by_a_schema_and_a_picture(client: Client, model: str) -> None:
    """The provider answers so only when the schema reached it, and with the picture that it was given."""
    assert client.schema(model) == Report(**REPORT)
    assert client.picture(model) == f"image/png {PIXEL}"


@pytest.mark.parametrize("model", MODELS)
def test_failures_of_a_provider(client: Client, model: str) -> None:
    for theirs, ours in ((404, 404), (429, 429), (500, 502), (401, 502)):
        assert failure(lambda theirs=theirs: client.chat(model, f"answer with {theirs}")).status == ours
    broken = failure(lambda: client.stream(model, "break off"))
    assert broken.status in (None, 200, 502), broken


def test_failures_of_a_call(client: Client, house: Gateway) -> None:
    assert failure(lambda: client.chat("m-bedrock", "be slow")).status == 504
    assert failure(lambda: client.chat("m-nobody", "Hello.")).status == 404
    stranger = type(client)(house.base_url, "gp_nobody_" + "x" * 32)
    assert failure(lambda: stranger.chat("m-openai", "Hello.")).status == 401
    stranger.close()


def test_a_client_that_does_not_wait(client: Client, house: Gateway) -> None:
    hasty = type(client)(house.base_url, house.runtime_key, timeout=0.2)
    assert failure(lambda: hasty.chat("m-anthropic", "be slow")).status is None
    hasty.close()
