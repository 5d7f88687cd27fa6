"""Models by file and by admin API, and whose key goes where."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from e2e.running import Gateway
from e2e.upstream import Seen, Upstream, Wire, completion, say

SECRET = "sk-by-api-" + "s" * 30
FROM_FILE = "sk-from-a-file-" + "f" * 30
FIELDS = {
    "name": "A model", "is_public": True, "input_cost_per_1k": "0.00015", "output_cost_per_1k": "0.0006",
    "cache_read_cost_per_1k": "0.000075", "cache_write_cost_per_1k": "0.0002", "image_cost": "0.01",
    "context_window": 128_000, "max_output": 16_000, "data_retention_days": 30, "operations": ["chat"],
}  # fmt: skip


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    async def answer(seen: Seen, wire: Wire) -> None:
        if "/cached" in seen.target:
            usage = {
                "prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100,
                "prompt_tokens_details": {"cached_tokens": 600},
                "completion_tokens_details": {"reasoning_tokens": 40},
            }  # fmt: skip
            await wire.plain(completion(usage=usage))
        elif "/fails" in seen.target:
            await wire.plain({"error": {"message": "down"}}, 503)
        else:
            await say(seen, wire)

    with Upstream(answer) as one:
        yield one


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    gateway = gateways(start=False)
    (gateway.folder / "provider-key").write_text(FROM_FILE + "\n")
    config = {
        "server": {"egress": {"allow": ["127.0.0.0/8"]}},
        "models": [
            {
                "id": "by-file", "identifier": "named-by-provider", "provider": "openai",
                "base_url": f"{upstream.url}/v1", "api_key": {"file": "provider-key"},
            },
            {"id": "failing", "identifier": "f", "provider": "openai", "base_url": f"{upstream.url}/fails"},
            {
                "id": "hidden", "identifier": "h", "provider": "internal", "is_public": False,
                "base_url": f"{upstream.url}/hidden",
            },
        ],
        "fallbacks": {"failing": ["by-file"]},
        "retries": {"attempts": 2, "base": 0.01},
    }  # fmt: skip
    gateway.configure(json.dumps(config))
    return gateway.start()


def test_a_model_of_the_file(gateway: Gateway, upstream: Upstream) -> None:
    for name in ("by-file", "named-by-provider"):
        answer = gateway.chat(name)
        assert answer.status_code == 200
        assert upstream.last().json["model"] == "named-by-provider"
        assert upstream.last().headers["authorization"] == f"Bearer {FROM_FILE}"
        assert gateway.step(answer)["model"] == "by-file"
    page = gateway.get("/api/v1/models/by-file")
    assert (page["managed_by"], page["api_key_set"]) == ("file", True)
    for method in ("PUT", "DELETE"):
        refused = gateway.request(method, "/api/v1/models/by-file", json={"identifier": "x", "provider": "openai"})
        assert (refused.status_code, refused.json()["code"]) == (409, "managed_by_file")


def test_a_model_of_the_api_lives_and_dies(gateway: Gateway, upstream: Upstream) -> None:
    entry = {
        **FIELDS, "id": "by-api", "identifier": "api-1", "provider": "openai", "base_url": f"{upstream.url}/v1",
        "api_key": SECRET, "additional_config": {"hidden_reasoning": False},
    }  # fmt: skip
    made = gateway.post("/api/v1/models", entry)
    assert made.status_code == 201, made.text
    shown = gateway.get("/api/v1/models/by-api")
    assert SECRET not in made.text + json.dumps(shown) + json.dumps(gateway.get("/api/v1/models"))
    assert {name: shown[name] for name in FIELDS} == FIELDS
    assert (shown["managed_by"], shown["api_key_set"]) == ("api", True)
    again = gateway.post("/api/v1/models", entry)
    assert again.status_code == 409

    gateway.stop()
    gateway.start()
    answer = gateway.chat("by-api")
    assert upstream.last().headers["authorization"] == f"Bearer {SECRET}"
    assert gateway.step(answer)["cost"] == "0.0000045"
    for path in gateway.data.rglob("*"):
        data = b"" if path.is_dir() else path.read_bytes()
        assert SECRET.encode() not in data, path
        assert FROM_FILE.encode() not in data, path

    without = {name: value for name, value in entry.items() if name not in ("id", "api_key")}
    changed = gateway.request("PUT", "/api/v1/models/by-api", json={**without, "identifier": "api-2"})
    assert changed.status_code == 200, changed.text
    gateway.chat("by-api")
    assert upstream.last().json["model"] == "api-2"
    assert gateway.request("DELETE", "/api/v1/models/by-api").status_code == 204
    assert gateway.chat("by-api").json()["error"]["code"] == "model_not_found"


def test_what_is_wrong_with_a_model_is_said(gateway: Gateway) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"id": "x", "identifier": "x", "provider": "opnai"}, "openai"),
        ({"id": "x", "identifier": "x", "provider": "openai", "base_ulr": "http://127.0.0.1"}, "base_url"),
        ({"id": "x", "identifier": "x", "provider": "openai", "input_cost_per_1k": 0.1}, "output_cost_per_1k"),
        ({"id": "x", "identifier": "x", "provider": "openai", "base_url": "file:///etc/passwd"}, "http"),
        ({"id": "x", "identifier": "x", "provider": "azure"}, "base_url"),
        ({"identifier": "x", "provider": "openai"}, "id"),
    ]
    for entry, word in wrong:
        refused = gateway.post("/api/v1/models", entry)
        assert refused.status_code == 422, entry
        page = refused.json()
        assert page["code"] == "validation_failed"
        assert any(word in one["message"] or word in one["where"] for one in page["errors"]), page
        assert refused.headers["x-request-id"]


def test_addresses_of_the_machine_itself_are_never_called(gateways: Callable[..., Gateway]) -> None:
    """Where clouds hand out credentials, in every way to write it: an entry does not vouch for these."""
    closed = gateways()
    hosts = ("169.254.169.254", "[::ffff:169.254.169.254]", "2852039166", "0xa9fea9fe", "[fe80::1]", "0.0.0.0")
    for number, host in enumerate(hosts):
        entry = {"id": f"m-{number}", "identifier": "x", "provider": "openai", "base_url": f"http://{host}/latest"}
        made = closed.post("/api/v1/models", entry)
        if made.status_code != 201:
            assert made.json()["code"] == "validation_failed"
            continue
        answer = closed.chat(entry["id"])
        assert (answer.status_code, answer.json()["error"]["code"]) == (502, "egress_refused"), host


def test_a_private_route_is_called_by_name(gateway: Gateway, upstream: Upstream) -> None:
    """`is_public: false` says where a model lives; routing rules read it."""
    answer = gateway.chat("hidden")
    assert answer.status_code == 200
    assert upstream.last().target == "/hidden"
    assert gateway.get("/api/v1/models/hidden")["is_public"] is False


def test_retries_and_fallback_before_the_first_byte(gateway: Gateway) -> None:
    for stream in (False, True):
        answer = gateway.chat("failing", stream=stream)
        assert answer.status_code == 200
        step = gateway.step(answer)
        assert [(one["model"], one["status"]) for one in step["attempts"]] == [
            ("failing", 503), ("failing", 503), ("by-file", 200),
        ]  # fmt: skip
        assert (step["model_asked"], step["model"]) == ("failing", "by-file")


def test_money_is_exact_by_bucket(gateway: Gateway, upstream: Upstream) -> None:
    entry = {**FIELDS, "id": "cached", "identifier": "c", "provider": "openai", "base_url": f"{upstream.url}/cached"}
    assert gateway.post("/api/v1/models", entry).status_code == 201
    step = gateway.step(gateway.chat("cached"))
    assert step["usage"] == {
        "input": 400, "output": 100, "cache_read": 600, "cache_write": 0, "reasoning": 40, "images": 0, "exact": True,
    }  # fmt: skip
    # 400 x 0.00015 + 600 x 0.000075 + 100 x 0.0006, a thousand.
    assert step["cost"] == "0.000165"
    assert step["prices"]["cache_read_cost_per_1k"] == "0.000075"
