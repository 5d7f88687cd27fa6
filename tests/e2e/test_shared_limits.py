"""Two gateways over one PostgreSQL count as one: requests, tokens, calls under way, loops, and what rules count."""

import base64
import os
import time
import uuid
from bisect import bisect_left
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from e2e.running import Gateway, until

MASTER = base64.b64encode(os.urandom(32)).decode()
CONFIG = """
server: {state_url: {env: STATE_AT}}
limits:
  - {id: five, scope: user, match: five, rpm: 5}
  - {id: few, scope: user, match: few, tpm: 3000}
  - {id: two, scope: user, match: two, max_parallel_requests: 2, rpm: 1000}
  - {id: long, scope: user, match: long, rpm: 300}
policies:
  chain:
    - {name: guard, kind: agent-firewall, rate_limits: {get_weather: 3}}
"""
WINDOW = 60.0
LIMIT = 300


@pytest.fixture(scope="module")
def both(gateways: Callable[..., Gateway], cluster: Any) -> list[Gateway]:
    env = {"STATE_AT": cluster.url, "GATEPOST_MASTER_KEY": MASTER}
    return [gateways(CONFIG, env=env) for _ in range(2)]


def ask(gateway: Gateway, user: str, text: str = "Hello", **more: Any) -> httpx.Response:
    return gateway.chat(text=text, headers={"X-User-Id": user, **more.pop("headers", {})}, **more)


def test_requests_are_counted_over_both(both: list[Gateway]) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: ask(both[n % 2], "five"), range(24)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 19
    refused = next(answer for answer in answers if answer.status_code == 429)
    said = refused.json()["error"]["limit"]
    assert (said["scope"], said["unit"], said["limit"], said["settled"]) == ("user", "requests", 5, 5)
    assert "user `five` may make 5 requests a minute" in refused.json()["error"]["message"]
    assert 50 <= int(refused.headers["retry-after"]) <= 61
    assert (refused.headers["x-ratelimit-limit"], refused.headers["x-ratelimit-remaining"]) == ("5", "0")
    assert refused.headers["x-ratelimit-reset"] == refused.headers["retry-after"]
    assert "x-should-retry" not in refused.headers
    left = sorted(int(one.headers["x-ratelimit-remaining"]) for one in answers if one.status_code == 200)
    assert left == [0, 1, 2, 3, 4]


def test_tokens_are_counted_over_both_and_corrected(both: list[Gateway]) -> None:
    """Each call may use some 1,200 tokens, and uses fewer than 20: where corrections are shared, many calls go."""
    answers = [ask(both[n % 2], "few", max_tokens=1000) for n in range(12)]
    until(lambda: ask(both[0], "few", max_tokens=1000).status_code == 200)
    assert sum(answer.status_code == 200 for answer in answers) >= 6
    assert ask(both[1], "few", max_tokens=4000).status_code == 429


def test_calls_under_way_are_counted_over_both_and_a_caller_who_leaves_frees_his_slot(both: list[Gateway]) -> None:
    def streaming(gateway: Gateway) -> Any:
        body = {
            "model": "sandbox/echo",
            "stream": True,
            "messages": [{"role": "user", "content": "/pace 50\n/words 400"}],
        }
        headers = {"authorization": f"Bearer {gateway.runtime_key}", "x-user-id": "two"}
        return httpx.stream("POST", f"{gateway.base_url}/v1/chat/completions", json=body, headers=headers, timeout=20)

    with ExitStack() as stack:
        held = [stack.enter_context(streaming(gateway)) for gateway in both]
        assert [one.status_code for one in held] == [200, 200]
        for gateway in both:
            refused = ask(gateway, "two")
            assert (refused.status_code, refused.json()["error"]["limit"]["unit"]) == (429, "parallel")
            assert refused.headers["retry-after"] == "1"
    for gateway in both:
        until(lambda gateway=gateway: ask(gateway, "two").status_code == 200)


def test_a_loop_is_seen_over_both(both: list[Gateway]) -> None:
    session = {"X-Gatepost-Session-Id": str(uuid.uuid4())}
    answers = [ask(both[n % 2], "agent", "Again", headers=session) for n in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
    assert answers[4].json()["error"]["code"] == "LOOP_DETECTED"


def test_what_rules_count_is_counted_over_both(both: list[Gateway]) -> None:
    def calls(gateway: Gateway) -> int:
        tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {}}}]
        answer = ask(gateway, str(uuid.uuid4()), f'/tool get_weather {{"n": "{uuid.uuid4()}"}}', tools=tools)
        return answer.status_code

    assert calls(both[0]) == 200
    assert calls(both[1]) == 200
    time.sleep(1)  # the others hear of it within a quarter of a second
    assert calls(both[0]) == 200
    until(lambda: calls(both[1]) == 409)
    until(lambda: calls(both[0]) == 409)


def test_a_database_that_went_away_refuses_what_it_would_have_to_count(both: list[Gateway], cluster: Any) -> None:
    cluster.stop()
    begun = time.monotonic()
    refused = ask(both[0], "two")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "state_unavailable")
    assert "rate limits" in refused.json()["error"]["message"]
    assert time.monotonic() - begun < 10
    cluster.start()
    until(lambda: ask(both[0], "two").status_code == 200)


@pytest.mark.soak
def test_the_slots_of_a_gateway_that_is_killed_come_free(both: list[Gateway]) -> None:
    body = {"model": "sandbox/echo", "stream": True, "messages": [{"role": "user", "content": "/pace 50\n/words 400"}]}
    headers = {"authorization": f"Bearer {both[1].runtime_key}", "x-user-id": "two"}
    with ExitStack() as stack:
        for _ in range(2):
            url = f"{both[1].base_url}/v1/chat/completions"
            stack.enter_context(httpx.stream("POST", url, json=body, headers=headers, timeout=20))
        assert ask(both[0], "two").status_code == 429
        both[1].kill()
    until(lambda: ask(both[0], "two").status_code == 200, seconds=40, every=0.5)
    both[1].start()
    assert ask(both[1], "two").status_code == 200


@pytest.mark.soak
def test_in_any_minute_the_limit_and_hardly_less(both: list[Gateway], show: Callable[[str], None]) -> None:
    """Twelve clients ask twice what the limit admits, of two gateways, for longer than the window."""
    length = 66.0 if os.environ.get("SOAK") == "short" else 186.0
    clients, begun = 12, time.monotonic() + 1

    def client(number: int) -> list[tuple[float, float]]:
        """When each call that was admitted was sent, and answered."""
        admitted: list[tuple[float, float]] = []
        due = begun + number * WINDOW / LIMIT / 2
        with httpx.Client(timeout=20, trust_env=False) as http:
            while due < begun + length:
                time.sleep(max(0.0, due - time.monotonic()))
                due += clients * WINDOW / LIMIT / 2
                gateway, sent = both[number % 2], time.monotonic()
                body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": f"{number} {sent}"}]}
                headers = {"authorization": f"Bearer {gateway.runtime_key}", "x-user-id": "long"}
                answer = http.post(f"{gateway.base_url}/v1/chat/completions", json=body, headers=headers)
                assert answer.status_code in (200, 429), answer.text
                if answer.status_code == 200:
                    admitted.append((sent, time.monotonic()))
        return admitted

    with ThreadPoolExecutor(clients) as pool:
        calls = sorted(one for found in pool.map(client, range(clients)) for one in found)
    answered = sorted(end for _, end in calls)
    # Decided between sending and answer: these were all within one window, whatever the latency.
    most = max(sum(begin <= sent and end <= begin + WINDOW for sent, end in calls) for begin, _ in calls)
    starts = [begun + step * 0.25 for step in range(int((length - WINDOW) * 4))]
    counts = [bisect_left(answered, at + WINDOW) - bisect_left(answered, at) for at in starts]
    show(
        f"limit {LIMIT} a minute, 2 gateways, {clients} clients, {length:g} s: {len(calls)} admitted; in any 60 s at"
        f" most {most}; in windows of 60 s by the time of the answer {min(counts)} to {max(counts)}"
    )
    assert most <= LIMIT
    assert min(counts) >= 0.95 * LIMIT
