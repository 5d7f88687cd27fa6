"""Many callers on one small budget, and all that goes wrong: errors, cut and silent answers, callers that leave,
gateways that are killed. Every bill is kept.
"""

import asyncio
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from e2e.load import INPUT_PRICE, MODEL, OUTPUT_PRICE
from e2e.money import nano
from e2e.running import Gateway, alive, until
from e2e.upstream import DONE, Seen, Wire, chunk, completion, usage_chunk

PROMPT = 20
SILENT = 1.0
"""Seconds after which an upstream that says nothing is given up."""
ENDS = ("whole",) * 6 + ("error", "cut", "silent")
"""How the provider ends an answer."""


def config(url: str, limit: str) -> dict[str, Any]:
    model = {**MODEL, "base_url": f"{url}/v1"}
    return {
        "server": {"timeouts": {"first_byte": SILENT, "idle": SILENT}},
        "models": [model],
        "projects": [{"id": "default", "budgets": {"daily_usd": limit}}],
        "retries": {"attempts": 1},
        "breaker": {"failures": 1000, "error_share": 1.0, "calls": 1000},
    }


class Provider:
    """Bills the prompt when it begins to answer, and every word when it sends it; ends as the caller says."""

    def __init__(self) -> None:
        self.billed: dict[str, int] = {}

    async def answer(self, seen: Seen, wire: Wire) -> None:
        mark, ends = seen.json["messages"][0]["content"].split(" ")[:2]
        dice = random.Random(mark)
        words = dice.randint(3, seen.json["max_tokens"])
        await asyncio.sleep(dice.uniform(0, 0.3))
        if ends == "error":
            await wire.plain({"error": {"message": "no"}}, 503)
            return
        self.billed[mark] = PROMPT * INPUT_PRICE
        if not seen.json.get("stream"):
            self.billed[mark] += words * OUTPUT_PRICE
            if ends != "whole":
                await self._end(ends, wire)
                return
            await wire.plain(completion("word " * words, prompt=PROMPT, output=words))
            return
        await wire.begin()
        for number in range(words):
            if ends != "whole" and number == words // 2:
                await self._end(ends, wire)
                return
            self.billed[mark] += OUTPUT_PRICE
            await wire.chunk(chunk("word "))
            await asyncio.sleep(0.002)
        for event in (chunk(finish="stop"), usage_chunk(PROMPT, words), DONE):
            await wire.chunk(event)
        await wire.end()

    async def _end(self, ends: str, wire: Wire) -> None:
        if ends == "silent":
            await asyncio.sleep(SILENT + 30)
        wire.cut()


@dataclass
class Spree:
    """Each caller asks until it gets an answer of any kind, or leaves. `said`: every answer, (mark, status, body)."""

    gateways: list[Gateway]
    label: str
    callers: int = 200
    said: list[tuple[str, int, Any]] = field(default_factory=list)
    left: int = 0
    _thread: threading.Thread | None = None

    def start(self) -> "Spree":
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()), daemon=True)
        self._thread.start()
        return self

    def join(self) -> None:
        assert self._thread is not None
        self._thread.join(120)
        assert not self._thread.is_alive(), f"{len(self.said)} of {self.callers} callers are done"

    @property
    def done(self) -> int:
        return len(self.said) + self.left

    @property
    def answered(self) -> int:
        return sum(status == 200 for _, status, _ in list(self.said))

    async def _all(self) -> None:
        limits = httpx.Limits(max_connections=self.callers)
        async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
            await asyncio.gather(*(self._one(client, number) for number in range(self.callers)))

    async def _one(self, client: httpx.AsyncClient, number: int) -> None:
        dice = random.Random(f"{self.label}-{number}")
        most, ends, stream = dice.randint(5, 200), dice.choice(ENDS), dice.random() < 0.6
        leaves = dice.uniform(0, 0.6) if dice.random() < 0.25 else None
        for turn in range(1000):
            gateway = self.gateways[(number + turn) % len(self.gateways)]
            mark = f"{self.label}-{number}-{turn}"
            content = f"{mark} {ends} {'x' * dice.randint(0, 150)}"
            body = {"model": "billed", "stream": stream, "max_tokens": most}
            asking = client.post(
                f"{gateway.base_url}/v1/chat/completions", headers=_headers(gateway, mark),
                json={**body, "messages": [{"role": "user", "content": content}]},
            )  # fmt: skip
            try:
                answer = await asyncio.wait_for(asking, leaves)
            except TimeoutError:
                self.left += 1
                return
            except httpx.HTTPError:
                # It died under us.
                await asyncio.sleep(0.1)
                continue
            self.said.append((mark, answer.status_code, answer.json() if answer.status_code == 402 else None))
            return


def _headers(gateway: Gateway, mark: str) -> dict[str, str]:
    return {"authorization": f"Bearer {gateway.runtime_key}", "x-request-id": mark}


class Sampler:
    """Looks at (settled, held) all the time; `worst` is the most that both were together."""

    def __init__(self, look: Callable[[], tuple[int, int] | None]) -> None:
        self._look = look
        self._ended = threading.Event()
        self.worst = self.samples = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        while not self._ended.is_set():
            if (seen := self._look()) is not None:
                self.worst, self.samples = max(self.worst, sum(seen)), self.samples + 1
            time.sleep(0.01)


def kill_when(due: Callable[[], bool], gateway: Gateway) -> None:
    """Kills both processes of a gateway when it is due, and starts it again."""
    until(due, 60)
    data, control = gateway.pid, gateway.control_pid()
    for pid in (control, data):
        os.kill(pid, signal.SIGKILL)
    assert gateway.process is not None
    gateway.process.wait(10)
    gateway.process = None
    until(lambda: not alive(control))
    gateway.start()


def steps_of(gateways: list[Gateway]) -> dict[str, dict[str, Any]]:
    """Every model call on record, by its request id."""
    found: dict[str, dict[str, Any]] = {}
    for gateway in gateways:
        cursor: str | None = ""
        while cursor is not None:
            page = gateway.get("/api/v1/traces?limit=200" + (f"&cursor={cursor}" if cursor else ""))
            for row in page["items"]:
                if row["outcome"] == "refused":
                    continue  # it cost nothing
                for step in gateway.trace(row["id"])["steps"]:
                    assert step["request_id"] not in found, "one call has two records"
                    found[step["request_id"]] = step
            cursor = page["next_cursor"]
    return found


def assert_every_bill_is_covered(steps: dict[str, dict[str, Any]], billed: dict[str, int]) -> int:
    """What all records say was settled. Exact where the provider told its usage, else between the bill and the hold."""
    for mark, bill in billed.items():
        assert mark in steps, f"{mark} was billed and has no record"
        step = steps[mark]
        settled, held = nano(step["settled"]), nano(step["held"])
        if step["outcome"] == "answered":
            assert settled == bill, step
            assert step["estimated"] is False
        else:
            assert step["outcome"] in ("abandoned", "failed", "interrupted"), step
            assert bill <= settled <= held, step
            assert step["estimated"] is True
    for mark, step in steps.items():
        assert mark in billed or nano(step["settled"]) == 0 or step["estimated"], step
    return sum(nano(step["settled"]) for step in steps.values())
