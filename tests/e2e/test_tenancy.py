"""Keys that projects make for themselves, and provider keys that they bring, through a running gateway."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openai import OpenAI

from e2e.running import CLIENT, RUNTIME_KEY, Gateway
from e2e.upstream import Seen, Upstream, Wire, say

OURS = "sk-of-the-operator-" + "o" * 30
THEIRS = "sk-of-the-tenant-" + "t" * 30
HELLO = {"model": "keyless", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    async def answer(seen: Seen, wire: Wire) -> None:
        await say(seen, wire)

    with Upstream(answer) as one:
        yield one


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    gateway = gateways(start=False)
    (gateway.folder / "provider-key").write_text(OURS + "\n")
    models = [
        {"id": "keyless", "identifier": "m", "provider": "openai", "base_url": f"{upstream.url}/keyless"},
        {
            "id": "keyed", "identifier": "m2", "provider": "openai", "base_url": f"{upstream.url}/keyed",
            "api_key": {"file": "provider-key"},
        },
    ]  # fmt: skip
    gateway.configure(json.dumps({"server": {"egress": {"allow": ["127.0.0.0/8"]}}, "models": models}))
    return gateway.start()


def ask(gateway: Gateway, method: str, path: str, body: Any = None, key: str = RUNTIME_KEY) -> Any:
    headers = {"x-api-key": key}
    return CLIENT.request(method, gateway.base_url + path, json=body, headers=headers, timeout=10)


def test_a_key_lives_from_the_next_request_to_its_revocation(gateway: Gateway) -> None:
    made = ask(gateway, "POST", "/v1/keys/api", {"name": "ci", "models": ["sandbox/echo"]}).json()
    key = made["api_key"]
    echo = {**HELLO, "model": "sandbox/echo"}
    first = ask(gateway, "POST", "/v1/chat", echo, key)
    assert (first.status_code, first.json()["provider"]) == (200, "sandbox")
    assert ask(gateway, "POST", "/v1/chat", HELLO, key).status_code == 403
    statuses: list[tuple[float, int]] = []
    done = threading.Event()

    def hammer() -> None:
        while not done.is_set():
            began = time.monotonic()
            statuses.append((began, ask(gateway, "POST", "/v1/chat", echo, key).status_code))

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    gone = ask(gateway, "DELETE", f"/v1/keys/api/{made['id']}")
    answered = time.monotonic()
    time.sleep(0.3)
    done.set()
    for thread in threads:
        thread.join()
    assert gone.status_code == 204
    after = {status for began, status in statuses if began > answered}
    assert after == {401}
    assert {status for _, status in statuses} == {200, 401}
    assert ask(gateway, "POST", "/v1/chat", echo, key).json()["code"] == "key_revoked"


def test_a_project_brings_its_own_provider_key(gateway: Gateway, upstream: Upstream) -> None:
    assert ask(gateway, "POST", "/v1/keys", {"provider": "openai", "api_key": THEIRS}).status_code == 204
    assert ask(gateway, "GET", "/v1/me").json()["configured_providers"] == ["openai"]
    assert ask(gateway, "POST", "/v1/chat", HELLO).status_code == 200
    assert upstream.seen[-1].headers["authorization"] == f"Bearer {THEIRS}"
    assert ask(gateway, "POST", "/v1/chat", {**HELLO, "model": "keyed"}).status_code == 200
    assert upstream.seen[-1].headers["authorization"] == f"Bearer {OURS}"
    gateway.stop()
    gateway.start()
    assert ask(gateway, "POST", "/v1/chat", HELLO).status_code == 200
    assert upstream.seen[-1].headers["authorization"] == f"Bearer {THEIRS}"
    assert ask(gateway, "DELETE", "/v1/keys/openai").status_code == 204
    ask(gateway, "POST", "/v1/chat", HELLO)
    assert "authorization" not in upstream.seen[-1].headers
    assert THEIRS not in gateway.log()


def test_a_stream_is_plain_text(gateway: Gateway) -> None:
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "a b c"}], "stream": True}
    got = ask(gateway, "POST", "/v1/chat", body)
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    whole = ask(gateway, "POST", "/v1/chat", {**body, "stream": False}).json()
    assert got.text == whole["content"]
    assert "x-request-id" in got.headers


def test_who_signs_up_is_served_by_the_next_request_and_spends_nobody_elses_key(
    gateway: Gateway, upstream: Upstream
) -> None:
    signed = ask(gateway, "POST", "/v1/signup", {"email": "dev@acme.test", "org_name": "Acme"}, "")
    assert signed.status_code == 201
    key = signed.json()["api_key"]
    assert ask(gateway, "POST", "/v1/chat", {**HELLO, "model": "sandbox/echo"}, key).status_code == 200
    before = len(upstream.seen)
    for model in ("keyed", "keyless"):
        refused = ask(gateway, "POST", "/v1/chat", {**HELLO, "model": model}, key)
        assert (refused.status_code, refused.json()["code"]) == (400, "provider_key_missing")
        assert "POST /v1/keys" in refused.json()["detail"]
    assert len(upstream.seen) == before


def test_the_openai_client_shows_its_key_in_both_places(gateway: Gateway) -> None:
    headers = {"x-api-key": RUNTIME_KEY, "x-user-id": "u-42"}
    with OpenAI(base_url=f"{gateway.base_url}/v1", api_key=RUNTIME_KEY, default_headers=headers) as client:
        done = client.chat.completions.create(model="sandbox/echo", messages=[{"role": "user", "content": "Hi"}])
    assert done.choices[0].message.content
