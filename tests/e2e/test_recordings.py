"""Recorded provider traffic goes through a running gateway and comes out as it was recorded."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e.recordings import OPERATIONS, Recording, events_of, read
from e2e.running import Gateway
from e2e.upstream import Seen, Upstream, Wire

KEY = "sk-recorded-" + "k" * 24
CONFIG = {"retries": {"attempts": 1}}
NOT_CHAT = {
    "ollama": "newline-delimited JSON of Ollama's own /api/chat, not OpenAI's format",
}
"""Recordings of another wire format, by provider: refused with a typed error, with the reason."""


class Replay:
    """An upstream that answers as was recorded, and a gateway in front of it."""

    def __init__(self, recordings: list[Recording]) -> None:
        self.by_number = {one.number: one for one in recordings}
        self.seen: dict[int, Seen] = {}

    async def answer(self, seen: Seen, wire: Wire) -> None:
        number = int(re.match(r"/r/(\d+)/", seen.target)[1])  # type: ignore[index]
        self.seen[number] = seen
        one = self.by_number[number]
        if not one.stream or one.status != 200:
            await wire.plain(one.body, one.status, one.headers)
            return
        await wire.begin(200, [*one.headers, ("x-recorded", "yes")])
        # Cut where no event ends: the reader must not care.
        step = max(1, len(one.body) // 7)
        for start in range(0, len(one.body), step):
            await wire.chunk(one.body[start : start + step])
        await wire.end()


@pytest.fixture(scope="module")
def every(recordings: Path) -> list[Recording]:
    found = list(read(recordings))
    assert len(found) > 450
    return found


@pytest.fixture(scope="module")
def replay(every: list[Recording]) -> Replay:
    return Replay(every)


@pytest.fixture(scope="module")
def gateway(every: list[Recording], replay: Replay, gateways: Callable[..., Gateway]) -> Iterator[Gateway]:
    with Upstream(replay.answer) as upstream:
        config = {**CONFIG, "models": [one.entry(upstream.url) for one in every]}
        yield gateways(json.dumps(config), env={"RECORDED_KEY": KEY})


def replayed(gateway: Gateway, one: Recording, client: httpx.Client) -> httpx.Response:
    return client.post(
        f"{gateway.base_url}/v1{one.suffix}",
        json=one.body_to_send(),
        headers={"authorization": f"Bearer {gateway.runtime_key}"},
    )


def differences(one: Recording, seen: Seen | None, answer: httpx.Response) -> list[str]:
    """What is not as it was recorded, a line each."""
    wrong = []
    if seen is None:
        return [f"nothing was sent: {answer.status_code} {answer.text[:200]}"]
    if seen.target != one.target():
        wrong.append(f"sent to {seen.target}, recorded {one.target()}")
    if seen.json != one.body_to_arrive():
        wrong.append("the upstream got another body")
    if KEY not in {seen.headers.get("api-key"), seen.headers.get("authorization", "").removeprefix("Bearer ")}:
        wrong.append("the upstream did not get its key")
    return wrong + (_answer_differences if one.status == 200 else _refusal_differences)(one, answer)


def _answer_differences(one: Recording, answer: httpx.Response) -> list[str]:
    if answer.status_code != 200:
        return [f"answered {answer.status_code}: {answer.text[:200]}"]
    if not one.stream:
        assert json.loads(one.body) is not None
        return [] if answer.content == one.body else ["another body"]
    got, wanted = events_of(answer.content), one.events()
    if got == wanted:
        return []
    at = next((at for at, (a, b) in enumerate(zip(got, wanted, strict=False)) if a != b), min(len(got), len(wanted)))
    return [f"event {at}: got {got[at : at + 1]}, recorded {wanted[at : at + 1]} ({len(got)} and {len(wanted)} events)"]


def _refusal_differences(one: Recording, answer: httpx.Response) -> list[str]:
    """A provider's refusal of the caller's request is passed; what is not the caller's fault gets our envelope."""
    if one.status in (401, 403):
        ours = answer.status_code == 502 and answer.json()["error"]["code"] == "upstream_auth"
        return [] if ours else [f"a provider's {one.status} became {answer.status_code} {answer.text[:200]}"]
    if one.status >= 500:
        ours = answer.status_code in (502, 503) and answer.json()["error"]["code"] == "upstream_failed"
        return [] if ours else [f"a provider's {one.status} became {answer.status_code} {answer.text[:200]}"]
    same = (answer.status_code, answer.content) == (one.status, one.body)
    return [] if same else [f"a provider's {one.status} became {answer.status_code} {answer.text[:200]}"]


def test_every_recording_is_carried(
    gateway: Gateway, every: list[Recording], replay: Replay, show: Callable[[str], None]
) -> None:
    carried: Counter[tuple[str, str]] = Counter()
    exceptions: dict[str, list[Recording]] = {}
    wrong: dict[str, list[str]] = {}
    ids: dict[int, str] = {}
    with httpx.Client(timeout=30) as client:
        for one in every:
            answer = replayed(gateway, one, client)
            ids[one.number] = answer.headers["x-gatepost-trace-id"]
            assert answer.headers["x-request-id"]
            assert answer.headers["x-gatepost-session-id"]
            if (reason := exception(one)) is not None:
                exceptions.setdefault(reason, []).append(one)
                assert_failed(answer)
                continue
            if found := differences(one, replay.seen.get(one.number), answer):
                wrong[f"{one.provider} {one.family} {one.operation} {one.source}"] = found
                continue
            carried[one.provider, one.operation] += 1
    show(table(every, carried, exceptions))
    assert not wrong, "\n".join(f"{name}\n    " + "\n    ".join(lines) for name, lines in wrong.items())
    assert_recorded(gateway, every, ids)


def exception(one: Recording) -> str | None:
    """Why a recording cannot be carried; None when it must be."""
    if one.provider in NOT_CHAT and one.stream and b'"done":' in one.body:
        return NOT_CHAT[one.provider]
    if one.sent.get("previous_response_id"):
        return "goes on from an answer that this key was never given, or was given by another entry"
    if one.status == 200 and not one.stream and "error" in (said := json.loads(one.body)) and len(said) == 1:
        return "an error that a source kept without its status"
    if one.kind == "completions" and one.status == 400:
        return "refused before it is sent, as the provider refused it"
    if one.stream and re.search(rb'data: ?{"(?:error"|type": ?"(?:error|response.failed)")', one.body):
        return "the provider reports an error in the stream: it ends with an error, not as an answer"
    return None


def assert_failed(answer: httpx.Response) -> None:
    """A typed error, before the stream or in it."""
    if answer.status_code == 200:
        last = [one for one in events_of(answer.content) if b"[DONE]" not in one][-1]
        error = json.loads(last.partition(b"data: ")[2])["error"]
    else:
        error = answer.json()["error"]
        assert answer.status_code in (400, 404, 422, 502, 504)
    ours = ("previous_response_not_found", "not_translatable", "invalid_request")
    assert error["code"].startswith("upstream_") or error["code"] in ours


def assert_recorded(gateway: Gateway, every: list[Recording], ids: dict[int, str]) -> None:
    """Each call has its record: what was asked, how it ended, the usage that the provider told."""
    for one in every:
        (step,) = gateway.trace(ids[one.number])["steps"]
        if exception(one) is not None and not step["attempts"]:
            assert step["outcome"] == "refused", one.source
            continue
        assert (step["model_asked"], step["provider"]) == (one.name, one.family)
        if exception(one) is not None or one.status != 200:
            assert step["outcome"] in ("failed", "refused"), one.source
            continue
        assert step["outcome"] == "answered", one.source
        assert step["status"] == 200
        if not one.stream:
            assert_usage(step["usage"], json.loads(one.body).get("usage"), one)


def assert_usage(ours: dict[str, Any], theirs: dict[str, Any] | None, one: Recording) -> None:
    if theirs is not None and "input_tokens" in theirs:
        theirs = {**theirs, "prompt_tokens": theirs["input_tokens"], "completion_tokens": theirs["output_tokens"]}
    if theirs is None or theirs.get("prompt_tokens") is None:
        return
    theirs = {"completion_tokens": 0, **theirs}
    assert ours["exact"] is True
    # Sounds are counted beside `prompt_tokens` by some; the total has them.
    whole = theirs.get("total_tokens", 0) - theirs["completion_tokens"]
    asked = ours["input"] + ours["cache_read"] + ours["cache_write"]
    assert asked in (theirs["prompt_tokens"], whole), one.source
    thought = ((theirs.get("completion_tokens_details") or {}).get("reasoning_tokens")) or 0
    assert ours["output"] in (theirs["completion_tokens"], theirs["completion_tokens"] + thought), one.source


def table(every: list[Recording], carried: Counter[tuple[str, str]], exceptions: dict[str, list[Recording]]) -> str:
    """Recordings carried, by provider and operation."""
    asked = Counter((one.provider, one.operation) for one in every)
    lines = ["recordings carried through the gateway (carried/replayed; compatible ones by two provider families)"]
    for provider in sorted({one.provider for one in every}):
        cells = [
            f"{name} {carried[provider, name]}/{asked[provider, name]}" for name in OPERATIONS if asked[provider, name]
        ]
        lines.append(f"  {provider:<14} " + "  ".join(cells))
    lines.append(f"  {'all':<14} {carried.total()}/{len(every)}")
    lines += [f"  not an answer: {len(ones)} ({reason})" for reason, ones in exceptions.items()]
    return "\n".join(lines)
