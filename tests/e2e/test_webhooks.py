"""Webhooks of a running gateway, told to a receiver that is a process of its own."""

import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from e2e.running import Gateway, free_port, until

SECRET = "file-secret-" + "s" * 24
PRICED = {"id": "priced", "identifier": "echo", "provider": "sandbox", "input_cost_per_1k": 1, "output_cost_per_1k": 1}


class Receiver:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.file = folder / "received"
        self.status("200")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        script = Path(__file__).with_name("receiver.py")
        self.process = subprocess.Popen([sys.executable, str(script), str(self.port), str(self.file)])
        until(self.listens)

    def listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def status(self, word: str) -> None:
        self.file.with_suffix(".status").write_text(word)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def seen(self, path: str = "/all") -> list[dict[str, Any]]:
        """What came to `path`: headers, and the event under `event`."""
        if not self.file.exists():
            return []
        found = [json.loads(line) for line in self.file.read_text().splitlines()]
        return [one | {"event": json.loads(one["body"])} for one in found if one["path"] == path]

    def types(self, path: str = "/all") -> list[str]:
        return [one["event"]["type"] for one in self.seen(path)]

    def url(self, path: str = "/all") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    one = Receiver(tmp_path)
    yield one
    one.stop()


@pytest.fixture
def gateway(receiver: Receiver, gateways: Callable[..., Gateway]) -> Gateway:
    config = {
        "server": {"egress": {"allow": ["127.0.0.0/8"]}},
        "models": [PRICED],
        "projects": [{"id": "default", "budgets": {"daily_usd": 1}}],
        "budgets": [{"id": "caps", "scope": "key", "hourly_usd": 0.5}],
        "webhooks": [{"id": "all", "url": receiver.url(), "secret": {"env": "HOOK"}, "thresholds": [10]}],
    }
    return gateways(json.dumps(config), env={"HOOK": SECRET})


def signed(one: dict[str, Any], secret: str) -> bool:
    stamp, *made = one["headers"]["x-gatepost-signature"].split(",")
    assert abs(time.time() - int(stamp.removeprefix("t="))) < 300
    said = f"{stamp.removeprefix('t=')}.{one['body']}".encode()
    return "v1=" + hmac.new(secret.encode(), said, hashlib.sha256).hexdigest() in made


def crossed(receiver: Receiver) -> set[tuple[str, int]]:
    """The budgets that were told, and the hundredths of them that are spent."""
    told = [one["event"]["data"] for one in receiver.seen() if one["event"]["type"] == "budget.threshold"]
    return {(one["limit_id"], one["threshold"]) for one in told}


def spend(gateway: Gateway) -> int:
    return gateway.chat("priced", "word " * 5, max_tokens=40).status_code


def test_what_happens_is_told(gateway: Gateway, receiver: Receiver) -> None:
    made = gateway.post(
        "/api/v1/webhooks", {"id": "mine", "url": receiver.url("/mine"), "events": ["key.paused"]}
    ).json()
    key = gateway.post("/api/v1/keys", {"name": "app"}).json()
    gateway.post(f"/api/v1/keys/{key['id']}/pause")
    until(lambda: receiver.types() == receiver.types("/mine") == ["key.paused"])
    assert signed(receiver.seen()[0], SECRET)
    assert signed(receiver.seen("/mine")[0], made["secret"])
    assert receiver.seen("/mine")[0]["event"]["data"]["key_id"] == key["id"]
    assert until(lambda: gateway.get("/api/v1/webhooks/mine")["deliveries"]["delivered"]) == 1

    codes = [spend(gateway)]
    while codes[-1] == 200:
        codes.append(spend(gateway))
    assert codes[-1] == 429
    until(lambda: "spend_cap.tripped" in receiver.types())
    until(lambda: crossed(receiver) == {("default/daily", 10), ("caps/hourly", 10)})
    until(lambda: gateway.get("/api/v1/webhooks/all")["deliveries"]["pending"] == 0)
    assert len(receiver.types()) == len({one["event"]["id"] for one in receiver.seen()})
    for secret in (SECRET, made["secret"]):
        assert secret not in gateway.log()
        assert all(secret.encode() not in path.read_bytes() for path in gateway.data.rglob("*") if path.is_file())


@pytest.mark.soak
def test_a_dead_receiver_and_a_kill_lose_nothing_and_delay_nobody(gateway: Gateway, receiver: Receiver) -> None:
    receiver.status("silent")
    sent = [gateway.post("/api/v1/webhooks/all/test").json()["event_id"] for _ in range(10)]
    until(lambda: len(receiver.seen()) >= 4)
    assert spend(gateway) == 200
    receiver.stop()
    gateway.kill()
    receiver.status("200")
    receiver.start()
    gateway.start()
    until(lambda: {*sent} <= {one["event"]["id"] for one in receiver.seen()}, seconds=60)
    until(lambda: gateway.get("/api/v1/webhooks/all")["deliveries"]["pending"] == 0, seconds=60)
    items = gateway.get("/api/v1/webhooks/all/deliveries?state=delivered")["items"]
    assert {*sent} <= {one["event_id"] for one in items}


@pytest.mark.soak
def test_a_control_plane_that_is_killed_tells_what_it_had_not_told(gateway: Gateway, receiver: Receiver) -> None:
    def told() -> set[str]:
        return {one["event"]["data"].get("key_id") for one in receiver.seen()}

    paused: list[str] = []
    for _ in range(5):
        key = gateway.post("/api/v1/keys", {"name": "app"}).json()
        gateway.post(f"/api/v1/keys/{key['id']}/pause")
        os.kill(gateway.control_pid(), 9)
        until(lambda: gateway.request("GET", "/api/v1/keys").status_code == 200)
        paused.append(key["id"])
        until(lambda: told() >= {*paused}, seconds=60)
    assert told() == {*paused}
