"""Deliveries to receivers that are real: a server on a free port, in the test's own loop."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatepost_gateway.control.courier import ATTEMPTS, FIRST_WAIT, LONGEST_WAIT, Courier, Sender, backoff
from gatepost_gateway.control.plane import ControlPlane
from gatepost_gateway.control.watching import Watch
from gatepost_gateway.domain.snapshot import KeyState
from gatepost_gateway.domain.webhooks import Happening, Topic
from gatepost_gateway.settings.webhook_shapes import WebhookFields
from gatepost_gateway.storage.outbox import Outbox, State
from gatepost_gateway.storage.records import Records
from gatepost_gateway.transport import Client, Egress

from .house import make


class Receiver:
    """Answers with `status`, or never; keeps what came."""

    def __init__(self) -> None:
        self.status = "204 OK"
        self.silent = False
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.port = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(headers["content-length"]))
            self.seen.append((headers, body))
            if self.silent:
                await reader.read()
                return
            location = "Location: http://127.0.0.1:1/\r\n" if self.status.startswith("3") else ""
            writer.write(f"HTTP/1.1 {self.status}\r\n{location}Content-Length: 0\r\n\r\n".encode())
            await writer.drain()
        finally:
            writer.close()


class Post:
    """A plane, its outbox and a courier on its way to a receiver."""

    def __init__(self, folder: Path, allow: tuple[str, ...]) -> None:
        self.receiver = Receiver()
        self.plane: ControlPlane = make(folder)
        self.records = Records(folder / "records.db")
        self.outbox = Outbox(self.records)
        self.client = Client(egress=Egress.of(*allow))
        self.now = self.plane.clock.micros()
        self.courier = Courier(
            self.plane,
            self.outbox,
            Watch(self.records, self.outbox),
            Sender(self.client, self.plane.vault, self),
        )
        self.secret = ""

    def micros(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1_000_000

    def hook(self, id: str, port: int) -> None:
        said = WebhookFields.model_validate({"url": f"http://127.0.0.1:{port}/in?a=1"})
        _, secret = self.plane.webhooks.add(id, said, {"default"}, by="t")
        self.secret = secret.reveal()

    def happen(self, *webhooks: str) -> None:
        made = [Happening(f"evt_{name}_{self.now}", self.now, Topic.TEST, "", "{}", name) for name in webhooks]
        self.outbox.happen(made, {}, self.now)

    async def until(self, true: Callable[[], Any]) -> None:
        """Turns of the courier until something is so."""
        for _ in range(200):
            await self.courier.tick(self.plane.store, self)
            if true():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("it never became so")

    def states(self, webhook: str = "w") -> list[Any]:
        return self.outbox.page(webhook, None, 2**62, 50)


@asynccontextmanager
async def posted(folder: Path, *allow: str) -> AsyncIterator[Post]:
    post = Post(folder, allow)
    server = await asyncio.start_server(post.receiver, "127.0.0.1", 0)
    post.receiver.port = server.sockets[0].getsockname()[1]
    running = asyncio.create_task(asyncio.sleep(0))
    try:
        post.hook("w", post.receiver.port)
        yield post
    finally:
        for task in list(post.courier._trying):
            task.cancel()
        await asyncio.gather(running, *post.courier._trying, return_exceptions=True)
        await post.client.close()
        server.close()
        post.records.close()
        post.plane.close()


def test_a_delivery_is_signed_and_settled(tmp_path: Path) -> None:
    async def go() -> None:
        async with posted(tmp_path, "127.0.0.0/8") as post:
            first = post.secret
            hook, _ = post.plane.webhooks.get("w", None)
            _, newer = post.plane.webhooks.rotate(hook, 60, by="t")
            post.happen("w")
            await post.until(lambda: post.outbox.counts("w")["delivered"] == 1)
            ((headers, body),) = post.receiver.seen
            stamp, *signed = headers["x-gatepost-signature"].split(",")
            assert stamp == f"t={post.now // 1_000_000}"
            said = stamp.removeprefix("t=").encode() + b"." + body
            assert signed == [
                "v1=" + hmac.new(key.encode(), said, hashlib.sha256).hexdigest() for key in (newer.reveal(), first)
            ]
            event = msgspec.json.decode(body)
            assert headers["x-gatepost-event-id"] == event["id"]
            assert headers["x-gatepost-event"] == event["type"] == "webhook.test"
            (one,) = post.states()
            assert (one.state, one.answered, one.attempts) == (State.DELIVERED, 204, 1)

    asyncio.run(go())


@pytest.mark.parametrize("status", ["500 X", "302 Found", "429 X", "404 X"])
def test_anything_but_success_is_tried_again_later(tmp_path: Path, status: str) -> None:
    async def go() -> None:
        async with posted(tmp_path, "127.0.0.0/8") as post:
            post.receiver.status = status
            post.happen("w")
            await post.until(lambda: post.states() and post.states()[0].answered)
            (one,) = post.states()
            assert (one.state, one.attempts, one.trouble) == (State.PENDING, 1, f"it answered {status[:3]}")
            assert post.now + FIRST_WAIT * 500_000 <= one.next_at <= post.now + FIRST_WAIT * 1_000_000
            assert len(post.receiver.seen) == 1
            post.receiver.status = "200 OK"
            post.now = one.next_at
            await post.until(lambda: post.outbox.counts("w")["delivered"] == 1)
            (first, body), (second, again) = post.receiver.seen
            assert body == again
            assert first["x-gatepost-event-id"] == second["x-gatepost-event-id"]
            assert (first["x-gatepost-attempt"], second["x-gatepost-attempt"]) == ("1", "2")

    asyncio.run(go())


def test_it_gives_up_after_its_tries_and_at_once_where_the_receiver_is_gone(tmp_path: Path) -> None:
    async def go() -> None:
        async with posted(tmp_path, "127.0.0.0/8") as post:
            post.receiver.status = "500 X"
            post.happen("w")
            for tries in range(1, ATTEMPTS + 1):
                await post.until(lambda most=tries: len(post.receiver.seen) == most and not post.courier._trying)
                post.now += 3_600_000_000
            assert post.outbox.counts("w")["failed"] == 1
            assert post.states()[0].attempts == ATTEMPTS
            post.receiver.status = "410 Gone"
            post.happen("w")
            await post.until(lambda: post.outbox.counts("w")["failed"] == 2)

    asyncio.run(go())


def test_a_private_address_is_refused_unless_it_is_listed(tmp_path: Path) -> None:
    async def go() -> None:
        async with posted(tmp_path) as post:
            post.happen("w")
            await post.until(lambda: post.states() and post.states()[0].trouble)
            assert "private or loopback" in post.states()[0].trouble
            assert post.receiver.seen == []

    asyncio.run(go())


def test_a_receiver_that_never_answers_holds_up_nobody_else(tmp_path: Path) -> None:
    async def go() -> None:
        async with posted(tmp_path, "127.0.0.0/8") as post:
            dead = Receiver()
            dead.silent = True
            server = await asyncio.start_server(dead, "127.0.0.1", 0)
            post.hook("dead", server.sockets[0].getsockname()[1])
            for _ in range(20):
                post.now += 1
                post.happen("dead")
            await post.until(lambda: len(dead.seen) == 4)
            post.happen("w")
            await post.until(lambda: post.outbox.counts("w")["delivered"] == 1)
            assert len(dead.seen) == 4, "no more than its share at once"
            assert post.outbox.counts("dead")["pending"] == 20
            server.close()

    asyncio.run(go())


def test_without_webhooks_what_happens_is_forgotten(tmp_path: Path) -> None:
    async def go() -> None:
        async with posted(tmp_path, "127.0.0.0/8") as post:
            hook, _ = post.plane.webhooks.get("w", None)
            post.plane.webhooks.remove(hook, by="t")
            post.happen("")
            await post.courier.tick(post.plane.store, post)
            post.hook("v", post.receiver.port)
            await post.courier.tick(post.plane.store, post)
            assert post.states("v") == []

    asyncio.run(go())


def test_a_key_that_is_paused_right_after_the_webhook_was_made_is_told_of(tmp_path: Path) -> None:
    async def go() -> None:
        async with posted(tmp_path, "127.0.0.0/8") as post:
            keyring = post.plane.keyring
            hook, _ = post.plane.webhooks.get("w", None)
            key = next(iter(keyring.identities.keys))
            post.plane.webhooks.remove(hook, by="t")
            await post.courier.tick(post.plane.store, post)
            for said in (None, "v"):  # what came before it was made is not told
                if said is not None:
                    post.hook(said, post.receiver.port)
                keyring.turn(key, KeyState.PAUSED, by="t")
                keyring.turn(key, KeyState.ACTIVE, by="t")
                post.plane.refresh()
                if said is None:
                    await post.courier.tick(post.plane.store, post)
            await post.until(lambda: post.outbox.counts("v")["delivered"] == 2)
            assert [one.topic for one in post.states("v")] == ["key.resumed", "key.paused"]

    asyncio.run(go())


def test_waits_grow_and_are_bounded() -> None:
    waits = [(backoff(attempts, 0.0), backoff(attempts, 1.0)) for attempts in range(1, 14)]
    assert waits[0] == (FIRST_WAIT / 2, FIRST_WAIT)
    assert all(later[1] >= earlier[1] for earlier, later in pairwise(waits))
    assert waits[-1] == (LONGEST_WAIT / 2, LONGEST_WAIT)
