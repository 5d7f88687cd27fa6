"""Vectors and pictures against a real gateway: every recorded call replayed, read back by the official clients."""

import base64
import json
import struct
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest

import gatepost
from e2e.running import Gateway
from e2e.upstream import Seen, Upstream, Wire

AWS_KEY = json.dumps({"access_key_id": "AKIDEXAMPLE", "secret_access_key": "s" * 40}, separators=(",", ":"))
FAMILIES = {
    "openai": "openai",
    "azure-openai": "azure",
    "openai-compatible": "openai",
    "gemini": "gemini",
    "bedrock": "bedrock",
}
_ROOTS = {"openai": "/v1", "azure": "/openai/deployments/d", "gemini": "/v1beta/models", "bedrock": ""}
_PASSED = ("x-amzn-bedrock-input-token-count", "x-amzn-requestid", "x-request-id")
_PIXEL = "iVBORw0KGgo="


class Row:
    """One recorded call for vectors."""

    def __init__(self, number: int, family: str, said: dict[str, Any]) -> None:
        self.name, self.provider = f"rec-{number}", FAMILIES[family]
        self.path, self.sent = said["request"]["path"], said["request"].get("body") or {}
        self.answer: dict[str, Any] = said["response"]["body"]
        told: dict[str, str] = said["response"].get("headers") or {}
        self.headers = [(name, str(value)) for name, value in told.items() if name.lower() in _PASSED]

    @property
    def identifier(self) -> str:
        if self.provider == "bedrock":
            return self.path.split("/")[2].replace("%3A", ":")
        if self.provider == "gemini":
            return self.path.split("/")[3].partition(":")[0]
        return self.sent["model"]

    @property
    def vectors(self) -> list[Any]:
        """The vectors as they were recorded: lists, or base64."""
        said = self.answer
        if "data" in said:
            return [one["embedding"] for one in said["data"]]
        if "embedding" in said:
            return [said["embedding"]]
        listed = said["embeddings"]
        if isinstance(listed, dict):
            return listed["float"]
        return [one.get("values", one.get("embedding")) if isinstance(one, dict) else one for one in listed]

    @property
    def used(self) -> int | None:
        """Input tokens, where the provider said them."""
        usage = self.answer.get("usage") or self.answer.get("usageMetadata") or {}
        for name in ("prompt_tokens", "total_tokens", "promptTokenCount"):
            if name in usage:
                return usage[name]
        told = dict(self.headers).get("x-amzn-bedrock-input-token-count")
        return self.answer.get("inputTextTokenCount", int(told) if told else None)

    @property
    def texts(self) -> list[str]:
        return [f"text {n}" for n in range(len(self.vectors))]

    def entry(self, url: str) -> dict[str, Any]:
        key = {"env": "STORED_AWS"} if self.provider == "bedrock" else {"env": "STORED_KEY"}
        config = {"aws_region": "us-east-1"} if self.provider == "bedrock" else {}
        return {
            "id": self.name, "identifier": self.identifier, "provider": self.provider, "api_key": key,
            "base_url": f"{url}/{self.name}{_ROOTS[self.provider]}", "additional_config": config,
            "input_cost_per_1k": 0.001, "output_cost_per_1k": 0,
        }  # fmt: skip


def floats(said: str) -> list[float]:
    raw = base64.b64decode(said)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw[: len(raw) // 4 * 4]))


def is_floats(said: Any) -> bool:
    """Whether a recorded base64 is of floats; one server sends bytes, whatever it is asked for."""
    return isinstance(said, str) and not said.startswith("/") and all(abs(one) < 10 for one in floats(said))


@pytest.fixture(scope="module")
def rows(recordings: Path) -> list[Row]:
    found: list[Row] = []
    for family in FAMILIES:
        for line in (recordings / f"{family}.jsonl").read_text().splitlines():
            said = json.loads(line)
            if said["operation"] == "embeddings" and said["response"]["status"] == 200 and said.get("request"):
                found.append(Row(len(found), family, said))
    assert len(found) > 80
    return found


@pytest.fixture(scope="module")
def upstream(rows: list[Row]) -> Iterator[Upstream]:
    """Answers each row's calls as recorded; a vector asked for as numbers comes as numbers."""
    by_name = {row.name: row for row in rows}

    async def answer(seen: Seen, wire: Wire) -> None:
        name = seen.target.split("/")[1]
        if name == "pictures":
            count = seen.json.get("n", 1)
            await wire.plain({"created": 1, "data": [{"b64_json": _PIXEL, "revised_prompt": "x"}] * count})
            return
        if name == "canvas":
            await wire.plain({"images": [_PIXEL] * seen.json["imageGenerationConfig"]["numberOfImages"], "error": None})
            return
        if name == "titan":
            text = seen.json["inputText"]
            await wire.plain({"embedding": [float(text), 1.0], "inputTextTokenCount": 1})
            return
        if name == "own":
            data = [{"index": 0, "object": "embedding", "embedding": [0.5]}]
            await wire.plain(
                {"object": "list", "data": data, "model": "bge", "usage": {"prompt_tokens": 2, "total_tokens": 2}}
            )
            return
        row = by_name[name]
        said = row.answer
        if "data" in said and seen.json.get("encoding_format") != "base64":
            data = [
                {**one, "embedding": floats(one["embedding"])} if is_floats(one["embedding"]) else one
                for one in said["data"]
            ]
            said = {**said, "data": data}
        await wire.plain(said, headers=row.headers)

    with Upstream(answer) as one:
        yield one


def _model(name: str, base_url: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "identifier": name, "provider": "openai", "base_url": base_url, **more}


@pytest.fixture(scope="module")
def house(gateways: Callable[..., Gateway], upstream: Upstream, rows: list[Row]) -> Gateway:
    url, free = upstream.url, {"input_cost_per_1k": 0, "output_cost_per_1k": 0}
    aws = {"provider": "bedrock", "additional_config": {"aws_region": "us-east-1"}, "api_key": {"env": "STORED_AWS"}}
    pictures, vectors = {"operations": ["images"]}, {"operations": ["embeddings"], "input_cost_per_1k": 0.02}
    claude = {"identifier": "claude-haiku-4-5", "provider": "anthropic", "api_key": {"env": "STORED_KEY"}, **free}
    models = [
        *(row.entry(url) for row in rows),
        _model("dall-e-3", f"{url}/pictures", image_cost=0.04, **pictures),
        _model("canvas", f"{url}/canvas", identifier="amazon.nova-canvas-v1:0", image_cost=0.08, **pictures, **aws),
        _model("titan", f"{url}/titan", identifier="amazon.titan-embed-text-v2:0", **vectors, **aws),
        _model("own", f"{url}/own/v1/embeddings", identifier="bge", provider="internal", is_public=False, **free),
        _model("claude", url, **claude),
    ]
    projects = [{"id": "default", "budgets": {"daily_usd": 1000}}]
    env = {"STORED_KEY": "sk-stored-" + "s" * 30, "STORED_AWS": AWS_KEY}
    return gateways(json.dumps({"models": models, "projects": projects}), env=env)


@pytest.fixture(scope="module")
def client(house: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{house.base_url}/v1", api_key=house.runtime_key, max_retries=0) as one:
        yield one


def test_every_recorded_answer_is_read_back_by_openais_client(
    house: Gateway, client: openai.OpenAI, rows: list[Row]
) -> None:
    for row in rows:
        encoding = row.sent.get("encoding_format") or "float"
        raw = client.embeddings.with_raw_response.create(model=row.name, input=row.texts, encoding_format=encoding)
        said = [one.embedding for one in raw.parse().data]
        expected = row.vectors
        if encoding == "float":
            expected = [floats(one) if is_floats(one) else one for one in expected]
        assert said == expected, row.name
        (step,) = house.trace(raw.headers["x-gatepost-trace-id"])["steps"]
        if (row.used is not None and len(row.texts) == 1) or row.provider in ("openai", "azure"):
            assert (step["usage"]["input"], step["usage"]["exact"]) == (row.used, True), row.name
        elif row.used is None:
            assert not step["usage"]["exact"]


def test_every_recorded_answer_reaches_googles_client(house: Gateway, rows: list[Row]) -> None:
    genai = pytest.importorskip("google.genai")
    http = genai.types.HttpOptions(base_url=house.base_url)
    client = genai.Client(api_key=house.runtime_key, http_options=http)
    odd = [row for row in rows if any(isinstance(one, str) and not is_floats(one) for one in row.vectors)]
    assert len(odd) <= len(rows) * 0.05
    for row in rows:
        if row in odd:
            with pytest.raises(genai.errors.ServerError, match="not a list of numbers"):
                client.models.embed_content(model=row.name, contents=row.texts)
            continue
        got = client.models.embed_content(model=row.name, contents=row.texts)
        expected = [floats(one) if isinstance(one, str) else one for one in row.vectors]
        assert [one.values for one in got.embeddings] == expected, row.name


def test_a_batch_on_titan_is_one_step(house: Gateway, client: openai.OpenAI, upstream: Upstream) -> None:
    before = len(upstream.seen)
    raw = client.embeddings.with_raw_response.create(model="titan", input=[str(n) for n in range(20)])
    assert [one.embedding[0] for one in raw.parse().data] == [float(n) for n in range(20)]
    assert raw.parse().usage.prompt_tokens == 20
    assert len(upstream.seen) - before == 20
    assert all(seen.headers["authorization"].startswith("AWS4-HMAC-SHA256") for seen in upstream.seen[before:])
    (step,) = house.trace(raw.headers["x-gatepost-trace-id"])["steps"]
    assert (step["cost"], len(step["attempts"])) == ("0.0004", 1)


def test_an_internal_server_is_called_at_its_address(client: openai.OpenAI, upstream: Upstream) -> None:
    assert client.embeddings.create(model="bge", input="hi", encoding_format="float").data[0].embedding == [0.5]
    assert upstream.last().target == "/own/v1/embeddings"
    assert upstream.last().json == {"model": "bge", "input": "hi", "encoding_format": "float"}


def test_who_makes_none_is_never_asked(client: openai.OpenAI, upstream: Upstream) -> None:
    before = len(upstream.seen)
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        client.embeddings.create(model="claude", input="hi")
    assert refused.value.code == "unsupported_operation"
    for model in ("claude", "own"):
        with pytest.raises(openai.UnprocessableEntityError):
            client.images.generate(model=model, prompt="x")
    assert len(upstream.seen) == before


def test_pictures_cost_by_the_piece(house: Gateway, client: openai.OpenAI) -> None:
    for model, cost in (("dall-e-3", "0.08"), ("canvas", "0.16")):
        raw = client.images.with_raw_response.generate(model=model, prompt="a cat", n=2, size="1024x1024")
        assert [one.b64_json for one in raw.parse().data or ()] == [_PIXEL] * 2
        (step,) = house.trace(raw.headers["x-gatepost-trace-id"])["steps"]
        assert (step["cost"], step["usage"]["images"], step["operation"]) == (cost, 2, "images")


def test_the_sdk_makes_both_on_a_trace(house: Gateway) -> None:
    with gatepost.Client(house.runtime_key, base_url=house.base_url) as client:
        trace = client.traces.create(metadata={"user_id": "u_123", "intent": "embedding"})
        found = client.embeddings.create(trace_id=trace.id, input=["1", "2"], model="titan")
        assert (found.embeddings, found.usage_tokens, found.model) == ([[1.0, 1.0], [2.0, 1.0]], 2, "titan")
        drawn = client.images.generate(trace.id, prompt="a cat", model="dall-e-3", n=2)
        assert [one.b64_json for one in drawn.images] == [_PIXEL] * 2
        assert drawn.cost == Decimal("0.08")
        with pytest.raises(gatepost.ValidationError):
            client.embeddings.create(trace.id, [], model="titan")
        with pytest.raises(gatepost.ValidationError):
            client.embeddings.create(trace.id, "x", model="claude")
        done = client.traces.complete(trace.id)
        assert done.total_cost == Decimal("0.08004")


def test_the_sandbox_works_offline(client: openai.OpenAI) -> None:
    found = client.embeddings.create(model="sandbox/echo", input=["a", "b"])
    assert [len(one.embedding) for one in found.data] == [256, 256]
    drawn = client.images.generate(model="sandbox/echo", prompt="a cat")
    assert base64.b64decode((drawn.data or [])[0].b64_json or "").startswith(b"\x89PNG")
