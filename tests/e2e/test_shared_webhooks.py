"""Webhooks of two gateways over one PostgreSQL: both see what happens, and each event is told as one."""

import base64
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from e2e.running import Gateway, until
from e2e.test_webhooks import PRICED, Receiver

CONFIG = {
    "server": {"store_url": {"env": "STORE_AT"}, "egress": {"allow": ["127.0.0.0/8"]}},
    "models": [PRICED],
    "projects": [{"id": "default", "budgets": {"daily_usd": 1}}],
}


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    one = Receiver(Path(tmp_path_factory.mktemp("receiver")))
    yield one
    one.stop()


@pytest.fixture(scope="module")
def both(gateways: Callable[..., Gateway], cluster: Any) -> list[Gateway]:
    env = {"STORE_AT": cluster.url, "GATEPOST_MASTER_KEY": base64.b64encode(os.urandom(32)).decode()}
    made = [gateways(json.dumps(CONFIG), env=env, start=False) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Gateway.start, made))
    return made


def hook(gateway: Gateway, receiver: Receiver, name: str, **said: Any) -> None:
    made = gateway.post("/api/v1/webhooks", {"id": name, "url": receiver.url(f"/{name}"), **said})
    assert made.status_code == 201, made.text


def ids(receiver: Receiver, name: str) -> Counter[str]:
    return Counter(one["event"]["id"] for one in receiver.seen(f"/{name}"))


def paused(gateway: Gateway) -> str:
    key = gateway.post("/api/v1/keys", {"name": "app"}).json()
    assert gateway.post(f"/api/v1/keys/{key['id']}/pause").status_code == 200
    return key["id"]


def budgets(receiver: Receiver) -> list[dict[str, Any]]:
    told = [one["event"] for one in receiver.seen("/a")]
    return [one for one in told if one["type"] == "budget.threshold"]


def test_each_event_comes_once_whichever_gateway_saw_it(both: list[Gateway], receiver: Receiver) -> None:
    hook(both[0], receiver, "a", thresholds=[10])
    hook(both[1], receiver, "b", events=["key.paused"])
    keys = {paused(both[number % 2]) for number in range(12)}
    while both[0].chat("priced", "word " * 5, max_tokens=40).status_code == 200:
        both[1].chat("priced", "word " * 5, max_tokens=40)
    # Spending is told when it is folded, which may be after all else was told.
    until(lambda: budgets(receiver), 30)
    for name in ("a", "b"):
        until(
            lambda name=name: keys <= {one["event"]["data"].get("key_id") for one in receiver.seen(f"/{name}")},
            30,
        )
        until(lambda name=name: both[0].get(f"/api/v1/webhooks/{name}")["deliveries"]["pending"] == 0, 30)
    assert [one["data"]["threshold"] for one in budgets(receiver)] == [10]
    assert {*ids(receiver, "a").values(), *ids(receiver, "b").values()} == {1}
    assert len(ids(receiver, "b")) == 12


def test_a_webhook_hears_at_once_of_what_happens_at_the_other_gateway(both: list[Gateway], receiver: Receiver) -> None:
    for number in range(8):
        name = f"new{number}"
        hook(both[number % 2], receiver, name, events=["key.paused"])
        told = both[number % 2].post(f"/api/v1/webhooks/{name}/test").json()["event_id"]
        until(lambda name=name, told=told: told in ids(receiver, name), 20)
        assert both[number % 2].request("DELETE", f"/api/v1/webhooks/{name}").status_code == 204


@pytest.mark.soak
def test_a_gateway_that_is_killed_loses_none_of_what_it_had_begun(both: list[Gateway], receiver: Receiver) -> None:
    one, two = both
    hook(one, receiver, "k", events=["key.paused"])
    receiver.status("500")
    keys = {paused(both[number % 2]) for number in range(6)}
    until(lambda: receiver.seen("/k"), 20)
    one.kill()
    receiver.status("200")
    # What it had begun, another begins again after its lease.
    until(lambda: two.get("/api/v1/webhooks/k")["deliveries"]["delivered"] == 6, 60)
    assert {event["event"]["data"]["key_id"] for event in receiver.seen("/k")} == keys
    assert len(ids(receiver, "k")) == 6
    one.start()
