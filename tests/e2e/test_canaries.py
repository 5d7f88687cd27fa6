"""Marked secrets go in through every route of the description; they come out of none, and stand in no file."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from e2e.running import ADMIN_KEY, CLIENT, RUNTIME_KEY, Gateway
from e2e.upstream import Seen, Upstream, Wire, say

REGISTRY = "sk-canary-registry-" + "c" * 24
ENVIRONMENT = "sk-canary-environment-" + "c" * 24
TENANT = "sk-canary-tenant-" + "c" * 24
PASSED = "sk-canary-passed-" + "c" * 24
CANARIES = (REGISTRY, ENVIRONMENT, TENANT, PASSED, ADMIN_KEY, RUNTIME_KEY)
NEVER_SAID = {"/api/v1/apply"}
"""Takes a whole configuration, where the sweep would end the gateway's own."""
BODY: dict[str, Any] = {
    "model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5, "input": "hi", "prompt": "hi",
    "name": "x", "email": "x@x.test", "trace_id": "none", "contents": [{"parts": [{"text": "hi"}]}],
}  # fmt: skip


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    async def answer(seen: Seen, wire: Wire) -> None:
        if "/echoes" in seen.target:
            # A provider that quotes the key in its refusal.
            said = seen.headers.get("authorization", "") + " is not good"
            await wire.plain({"error": {"message": said, "code": "invalid_api_key"}}, 401)
        elif "/refuses" in seen.target:
            said = seen.headers.get("authorization", "") + " may not do this"
            await wire.plain({"error": {"message": said}}, 400)
        else:
            await say(seen, wire)

    with Upstream(answer) as one:
        yield one


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    gateway = gateways(start=False, env={"CANARY": REGISTRY, "OPENAI_API_KEY": ENVIRONMENT})
    models = [
        {"id": id, "identifier": id, "provider": "openai", "base_url": f"{upstream.url}/{id}", "api_key": key}
        for id, key in (("m", {"env": "CANARY"}), ("echoes", {"env": "CANARY"}), ("refuses", {"env": "CANARY"}))
    ]
    own = {"id": "keyless-echoes", "identifier": "k", "provider": "openai", "base_url": f"{upstream.url}/echoes"}
    config = {
        "server": {"egress": {"allow": ["127.0.0.0/8"]}, "pass_through_project": "default"},
        "models": [*models, own],
        "projects": [{"id": "default", "pass_through_provider": "openai"}],
    }
    gateway.configure(json.dumps(config))
    return gateway.start()


def places(gateway: Gateway) -> list[tuple[str, str]]:
    """(method, path) of all that the gateway says it answers."""
    page = CLIENT.get(f"{gateway.base_url}/openapi.json").json()
    found: list[tuple[str, str]] = []
    for path, methods in page["paths"].items():
        if path not in NEVER_SAID:
            found += [(method.upper(), re.sub(r"\{\w+\}", "none", path)) for method in methods]
    return found


def silent(text: str) -> None:
    for canary in CANARIES:
        # The middle of the secret as well: a cut or masked copy is a copy.
        assert canary[4:-4] not in text, canary[:20]


def asked(gateway: Gateway, method: str, path: str, headers: dict[str, str], body: Any) -> str:
    got = CLIENT.request(method, gateway.base_url + path, headers=headers, json=body, timeout=20)
    return f"{got.headers!r}\n{got.text}"


def test_no_canary_sings(gateway: Gateway, upstream: Upstream) -> None:
    bring = {"provider": "openai", "api_key": TENANT}
    silent(asked(gateway, "POST", "/v1/keys", {"x-api-key": RUNTIME_KEY}, bring))
    shown = (
        {"authorization": f"Bearer {RUNTIME_KEY}"},
        {"authorization": f"Bearer {ADMIN_KEY}"},
        {"authorization": f"Bearer {PASSED}"},
        {"x-api-key": TENANT},
        {"authorization": f"Bearer {ADMIN_KEY}-{TENANT}"},
    )
    for method, path in places(gateway):
        for headers in shown:
            silent(asked(gateway, method, path, headers, BODY))
            silent(asked(gateway, method, path, headers, {**BODY, "api_key": TENANT, "x": [TENANT]}))
    for model in ("echoes", "refuses", "keyless-echoes", "m"):
        for path in ("/v1/chat", "/v1/chat/completions", "/v1/messages"):
            for stream in (False, True):
                body = {"model": model, "messages": BODY["messages"], "max_tokens": 5, "stream": stream}
                for bearer in (RUNTIME_KEY, PASSED):
                    silent(asked(gateway, "POST", path, {"authorization": f"Bearer {bearer}"}, body))
    admin = {"authorization": f"Bearer {ADMIN_KEY}"}
    traces = CLIENT.get(f"{gateway.base_url}/api/v1/traces?limit=200", headers=admin).json()["items"]
    assert len(traces) > 20
    for trace in traces:
        silent(json.dumps(trace))
        silent(asked(gateway, "GET", f"/api/v1/traces/{trace['id']}", admin, None))
    for path in ("/v1/metrics?format=csv&group_by=key", "/api/v1/usage?format=csv&group_by=user", "/metrics"):
        silent(asked(gateway, "GET", path, admin, None))
    sent = {seen.headers.get("authorization") for seen in upstream.seen}
    assert {f"Bearer {key}" for key in (REGISTRY, TENANT, PASSED)} <= sent, "a canary that never flew proves nothing"
    gateway.stop()
    silent(gateway.log())
    for file in gateway.data.rglob("*"):
        if file.is_file():
            silent(file.read_bytes().decode("latin-1"))
