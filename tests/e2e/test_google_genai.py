"""Google's own client, by its base URL alone, against a gateway whose Gemini and Bedrock replay recorded traffic."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.running import Gateway
from e2e.upstream import Seen, Upstream, Wire

GEMINI_KEY = "AIza-stored-" + "s" * 30
AWS_KEY = json.dumps({"access_key_id": "AKIDEXAMPLE", "secret_access_key": "s" * 40}, separators=(",", ":"))


class Replay:
    """An upstream that answers with the recording in hand, and keeps what it was asked."""

    def __init__(self) -> None:
        self.response: dict[str, Any] = {}
        self.seen: Seen | None = None

    async def __call__(self, seen: Seen, wire: Wire) -> None:
        self.seen = seen
        response = self.response
        if isinstance(response.get("body"), dict):
            await wire.plain(response["body"], response["status"])
            return
        await wire.begin()
        data = base64.b64decode(response["body_b64"]) if "body_b64" in response else response["body_text"].encode()
        for start in range(0, len(data), 700):
            await wire.chunk(data[start : start + 700])
        await wire.end()


@pytest.fixture(scope="module")
def replay() -> Replay:
    return Replay()


@pytest.fixture(scope="module")
def upstream(replay: Replay) -> Iterator[Upstream]:
    with Upstream(replay) as one:
        yield one


@pytest.fixture(scope="module")
def house(gateways: Callable[..., Gateway], upstream: Upstream) -> Gateway:
    priced = {"input_cost_per_1k": 0.001, "output_cost_per_1k": 0.002, "max_output": 8000}
    models = [
        {
            "id": "g",
            "identifier": "gemini-2.5-flash",
            "provider": "gemini",
            "base_url": f"{upstream.url}/v1beta/models",
            "api_key": {"env": "STORED_GEMINI"},
            **priced,
        },
        {
            "id": "b",
            "identifier": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "provider": "bedrock",
            "base_url": upstream.url,
            "api_key": {"env": "STORED_AWS"},
            "additional_config": {"aws_region": "us-east-1"},
            **priced,
        },
    ]
    return gateways(json.dumps({"models": models}), env={"STORED_GEMINI": GEMINI_KEY, "STORED_AWS": AWS_KEY})


@pytest.fixture(scope="module")
def client(skip_or_fail: Callable[[str], Any], house: Gateway) -> Any:
    try:
        from google import genai
    except ImportError:
        skip_or_fail("the google-genai client is not installed")
    return genai.Client(api_key=house.runtime_key, http_options={"base_url": house.base_url})


def rows(recordings: Path, name: str) -> Iterator[dict[str, Any]]:
    for line in (recordings / f"{name}.jsonl").read_text().splitlines():
        row = json.loads(line)
        response = row["response"]
        whole = isinstance(response.get("body"), dict) and "choices" not in response["body"]
        answered = row["operation"] in ("chat", "chat_stream") and response["status"] == 200
        if answered and (whole or "body_text" in response or "body_b64" in response):
            yield row


def ask(client: Any, model: str, *, stream: bool) -> list[Any]:
    if stream:
        return list(client.models.generate_content_stream(model=model, contents="hi"))
    return [client.models.generate_content(model=model, contents="hi")]


def parts_of(answers: list[Any]) -> list[Any]:
    candidates = [one for answer in answers for one in answer.candidates or ()]
    return [part for one in candidates if one.content for part in one.content.parts or ()]


def text_of(answers: list[Any]) -> str:
    return "".join(part.text for part in parts_of(answers) if part.text and not part.thought)


def calls_of(answers: list[Any]) -> list[tuple[str, Any]]:
    return [
        (part.function_call.name, part.function_call.args or {}) for part in parts_of(answers) if part.function_call
    ]


def events_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    response = row["response"]
    if "body" in response:
        return [response["body"]]
    lines = response["body_text"].replace("\r", "").split("\n")
    return [json.loads(line[5:]) for line in lines if line.startswith("data:")]


def test_every_recording_of_gemini_is_read_by_its_own_client(client: Any, replay: Replay, recordings: Path) -> None:
    carried = 0
    for row in rows(recordings, "gemini"):
        replay.response = row["response"]
        got = ask(client, "g", stream="body_text" in row["response"])
        parts = [
            part
            for event in events_of(row)
            for one in event.get("candidates") or ()
            for part in (one.get("content") or {}).get("parts") or ()
        ]
        assert text_of(got) == "".join(p["text"] for p in parts if p.get("text") and not p.get("thought")), row["id"]
        want = [(p["functionCall"]["name"], p["functionCall"].get("args") or {}) for p in parts if "functionCall" in p]
        assert calls_of(got) == want, row["id"]
        ends = [one.finish_reason for answer in got for one in answer.candidates or () if one.finish_reason]
        assert ends[-1].value in ("STOP", "MAX_TOKENS")
        carried += 1
    assert carried >= 140
    assert replay.seen is not None
    assert replay.seen.headers["x-goog-api-key"] == GEMINI_KEY


def test_every_recording_of_bedrock_is_read_by_googles_client(client: Any, replay: Replay, recordings: Path) -> None:
    carried = 0
    for row in rows(recordings, "bedrock"):
        replay.response = response = row["response"]
        got = ask(client, "b", stream="body_b64" in response)
        if "body" in response:
            blocks = response["body"]["output"]["message"]["content"]
            texts = [block.get("text", "") for block in blocks]
            texts += [one["text"] for block in blocks for one in block.get("citationsContent", {}).get("content", ())]
            assert sorted(text_of(got)) == sorted("".join(texts)), row["id"]
            uses = [block["toolUse"] for block in blocks if "toolUse" in block]
            assert calls_of(got) == [(u["name"], u["input"]) for u in uses if u.get("type") != "server_tool_use"]
            used = got[-1].usage_metadata
            assert used.total_token_count == response["body"]["usage"]["totalTokens"], row["id"]
        carried += 1
    assert carried >= 115
    assert replay.seen is not None
    assert replay.seen.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse" in replay.seen.target


def test_its_client_counts_tokens(client: Any, replay: Replay) -> None:
    replay.response = {"status": 200, "body": {"totalTokens": 7}}
    assert client.models.count_tokens(model="g", contents="How many?").total_tokens == 7
    assert replay.seen is not None
    assert replay.seen.target.endswith("/gemini-2.5-flash:countTokens")
    inner = replay.seen.json["generateContentRequest"]
    assert inner["model"] == "models/gemini-2.5-flash"
    assert inner["contents"][0]["parts"] == [{"text": "How many?"}]


def test_a_refusal_is_googles_own_error(client: Any) -> None:
    from google.genai import errors

    with pytest.raises(errors.ClientError) as caught:
        ask(client, "unheard-of", stream=False)
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
