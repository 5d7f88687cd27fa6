"""The master key is changed under a gateway that runs, with conversations under way, and with a kill in between."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from signal import SIGKILL
from typing import Any

import pytest

from e2e.running import Gateway, until
from e2e.upstream import Seen, Upstream, Wire, say

KEY = "sk-master-test-" + "k" * 24
CHAIN = {"model": "sandbox/echo", "input": "My name is Ada."}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    async def answer(seen: Seen, wire: Wire) -> None:
        await say(seen, wire)

    with Upstream(answer) as one:
        yield one


@pytest.fixture
def gateway(upstream: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    models = [
        {"id": id, "identifier": id, "provider": "openai", "base_url": f"{upstream.url}/{id}", "api_key": {"env": "K"}}
        for id in ("m", "n")
    ]
    config = {"server": {"egress": {"allow": ["127.0.0.0/8"]}}, "models": models}
    return gateways(json.dumps(config), env={"K": KEY, "OPENAI_API_KEY": KEY})


def keys(gateway: Gateway) -> list[str]:
    return (gateway.data / "master.key").read_text().split()


def respond(gateway: Gateway, **more: Any) -> Any:
    answer = gateway.post("/v1/responses", {**CHAIN, **more}, key=gateway.runtime_key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def works(gateway: Gateway, upstream: Upstream, chain: str) -> str:
    """A stored provider key opens, and the chain goes on; the id of its next link."""
    assert gateway.chat("m").status_code == 200
    assert upstream.last().headers["authorization"] == f"Bearer {KEY}"
    return respond(gateway, input="And now?", previous_response_id=chain)["id"]


def test_under_calls_and_after_a_start(gateway: Gateway, upstream: Upstream) -> None:
    first = respond(gateway)["id"]
    (old,) = keys(gateway)
    failed: list[str] = []
    stop = threading.Event()

    def call() -> None:
        chain = first
        while not stop.is_set():
            try:
                chain = works(gateway, upstream, chain)
            except AssertionError as error:
                failed.append(str(error))
                return

    callers = [threading.Thread(target=call) for _ in range(2)]
    for one in callers:
        one.start()
    said = gateway.run("keys", "rotate-master")
    assert "new master key" in said.stdout
    stop.set()
    for one in callers:
        one.join()
    assert failed == []
    (new,) = keys(gateway)
    assert new != old
    for text in (said.stdout, said.stderr, gateway.log()):
        assert old not in text
        assert new not in text
    link = works(gateway, upstream, first)
    gateway.kill()
    gateway.start()
    assert works(gateway, upstream, first)
    assert works(gateway, upstream, link)
    assert gateway.run_json("keys", "rotate-master")["state"] == "done"
    assert works(gateway, upstream, link)


@pytest.mark.parametrize("pieces", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_a_kill_in_the_middle_costs_nothing(gateway: Gateway, upstream: Upstream, pieces: int) -> None:
    first = respond(gateway)["id"]
    for _ in range(pieces):
        assert gateway.post("/api/v1/master-key/rotate").json()["state"] != "done"
    assert len(keys(gateway)) == 2
    second = works(gateway, upstream, first)
    gateway.kill()
    gateway.start()
    assert "rotate-master" in gateway.log()
    assert works(gateway, upstream, first)
    assert works(gateway, upstream, second)
    gateway.stop()
    gateway.run("keys", "rotate-master")
    assert len(keys(gateway)) == 1
    gateway.start()
    assert works(gateway, upstream, second)


@pytest.mark.soak
def test_a_control_plane_that_dies_in_the_middle_leaves_calls_alone(gateway: Gateway, upstream: Upstream) -> None:
    first = respond(gateway)["id"]
    assert gateway.post("/api/v1/master-key/rotate").status_code == 200
    os.kill(gateway.control_pid(), SIGKILL)
    assert gateway.chat("m").status_code == 200
    until(lambda: gateway.request("GET", "/api/v1/master-key").status_code == 200)
    second = works(gateway, upstream, first)
    gateway.run("keys", "rotate-master")
    assert works(gateway, upstream, second)
    assert len(keys(gateway)) == 1
