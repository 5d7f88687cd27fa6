"""A load whose every answer is accounted for: what callers received whole, and what the provider billed."""

import asyncio
import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from e2e.running import Gateway
from e2e.upstream import DONE, Seen, Wire, chunk, completion, usage_chunk

INPUT_PRICE, OUTPUT_PRICE = 3_000, 7_000
"""Nano-dollars a token."""
MODEL: dict[str, Any] = {
    "id": "billed", "identifier": "b-1", "provider": "openai", "max_output": 200,
    "input_cost_per_1k": 0.003, "output_cost_per_1k": 0.007,
}  # fmt: skip


class BillingProvider:
    """Bills the prompt when it begins to answer, and every word when it sends it. Bills go by the caller's mark."""

    def __init__(self) -> None:
        self.billed: dict[str, int] = {}

    async def answer(self, seen: Seen, wire: Wire) -> None:
        mark = seen.json["messages"][0]["content"].split(" ")[0]
        prompt, words = 20, 3 + sum(mark.encode()) % 30
        self.billed[mark] = self.billed.get(mark, 0) + prompt * INPUT_PRICE
        if not seen.json.get("stream"):
            await asyncio.sleep(0.004)
            self.billed[mark] += words * OUTPUT_PRICE
            await wire.plain(completion("word " * words, prompt=prompt, output=words))
            return
        await wire.begin()
        for _ in range(words):
            self.billed[mark] += OUTPUT_PRICE
            await wire.chunk(chunk("word "))
            await asyncio.sleep(0.002)
        for event in (chunk(finish="stop"), usage_chunk(prompt, words), DONE):
            await wire.chunk(event)
        await wire.end()


@dataclass
class Got:
    """What one caller got."""

    mark: str
    kind: str
    whole: bool = False
    status: int | None = None
    trace_id: str | None = None
    step_id: str | None = None


@dataclass
class Load:
    """Callers in threads, from `start` until `stop`; `got` has every call, whatever became of it."""

    gateway: Gateway
    label: str
    callers: int = 6
    pause: float = 0.003
    got: list[Got] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> "Load":
        for number in range(self.callers):
            thread = threading.Thread(target=self._call_on, args=(number,), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def stop(self) -> list[Got]:
        self._ended.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()
        return self.got

    def _call_on(self, number: int) -> None:
        dice = random.Random(f"{self.label}-{number}")
        headers = {"authorization": f"Bearer {self.gateway.runtime_key}"}
        with httpx.Client(base_url=self.gateway.base_url, timeout=20, headers=headers) as client:
            for turn in range(1_000_000):
                if self._ended.is_set():
                    return
                got = Got(f"{self.label}-{number}-{turn}", dice.choice(("plain", "stream", "execution")))
                self.got.append(got)
                try:
                    getattr(self, f"_{got.kind}")(client, got)
                except httpx.HTTPError:
                    # It died under us; the next call finds out whether it is back.
                    time.sleep(0.02)
                time.sleep(self.pause)

    def _body(self, got: Got) -> dict[str, Any]:
        return {"model": "billed", "messages": [{"role": "user", "content": f"{got.mark} is my mark"}]}

    def _plain(self, client: httpx.Client, got: Got) -> None:
        answer = client.post("/v1/chat/completions", json=self._body(got), headers={"x-request-id": got.mark})
        got.status, got.trace_id = answer.status_code, answer.headers.get("x-gatepost-trace-id")
        got.whole = answer.status_code == 200 and "usage" in answer.json()

    def _stream(self, client: httpx.Client, got: Got) -> None:
        body = {**self._body(got), "stream": True}
        with client.stream("POST", "/v1/chat/completions", json=body, headers={"x-request-id": got.mark}) as answer:
            got.status, got.trace_id = answer.status_code, answer.headers.get("x-gatepost-trace-id")
            text = answer.read().decode()
        got.whole = answer.status_code == 200 and text.endswith("data: [DONE]\n\n") and '"error"' not in text

    def _execution(self, client: httpx.Client, got: Got) -> None:
        trace = client.post("/api/v1/traces", json={"metadata": {"mark": got.mark}})
        got.status = trace.status_code
        if trace.status_code != 201:
            return
        got.trace_id = trace.json()["id"]
        asked = {"trace_id": got.trace_id, "model": "billed", "input": f"{got.mark} is my mark"}
        answer = client.post("/api/v1/executions", json=asked, headers={"x-request-id": got.mark})
        got.status = answer.status_code
        if answer.status_code == 200:
            got.step_id = answer.json()["step_id"]
            got.whole = bool(answer.json()["output"])


def config(url: str) -> str:
    """One priced model on one budget, and a model too dear for it, whose refusal shows the ledger."""
    dear = {**MODEL, "id": "dear", "base_url": f"{url}/v1", "max_output": 10**9, "output_cost_per_1k": 1_000_000}
    return json.dumps(
        {
            "models": [{**MODEL, "base_url": f"{url}/v1"}, dear],
            "projects": [{"id": "default", "budgets": {"daily_usd": 1_000_000}}],
            "retries": {"attempts": 1},
        }
    )
