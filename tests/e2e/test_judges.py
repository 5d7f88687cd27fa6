"""Rules that ask a judge outside, with a judge that is a process of its own."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from e2e.running import Gateway, until

MODEL = "sandbox/echo"
KEY = "judge-key-" + "k" * 20


class Judge:
    """`judge.py` as it runs; `seen` are the questions in order."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("judge.py")
        self.process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"
        self.seen: list[Any] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.seen.append(json.loads(line))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    made = Judge()
    yield made
    made.stop()


def rules(url: str) -> list[Any]:
    moderation = {"kind": "external-moderation", "endpoint": f"{url}/moderations", "phases": ["request"]}
    provider = {"endpoint": f"{url}/v1/chat/completions", "model": "j", "secret_key_ref": {"env": "JUDGE_KEY"}}
    return [
        {"name": "scrub", "kind": "redactor", "phases": ["request"]},
        {"name": "mod", **moderation, "secret_key_ref": {"env": "JUDGE_KEY"}, "timeout_ms": 4000},
        {"name": "look", **moderation, "mode": "observe", "on_failure": "allow", "timeout_ms": 4000},
        {"name": "review", "kind": "flagged-review", "review": "review_and_return", "rationale_capture": True,
         "provider": provider},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def gateway(gateways: Callable[..., Gateway], judge: Judge) -> Gateway:
    config = {"server": {"egress": {"allow": ["127.0.0.0/8"]}}, "policies": {"chain": rules(judge.url)}}
    return gateways(json.dumps(config), env={"JUDGE_KEY": KEY})


@pytest.fixture
def client(gateway: Gateway) -> Iterator[OpenAI]:
    with OpenAI(api_key=gateway.runtime_key, base_url=f"{gateway.base_url}/v1", max_retries=0) as one:
        yield one


def user(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def decisions(gateway: Gateway, trace_id: str) -> dict[str, Any]:
    (step,) = gateway.trace(trace_id)["steps"]
    return {one["rule"]: one for one in step["decisions"]}


def test_a_request_is_moderated_and_its_answer_reviewed(gateway: Gateway, client: OpenAI, judge: Judge) -> None:
    before = len(judge.seen)
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=user("from bob@example.org"))
    assert "[EMAIL]" in (raw.parse().choices[0].message.content or "")
    asked = until(lambda: judge.seen[before + 2 :] and judge.seen[before:])
    assert sorted(one["path"] for one in asked) == ["/moderations", "/moderations", "/v1/chat/completions"]
    assert all("bob@" not in one["body"] for one in asked)
    assert {one["key"] for one in asked} == {f"Bearer {KEY}", None}
    said = decisions(gateway, raw.headers["x-gatepost-trace-id"])
    assert (said["mod"]["effect"], said["review"]["effect"]) == ("allow", "allow")
    assert said["review"]["rationale"] == "asked of [EMAIL]"
    assert KEY not in json.dumps(said) + gateway.log()


def test_what_the_judge_flags_is_blocked(gateway: Gateway, client: OpenAI) -> None:
    with pytest.raises(openai.ConflictError) as caught:
        client.chat.completions.create(model=MODEL, messages=user("where is the weapon?"))
    body: Any = caught.value.body
    assert (body["policy"], body["message"]) == ("mod", "moderation flags it: violence")


def test_a_stream_is_reviewed_too(gateway: Gateway, client: OpenAI, judge: Judge) -> None:
    before = len(judge.seen)
    stream = client.chat.completions.create(model=MODEL, messages=user("hello there"), stream=True)
    text = "".join(one.choices[0].delta.content or "" for one in stream if one.choices)
    asked = until(lambda: next((one for one in judge.seen[before:] if one["path"] == "/v1/chat/completions"), None))
    data = json.loads(json.loads(asked["body"])["messages"][1]["content"])
    assert (data["question"], data["answer"]) == (["hello there"], [text])


@pytest.mark.parametrize("word", ["crash", "sleep"])
def test_a_judge_that_fails_or_dawdles_is_no_verdict(gateway: Gateway, client: OpenAI, word: str) -> None:
    with pytest.raises(openai.ConflictError) as caught:
        client.chat.completions.create(model=MODEL, messages=user(word))
    body: Any = caught.value.body
    assert (body["policy"], body["message"]) == ("mod", "the judge gave no verdict")
    said = decisions(gateway, caught.value.response.headers["x-gatepost-trace-id"])
    assert (said["look"]["effect"], said["mod"]["code"]) == (None, "not_reviewed")
    assert "gave no verdict" in said["look"]["not_run"]


def test_a_slow_judge_delays_nobody_else(gateway: Gateway, judge: Judge) -> None:
    other = {"name": "r2", "kind": "keyword", "settings": {"terms": ["zebra"]}}
    with OpenAI(api_key=gateway.runtime_key, base_url=f"{gateway.base_url}/v1", max_retries=0) as client:

        def slow() -> None:
            with pytest.raises(openai.ConflictError):
                client.chat.completions.create(model=MODEL, messages=user("sleep"))

        before = len(judge.seen)
        waiting = threading.Thread(target=slow)
        waiting.start()
        until(lambda: len(judge.seen) > before)
        assert gateway.post("/api/v1/policies", other).status_code == 201
        assert "hi" in (
            client.chat.completions.create(model=MODEL, messages=user("hi")).choices[0].message.content or ""
        )
        waiting.join(10)
        assert not waiting.is_alive()


def test_a_judge_in_a_private_network_must_be_vouched_for(gateway: Gateway, client: OpenAI) -> None:
    settings = {"endpoint": "http://10.1.2.3/moderations", "on_failure": "allow"}
    rule = {"name": "far", "kind": "external-moderation", "phases": ["request"], "settings": settings}
    assert gateway.post("/api/v1/policies", rule).status_code == 201
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=user("hi"))
    said = decisions(gateway, raw.headers["x-gatepost-trace-id"])
    assert "may not be called" in said["far"]["not_run"]
