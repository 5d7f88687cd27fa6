"""A budget is never overshot and never blocks falsely, whatever callers do and however many they are."""

import asyncio
import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from e2e.load import INPUT_PRICE, MODEL, OUTPUT_PRICE, BillingProvider
from e2e.money import nano
from e2e.running import Gateway, until
from e2e.upstream import Upstream

LIMIT = "0.02"


@pytest.fixture(scope="module")
def provider() -> BillingProvider:
    return BillingProvider()


@pytest.fixture(scope="module")
def upstream(provider: BillingProvider) -> Iterator[Upstream]:
    with Upstream(provider.answer) as one:
        yield one


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    model = {**MODEL, "base_url": f"{upstream.url}/v1"}
    dear = {**model, "id": "dear", "max_output": 10**9}
    config = {
        "models": [model, dear],
        "projects": [
            {"id": "default", "budgets": {"daily_usd": 1_000}},
            {"id": "poor", "budgets": {"daily_usd": LIMIT, "monthly_usd": 1}},
        ],
        "retries": {"attempts": 1},
    }
    return gateways(json.dumps(config))


def _body(mark: str, **more: Any) -> dict[str, Any]:
    return {"model": "billed", "messages": [{"role": "user", "content": f"{mark} is my mark"}], **more}


def _spend(gateway: Gateway, key: str, calls: int, at_once: int) -> list[httpx.Response]:
    """So many calls, so many at a time, plain and streamed."""

    async def all_of_them() -> list[httpx.Response]:
        gate = asyncio.Semaphore(at_once)
        limits = httpx.Limits(max_connections=at_once)
        headers = {"authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=gateway.base_url, timeout=30, limits=limits, headers=headers) as client:

            async def one(number: int) -> httpx.Response:
                async with gate:
                    body = _body(f"poor-{number}", max_tokens=60, stream=number % 3 == 0)
                    return await client.post("/v1/chat/completions", json=body)

            return await asyncio.gather(*(one(number) for number in range(calls)))

    return asyncio.run(all_of_them())


def test_many_callers_on_one_small_budget(gateway: Gateway, provider: BillingProvider) -> None:
    key = gateway.post("/api/v1/keys", {"name": "poor", "kind": "runtime", "project": "poor"}).json()["key"]
    limit = nano(LIMIT)
    answers = _spend(gateway, key, 150, 16)
    assert {answer.status_code for answer in answers} == {200, 402}
    billed = sum(bill for mark, bill in provider.billed.items() if mark.startswith("poor-"))
    assert 0 < billed <= limit
    for answer in answers:
        if answer.status_code == 402:
            said = answer.json()["error"]["limit"]
            settled, held, asked = nano(said["settled"]), nano(said["held"]), nano(said["asked"])
            assert nano(said["limit"]) == limit
            assert settled + held <= limit, "more is spent and set aside than there is"
            assert settled + held + asked > limit, "a call was refused that would have fitted"
            assert answer.headers["x-should-retry"] == "false"
    until(lambda: gateway.get("/health")["open_holds"] == 0)
    daily, monthly = gateway.get("/api/v1/projects/poor")["budgets"]
    assert nano(daily["settled"]) == nano(monthly["settled"]) == billed
    assert nano(daily["held"]) == 0
    left = limit - billed
    # What is left can be spent: a call is refused if and only if its worst case does not fit.
    tokens = 0
    while left >= (len(json.dumps(_body("last-call", max_tokens=tokens))) + 64) * INPUT_PRICE + tokens * OUTPUT_PRICE:
        tokens += 1
    if tokens > 20:
        body = _body("last-call", max_tokens=tokens - 20)
        answer = gateway.request("POST", "/v1/chat/completions", key=key, json=body)
        assert answer.status_code == 200, answer.text


def test_callers_that_leave_at_any_moment(gateway: Gateway, provider: BillingProvider) -> None:
    """Some before their request is whole, some before the first byte, some in the middle, some after the end."""
    dice = random.Random(11)
    marks = [f"leaves-{number}" for number in range(120)]
    threads = [threading.Thread(target=_leave, args=(gateway, mark, dice.random(), dice.random())) for mark in marks]
    for start in range(0, len(threads), 12):
        for thread in threads[start : start + 12]:
            thread.start()
        for thread in threads[start : start + 12]:
            thread.join(20)
            assert not thread.is_alive()
    until(lambda: gateway.get("/health")["open_holds"] == 0)
    steps = {step["request_id"]: step for step in _steps(gateway) if step["request_id"].startswith("leaves-")}
    outcomes = {step["outcome"] for step in steps.values()}
    assert {"answered", "abandoned"} <= outcomes <= {"answered", "abandoned", "refused", "failed"}, outcomes
    for mark, bill in provider.billed.items():
        if mark.startswith("leaves-"):
            step = steps[mark]
            assert bill <= nano(step["cost"]) <= nano(step["held"]), step
            # Who leaves when all has come but the last byte is charged what the provider reported, to the nano-dollar.
            assert step["estimated"] or bill == nano(step["cost"]), step
            assert not (step["estimated"] and step["outcome"] == "answered"), step
    (budget,) = gateway.get("/api/v1/projects/default")["budgets"]
    total = sum(nano(step["settled"]) for step in _steps(gateway) if step["project"] == "default")
    assert (nano(budget["settled"]), nano(budget["held"])) == (total, 0)
    refused = gateway.chat("dear")
    said = refused.json()["error"]["limit"]
    assert (nano(said["settled"]), nano(said["held"])) == (total, 0)


def _leave(gateway: Gateway, mark: str, how: float, when: float) -> None:
    body = json.dumps(_body(mark, stream=how < 0.6)).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {gateway.runtime_key}\r\n"
        f"content-type: application/json\r\nx-request-id: {mark}\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as sock:
        if how > 0.9:
            sock.sendall(head + body[: len(body) // 2])
            time.sleep(when * 0.02)
            return
        sock.sendall(head + body)
        if how < 0.3:
            got = b""
            while b"word" not in got:
                piece = sock.recv(65536)
                assert piece, got
                got += piece
        time.sleep(when * when * 0.12)


def _steps(gateway: Gateway) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = gateway.get("/api/v1/traces?limit=200" + (f"&cursor={cursor}" if cursor else ""))
        found += [step for row in page["items"] for step in gateway.trace(row["id"])["steps"]]
        cursor = page["next_cursor"]
    return found
