"""Every official Node client, asked the same things, against providers of every format: what each can say arrives."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.asking import PIXEL
from e2e.mocks import ENVIRONMENT, PLACES, REPORT, TEXT, Mock, entries
from e2e.running import Gateway, bare_environment
from e2e.test_clients import CONFIG, MODELS
from e2e.test_openai_node import MODULES, node
from e2e.upstream import Upstream

SCRIPT = Path(__file__).parent / "node" / "matrix.mjs"
CLIENTS = ("openai", "@anthropic-ai/sdk", "ai, openai-compatible", "ai, openai responses", "ai, anthropic")


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(Mock()) as one:
        yield one


@pytest.fixture(scope="module")
def got(
    upstream: Upstream, gateways: Callable[..., Gateway], skip_or_fail: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """What each client got, by client, model and task."""
    program = node()
    if program is None or not (MODULES / "node_modules" / "ai").exists():
        skip_or_fail("the Node clients are not installed: run tools/setup-tests")
    house = gateways(json.dumps({**CONFIG, "models": entries(upstream.url)}), env=ENVIRONMENT)
    words = [program, SCRIPT, MODULES, house.base_url, house.runtime_key, PIXEL, *MODELS]
    done = subprocess.run(words, capture_output=True, text=True, timeout=90, check=False, env=bare_environment())
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_model_says_arrives(got: dict[str, Any], client: str, model: str) -> None:
    said = got[client][model]
    results = "; ".join(f"sun in {place}" for place in PLACES)
    expected = {
        "chat": "".join(TEXT), "stream": "".join(TEXT), "tools": results, "streamed_tools": results, "schema": REPORT,
        "picture": f"image/png {PIXEL}",
    }  # fmt: skip
    assert {task: said[task] for task in expected} == {task: {"said": words} for task, words in expected.items()}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("client", CLIENTS)
def test_failures_of_a_provider(got: dict[str, Any], client: str, model: str) -> None:
    said = got[client][model]
    assert {theirs: said[theirs]["status"] for theirs in ("404", "429", "500", "401")} == {
        "404": 404,
        "429": 429,
        "500": 502,
        "401": 502,
    }
    assert "it stopped in the middle of the stream" in said["broken"]["message"]


@pytest.mark.parametrize("client", CLIENTS)
def test_failures_of_a_call(got: dict[str, Any], client: str) -> None:
    said = got[client]["failures"]
    assert {name: one["status"] for name, one in said.items()} == {
        "unknown": 404,
        "stranger": 401,
        "late": 504,
        "hasty": None,
    }
    assert said["hasty"]["failed"] in ("APIConnectionTimeoutError", "DOMException")
