"""What was said in calls: kept masked where a project says so, and nowhere at all where it does not."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from e2e.running import Gateway

CONFIG = """
projects: [{id: default, store_bodies: %s}]
policies: {chain: [{name: no-titan, kind: keyword, terms: [titan]}]}
"""
ADDRESS = "canary.bird@example.org"
SECRET = "AKIA" + "Z7QJ3M2LXV5NPT4K"
WORDS = "plain-canary-words"


def ask(gateway: Gateway, text: str, **more: Any) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {gateway.runtime_key}", "x-team": ADDRESS}
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": text}], **more}
    answer = httpx.post(f"{gateway.base_url}/v1/chat/completions", json=body, headers=headers, trust_env=False)
    (step,) = gateway.trace(answer.headers["x-gatepost-trace-id"])["steps"]
    return step


def written(gateway: Gateway) -> bytes:
    return b"".join(path.read_bytes() for path in gateway.data.rglob("*") if path.is_file())


def calls(gateway: Gateway) -> list[dict[str, Any]]:
    said = f"{WORDS}: {ADDRESS}, {SECRET}"
    return [ask(gateway, said), ask(gateway, said, stream=True), ask(gateway, f"titan {said}")]


@pytest.mark.parametrize("kept", [True, False])
def test_nothing_secret_is_written_and_nothing_at_all_unless_it_is_wanted(
    gateways: Callable[..., Gateway], kept: bool
) -> None:
    gateway = gateways(CONFIG % str(kept).lower())
    plain, streamed, blocked = calls(gateway)
    gateway.stop()
    data = written(gateway)
    assert len(data) > 1000
    assert ADDRESS.encode() not in data
    assert SECRET.encode() not in data
    assert gateway.runtime_key.rpartition("_")[2].encode() not in data
    assert (WORDS.encode() in data) is kept
    if not kept:
        assert [(one["request"], one["answer"], one["body_notes"]) for one in (plain, streamed, blocked)] == [
            (None, None, [])
        ] * 3
        return
    for one in (plain, streamed):
        assert one["request"]["messages"][0]["content"] == f"{WORDS}: [EMAIL], [AWS_ACCESS_KEY]"
        assert f"{WORDS}: [EMAIL]" in one["answer"]["choices"][0]["message"]["content"]
    assert (blocked["outcome"], blocked["body_notes"]) == ("blocked", ["answer: there was no answer"])
