"""Routing by real clients over real processes: tiers, fallbacks, breakers that open and close, what the trace says."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import openai
import pytest

from e2e.running import Gateway, until
from e2e.upstream import Seen, Upstream, Wire, chunk, say

OPEN = 1.0
"""Seconds that a breaker stays open here."""


class Mood:
    """An upstream whose manners a test changes while it runs."""

    def __init__(self) -> None:
        self.answer: Callable[[Seen, Wire], Any] = say

    async def __call__(self, seen: Seen, wire: Wire) -> None:
        await self.answer(seen, wire)


async def fails(seen: Seen, wire: Wire) -> None:
    await wire.plain({"error": {"message": "broken"}}, 500, [("x-request-id", "theirs")])


async def busy(seen: Seen, wire: Wire) -> None:
    await wire.plain({"error": {"message": "slow down"}}, 429, [("retry-after", "30")])


async def breaks_off(seen: Seen, wire: Wire) -> None:
    """A stream that ends after its first words."""
    await wire.begin()
    await wire.chunk(chunk("Hel"))
    wire.cut()


CONFIG = """
models:
  - {{id: first, identifier: gpt-first, provider: openai, base_url: "{first}/v1"}}
  - {{id: second, identifier: gpt-second, provider: openai, base_url: "{second}/v1"}}
  - {{id: east, identifier: pair, provider: openai, base_url: "{first}/v1", data_policy: {{region: us}}}}
  - {{id: west, identifier: pair, provider: openai, base_url: "{second}/v1", data_policy: {{region: eu}}}}
  - {{id: dead, identifier: gpt-dead, provider: openai, base_url: "{dead}/v1"}}
tiers: {{simple: first, complex: second, secure: second}}
fallbacks: {{first: [second], dead: [second]}}
routing: {{strategy: round_robin}}
projects:
  - {{id: default, default_model: auto}}
  - {{id: europe, data_policy: {{regions: [eu]}}}}
retries: {{attempts: 2, base: 0.01, budget: 5}}
breaker: {{failures: 5, open: {open}}}
"""


@contextmanager
def gone() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"


class Place:
    def __init__(self, gateway: Gateway, first: Upstream, second: Upstream) -> None:
        self.gateway, self.first, self.second = gateway, first, second
        self.manner: Mood = first._answer  # type: ignore[assignment]
        self.client = openai.OpenAI(
            base_url=gateway.base_url + "/v1", api_key=gateway.runtime_key, max_retries=0, timeout=20
        )

    def ask(self, model: str, text: str = "hello", **more: Any) -> Any:
        messages = [{"role": "user", "content": text}]
        return self.client.chat.completions.with_raw_response.create(model=model, messages=messages, **more)  # type: ignore[arg-type]

    def step(self, headers: Any) -> dict[str, Any]:
        (step,) = self.gateway.trace(headers["x-gatepost-trace-id"])["steps"]
        return step

    def health(self) -> dict[str, Any]:
        return self.gateway.get("/health")

    def recover(self) -> None:
        """The first upstream is well again, and its breaker closed."""
        self.manner.answer = say
        until(lambda: self.ask("first").headers["x-gatepost-fallback"] == "false")


@pytest.fixture(scope="module")
def place(gateways: Callable[..., Gateway]) -> Iterator[Place]:
    with Upstream(Mood()) as first, Upstream(Mood()) as second, gone() as dead:
        gateway = gateways(CONFIG.format(first=first.url, second=second.url, dead=dead, open=OPEN))
        place = Place(gateway, first, second)
        yield place
        place.client.close()


def named(headers: Any) -> tuple[str, str, str]:
    return headers["x-gatepost-model"], headers["x-gatepost-fallback"], headers["x-gatepost-attempts"]


@pytest.mark.parametrize(("text", "model", "tier"), [("hi", "first", "simple"), ("word " * 8000, "second", "complex")])
def test_auto_is_decided_by_the_rule_and_the_trace_says_why(place: Place, text: str, model: str, tier: str) -> None:
    got = place.ask("auto", text)
    assert named(got.headers) == (model, "false", "1")
    assert got.headers["x-gatepost-tier"] == tier
    step = place.step(got.headers)
    assert (step["model_asked"], step["model"]) == ("auto", model)
    assert (step["route"]["tier"], step["route"]["source"]) == (tier, "auto")
    assert step["route"]["rationale"].startswith("complexity")
    told = place.gateway.run("explain", got.headers["x-gatepost-trace-id"]).stdout
    assert f"route: {model} first (auto, tier {tier})" in told


def test_a_name_is_honoured_and_a_tier_can_be_named(place: Place) -> None:
    assert named(place.ask("gpt-second").headers) == ("second", "false", "1")
    assert named(place.ask("tier:complex").headers) == ("second", "false", "1")
    assert place.second.last().json["model"] == "gpt-second"
    with pytest.raises(openai.NotFoundError, match="tier:simple") as caught:
        place.ask("tier:huge")
    assert caught.value.code == "tier_not_found"
    with pytest.raises(openai.UnprocessableEntityError, match="can be called here") as unset:
        place.ask("tier:medium")
    assert unset.value.code == "tier_not_configured"


def test_a_failing_upstream_falls_back_and_every_attempt_is_told(place: Place) -> None:
    place.recover()
    place.manner.answer = fails
    got = place.ask("tier:simple")
    assert named(got.headers) == ("second", "true", "3")
    step = place.step(got.headers)
    assert [(one["model"], one["status"], one["request_id"]) for one in step["attempts"][:2]] == [
        ("first", 500, "theirs")
    ] * 2
    assert (step["attempts"][2]["model"], step["attempts"][2]["error"]) == ("second", None)
    assert (step["fallback_used"], step["route"]["model"]) == (True, "first")
    with pytest.raises(openai.InternalServerError) as caught:
        place.ask("first", extra_headers={"X-Gatepost-Fallback": "off"})
    assert named(caught.value.response.headers) == ("first", "false", "2")


def test_a_busy_upstream_is_not_waited_for_while_another_can_answer(place: Place) -> None:
    place.recover()
    place.manner.answer = busy
    began = time.monotonic()
    assert named(place.ask("first").headers) == ("second", "true", "2")
    assert time.monotonic() - began < 5
    with pytest.raises(openai.RateLimitError) as caught:
        place.ask("first", extra_headers={"X-Gatepost-Fallback": "off"})
    assert caught.value.response.headers["retry-after"] == "30"
    assert place.health()["providers"]["openai"]["state"] == "closed"


def test_a_dead_upstream_opens_its_breaker_and_costs_no_more_attempts(place: Place) -> None:
    answers = [place.ask("dead") for _ in range(4)]
    assert [named(got.headers)[:2] for got in answers] == [("second", "true")] * 4
    assert named(answers[-1].headers) == ("second", "true", "1")
    assert "its breaker is open" in place.step(answers[-1].headers)["route"]["passed_over"][0]
    with pytest.raises(openai.InternalServerError, match="left alone") as caught:
        place.ask("dead", extra_headers={"X-Gatepost-Fallback": "off"})
    assert caught.value.status_code == 503
    assert caught.value.code == "upstream_circuit_open"
    assert int(caught.value.response.headers["retry-after"]) >= 1


def test_a_breaker_opens_shows_in_health_and_recovers_by_one_probe(place: Place) -> None:
    place.recover()
    place.manner.answer = fails
    alone = {"X-Gatepost-Fallback": "off"}
    for _ in range(3):
        with pytest.raises(openai.InternalServerError):
            place.ask("first", extra_headers=alone)
    seen = len(place.first.seen)
    with pytest.raises(openai.InternalServerError, match="left alone") as caught:
        place.ask("first", extra_headers=alone)
    assert caught.value.status_code == 503
    assert len(place.first.seen) == seen
    health = place.health()
    assert health["status"] == "degraded"
    assert health["providers"]["openai"]["open"] >= 1
    assert place.gateway.request("GET", "/health").status_code == 200
    place.recover()
    place.gateway.chat()
    assert named(place.ask("first").headers) == ("first", "false", "1")


def test_a_stream_falls_back_before_its_first_words_and_never_after(place: Place) -> None:
    place.recover()
    place.manner.answer = fails
    stream = place.client.chat.completions.create(
        model="first", messages=[{"role": "user", "content": "hi"}], stream=True
    )
    assert "".join(one.choices[0].delta.content or "" for one in stream if one.choices) == "Hello."
    assert stream.response.headers["x-gatepost-fallback"] == "true"
    place.recover()
    place.manner.answer = breaks_off
    before = len(place.second.seen)
    with pytest.raises(openai.APIError, match="stopped in the middle"):
        for _ in place.client.chat.completions.create(
            model="first", messages=[{"role": "user", "content": "hi"}], stream=True
        ):
            pass
    assert len(place.second.seen) == before


def test_an_execution_without_a_model_asks_the_default_and_says_what_came_of_it(place: Place) -> None:
    place.recover()
    place.manner.answer = fails
    trace = place.gateway.post("/api/v1/traces", {}, key=place.gateway.runtime_key).json()["id"]
    body = {"trace_id": trace, "input": "hello"}
    done = place.gateway.post("/api/v1/executions", body, key=place.gateway.runtime_key).json()
    assert (done["model"], done["fallback_used"]) == ("second", True)
    assert (done["provider"], done["attempts"]) == ("openai", 3)
    (step,) = place.gateway.trace(trace)["steps"]
    assert (step["route"]["source"], step["route"]["tier"]) == ("default", "simple")
    place.recover()


def test_entries_of_one_name_take_turns_and_stand_in_for_each_other(place: Place) -> None:
    place.recover()
    assert sorted(named(place.ask("pair").headers)[0] for _ in range(4)) == ["east", "east", "west", "west"]
    place.manner.answer = fails
    got = [named(place.ask("pair").headers) for _ in range(2)]
    assert sorted(got) == [("west", "false", "1"), ("west", "true", "3")]
    place.recover()


def test_a_projects_data_goes_only_where_its_terms_are_met(place: Place) -> None:
    key = place.gateway.post("/api/v1/keys", {"name": "eu", "project": "europe"}).json()["key"]
    for _ in range(3):
        assert place.gateway.chat("pair", key=key).headers["x-gatepost-model"] == "west"
    before = len(place.first.seen) + len(place.second.seen)
    blocked = place.gateway.chat("east", key=key)
    assert (blocked.status_code, blocked.headers["x-should-retry"]) == (409, "false")
    error = blocked.json()["error"]
    assert (error["type"], error["policy"], error["code"]) == (
        "policy_violation",
        "data-routing-policy",
        "input_blocked",
    )
    assert len(place.first.seen) + len(place.second.seen) == before
    step = place.gateway.step(blocked)
    assert (step["decisions"][0]["effect"], step["outcome"]) == ("block", "blocked")


def test_a_file_with_tiers_can_be_applied_while_it_runs(place: Place) -> None:
    config = place.gateway.config.replace("complex: second", "complex: first")
    path = place.gateway.folder / "next.yaml"
    path.write_text(config)
    place.gateway.run("apply", "-f", str(path))
    assert place.ask("tier:complex").headers["x-gatepost-model"] == "first"
    path.write_text(place.gateway.config)
    changes = json.loads(place.gateway.run("apply", "-f", str(path), "--json").stdout)["changes"]
    assert [one["path"] for one in changes] == ["tiers.complex"]
