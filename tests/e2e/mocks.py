"""One upstream that speaks as OpenAI, Anthropic, Gemini and Bedrock, each by its own path.

It reads a request in its own format only, so what it answers shows what reached it: the results of tools, the bytes of
a picture, the schema. Words in the request choose what happens: see `Mock.answer`.
"""

import asyncio
import json
import re
from typing import Any

from e2e.upstream import Seen, Wire
from gatepost_gateway.dialects.event_stream import Frame, text_header, write_frame

PLACES = ("Pisa", "Rome")
REPORT = {"place": "Pisa", "degrees": 21}
TEXT = ["The gate ", "is open: ", "\u2603."]
AWS_KEY = json.dumps({"access_key_id": "AKIDEXAMPLE", "secret_access_key": "s" * 40}, separators=(",", ":"))
ENVIRONMENT = {"MOCK_KEY": "sk-mock-" + "m" * 30, "MOCK_AWS": AWS_KEY}
Json = dict[str, Any]


def entries(url: str) -> list[Json]:
    """An entry for each format."""
    key, priced = {"env": "MOCK_KEY"}, {"input_cost_per_1k": 0.001, "output_cost_per_1k": 0.002, "max_output": 4000}
    region = {"aws_region": "us-east-1"}
    return [
        _entry("openai", f"{url}/openai/v1", "gpt-mock", api_key=key, additional_config={"responses": False}, **priced),
        _entry("anthropic", f"{url}/anthropic", "claude-mock", api_key=key, **priced),
        _entry("gemini", f"{url}/gemini/v1beta/models", "gemini-mock", api_key=key, **priced),
        _entry(
            "bedrock", f"{url}/bedrock", "anthropic.mock-v1:0", api_key={"env": "MOCK_AWS"}, additional_config=region,
            **priced,
        ),
    ]  # fmt: skip


def _entry(provider: str, base_url: str, identifier: str, **more: Any) -> Json:
    return {"id": f"m-{provider}", "provider": provider, "base_url": base_url, "identifier": identifier, **more}


class Mock:
    """`say` and `call` are the two answers; each format writes them in its way."""

    async def __call__(self, seen: Seen, wire: Wire) -> None:
        family = seen.target.split("/")[1]
        speak = {"openai": OpenAI, "anthropic": Anthropic, "gemini": Gemini, "bedrock": Bedrock}[family]
        await self.answer(speak(seen.json, seen.target), wire)

    async def answer(self, format: "Format", wire: Wire) -> None:
        words = json.dumps(format.body)
        if found := re.search(r"answer with ([45]\d\d)", words):
            await wire.plain(format.error(int(found[1])), int(found[1]), [("retry-after", "7")])
        elif "be slow" in words:
            await asyncio.sleep(20)
        elif (results := format.results()) is not None:
            await self.send(format, wire, format.say(["; ".join(results)]))
        elif "weather" in words and "tool" in words.lower():
            await self.send(format, wire, format.call())
        elif schema := format.schema():
            told = json.dumps(REPORT) if set(schema["properties"]) == set(REPORT) else "another schema"
            await self.send(format, wire, format.say([told]))
        elif pictures := format.pictures():
            await self.send(format, wire, format.say([" ".join(f"{mime} {data}" for mime, data in pictures)]))
        else:
            await self.send(format, wire, format.say(TEXT), cut="break off" in words)

    async def send(self, format: "Format", wire: Wire, events: list[bytes] | Json, *, cut: bool = False) -> None:
        if isinstance(events, dict):
            await wire.plain(events)
            return
        await wire.begin()
        for event in events[: len(events) // 2] if cut else events:
            await wire.chunk(event)
        await wire.end()


class Format:
    """Reads a request and writes answers, plain as an object and streamed as events."""

    def __init__(self, body: Json, target: str) -> None:
        self.body, self.stream = body, bool(body.get("stream"))

    def error(self, status: int) -> Json:
        return {"error": {"message": f"mock {status}", "type": "mock_error", "code": None}}

    def results(self) -> list[str] | None:
        raise AssertionError

    def schema(self) -> Json | None:
        raise AssertionError

    def pictures(self) -> list[tuple[str, str]]:
        raise AssertionError

    def say(self, texts: list[str]) -> list[bytes] | Json:
        raise AssertionError

    def call(self) -> list[bytes] | Json:
        raise AssertionError


def sse(said: Any, name: str = "") -> bytes:
    return (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(said).encode() + b"\n\n"


def data_url(url: str) -> tuple[str, str]:
    found = re.fullmatch(r"data:([^;]+);base64,(.*)", url)
    assert found, url
    return found[1], found[2]


class OpenAI(Format):
    def results(self) -> list[str] | None:
        return [_text(one["content"]) for one in self.body["messages"] if one["role"] == "tool"] or None

    def schema(self) -> Json | None:
        said = self.body.get("response_format") or {}
        return said["json_schema"]["schema"] if said.get("type") == "json_schema" else None

    def pictures(self) -> list[tuple[str, str]]:
        parts = [part for one in self.body["messages"] if isinstance(one["content"], list) for part in one["content"]]
        return [data_url(part["image_url"]["url"]) for part in parts if part["type"] == "image_url"]

    def say(self, texts: list[str]) -> list[bytes] | Json:
        if not self.stream:
            return self._whole({"role": "assistant", "content": "".join(texts)}, "stop")
        return self._streamed([{"role": "assistant", "content": ""}, *({"content": one} for one in texts)], "stop")

    def call(self) -> list[bytes] | Json:
        calls = [
            {"id": f"call_{n}", "type": "function", "function": {"name": "weather", "arguments": _arguments(n)}}
            for n in (0, 1)
        ]
        if not self.stream:
            return self._whole({"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls")
        deltas: list[Json] = [{"role": "assistant", "content": None}]
        for n, call in enumerate(calls):
            whole = _arguments(n)
            began = {**call, "index": n, "function": {"name": "weather", "arguments": ""}}
            pieces = ({"index": n, "function": {"arguments": one}} for one in (whole[:5], whole[5:]))
            deltas += [{"tool_calls": [one]} for one in (began, *pieces)]
        return self._streamed(deltas, "tool_calls")

    def _whole(self, message: Json, finish: str) -> Json:
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return {
            "id": "chatcmpl-m", "object": "chat.completion", "created": 1, "model": "gpt-mock", "choices": [choice],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
        }  # fmt: skip

    def _streamed(self, deltas: list[Json], finish: str) -> list[bytes]:
        head = {"id": "chatcmpl-m", "object": "chat.completion.chunk", "created": 1, "model": "gpt-mock"}
        ways: list[tuple[Json, str | None]] = [*((delta, None) for delta in deltas), ({}, finish)]
        events = [sse({**head, "choices": [{"index": 0, "delta": d, "finish_reason": f}]}) for d, f in ways]
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        return [*events, sse({**head, "choices": [], "usage": usage}), b"data: [DONE]\n\n"]


class Anthropic(Format):
    def error(self, status: int) -> Json:
        return {"type": "error", "error": {"type": "api_error", "message": f"mock {status}"}}

    def _blocks(self) -> list[Json]:
        return [one for said in self.body["messages"] if isinstance(said["content"], list) for one in said["content"]]

    def results(self) -> list[str] | None:
        return [_text(one["content"]) for one in self._blocks() if one["type"] == "tool_result"] or None

    def schema(self) -> Json | None:
        return ((self.body.get("output_config") or {}).get("format") or {}).get("schema")

    def pictures(self) -> list[tuple[str, str]]:
        sources = [one["source"] for one in self._blocks() if one["type"] == "image"]
        return [(one["media_type"], one["data"]) for one in sources]

    def say(self, texts: list[str]) -> list[bytes] | Json:
        if not self.stream:
            return self._whole([{"type": "text", "text": "".join(texts)}], "end_turn")
        deltas = [{"type": "text_delta", "text": one} for one in texts]
        return self._streamed([({"type": "text", "text": ""}, deltas)], "end_turn")

    def call(self) -> list[bytes] | Json:
        calls = [
            {"type": "tool_use", "id": f"toolu_{n}", "name": "weather", "input": {"place": PLACES[n]}} for n in (0, 1)
        ]
        if not self.stream:
            return self._whole(calls, "tool_use")
        pieces = [
            [{"type": "input_json_delta", "partial_json": one} for one in (_arguments(n)[:5], _arguments(n)[5:])]
            for n in (0, 1)
        ]
        return self._streamed([({**call, "input": {}}, pieces[n]) for n, call in enumerate(calls)], "tool_use")

    def _whole(self, content: list[Json], stop: str | None) -> Json:
        return {
            "id": "msg_m", "type": "message", "role": "assistant", "model": "claude-mock", "content": content,
            "stop_reason": stop, "stop_sequence": None, "usage": {"input_tokens": 11, "output_tokens": 7},
        }  # fmt: skip

    def _streamed(self, blocks: list[tuple[Json, list[Json]]], stop: str) -> list[bytes]:
        events = [{"type": "message_start", "message": self._whole([], None)}]
        for n, (block, deltas) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": n, "content_block": block})
            events += [{"type": "content_block_delta", "index": n, "delta": delta} for delta in deltas]
            events.append({"type": "content_block_stop", "index": n})
        ended = {"stop_reason": stop, "stop_sequence": None}
        events += [{"type": "message_delta", "delta": ended, "usage": {"output_tokens": 7}}, {"type": "message_stop"}]
        return [sse(event, event["type"]) for event in events]


class Gemini(Format):
    def __init__(self, body: Json, target: str) -> None:
        super().__init__(body, target)
        self.stream = "streamGenerateContent" in target

    def error(self, status: int) -> Json:
        return {"error": {"code": status, "message": f"mock {status}", "status": "UNAVAILABLE"}}

    def _parts(self) -> list[Json]:
        return [part for one in self.body["contents"] for part in one["parts"]]

    def results(self) -> list[str] | None:
        said = [one["functionResponse"]["response"] for one in self._parts() if "functionResponse" in one]
        return [str(one.get("result", one.get("output", one))) for one in said] or None

    def schema(self) -> Json | None:
        config = self.body.get("generationConfig") or {}
        return config.get("responseJsonSchema") or config.get("responseSchema")

    def pictures(self) -> list[tuple[str, str]]:
        # Google's client writes some names with underscores, and base64 in the letters of URLs, as ProtoJSON allows;
        # within one format both come as they were written.
        found = [one.get("inlineData") or one.get("inline_data") for one in self._parts()]
        usual = str.maketrans("-_", "+/")
        return [(one.get("mimeType") or one["mime_type"], one["data"].translate(usual)) for one in found if one]

    def say(self, texts: list[str]) -> list[bytes] | Json:
        return self._told([[{"text": one}] for one in (texts if self.stream else ["".join(texts)])])

    def call(self) -> list[bytes] | Json:
        parts = [{"functionCall": {"name": "weather", "args": {"place": one}}} for one in PLACES]
        return self._told([[part] for part in parts] if self.stream else [parts])

    def _told(self, pieces: list[list[Json]]) -> list[bytes] | Json:
        events: list[Json] = [
            {"candidates": [{"index": 0, "content": {"role": "model", "parts": parts}}], "modelVersion": "gemini-mock"}
            for parts in pieces
        ]
        events[-1]["candidates"][0]["finishReason"] = "STOP"
        counted = {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18}
        events[-1] |= {"usageMetadata": counted, "responseId": "g-m"}
        return [sse(event) for event in events] if self.stream else events[0]


class Bedrock(Format):
    def __init__(self, body: Json, target: str) -> None:
        super().__init__(body, target)
        self.stream = target.endswith("/converse-stream")

    def error(self, status: int) -> Json:
        return {"message": f"mock {status}"}

    def _blocks(self) -> list[Json]:
        return [block for one in self.body["messages"] for block in one["content"]]

    def results(self) -> list[str] | None:
        found = [block["toolResult"]["content"] for block in self._blocks() if "toolResult" in block]
        return ["".join(one.get("text") or json.dumps(one.get("json")) for one in said) for said in found] or None

    def schema(self) -> Json | None:
        said = (self.body.get("outputConfig") or {}).get("textFormat")
        return json.loads(said["structure"]["jsonSchema"]["schema"]) if said else None

    def pictures(self) -> list[tuple[str, str]]:
        images = [block["image"] for block in self._blocks() if "image" in block]
        return [(f"image/{one['format']}", one["source"]["bytes"]) for one in images]

    def say(self, texts: list[str]) -> list[bytes] | Json:
        if not self.stream:
            return self._whole([{"text": "".join(texts)}], "end_turn")
        return self._streamed([(None, [{"text": one} for one in texts])], "end_turn")

    def call(self) -> list[bytes] | Json:
        starts = [{"toolUse": {"toolUseId": f"tooluse_{n}", "name": "weather"}} for n in (0, 1)]
        if not self.stream:
            uses = [{"toolUse": {**one["toolUse"], "input": {"place": PLACES[n]}}} for n, one in enumerate(starts)]
            return self._whole(uses, "tool_use")
        pieces = [[{"toolUse": {"input": one}} for one in (_arguments(n)[:5], _arguments(n)[5:])] for n in (0, 1)]
        return self._streamed(list(zip(starts, pieces, strict=True)), "tool_use")

    def _whole(self, content: list[Json], stop: str) -> Json:
        return {
            "output": {"message": {"role": "assistant", "content": content}}, "stopReason": stop,
            "usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}, "metrics": {"latencyMs": 1},
        }  # fmt: skip

    def _streamed(self, blocks: list[tuple[Json | None, list[Json]]], stop: str) -> list[bytes]:
        events: list[tuple[str, Json]] = [("messageStart", {"role": "assistant"})]
        for n, (start, deltas) in enumerate(blocks):
            if start is not None:
                events.append(("contentBlockStart", {"contentBlockIndex": n, "start": start}))
            events += [("contentBlockDelta", {"contentBlockIndex": n, "delta": delta}) for delta in deltas]
            events.append(("contentBlockStop", {"contentBlockIndex": n}))
        usage = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
        events += [("messageStop", {"stopReason": stop}), ("metadata", {"usage": usage})]
        return [
            write_frame(
                Frame(
                    (text_header(":event-type", kind), text_header(":message-type", "event")), json.dumps(said).encode()
                )
            )
            for kind, said in events
        ]


def _arguments(n: int) -> str:
    return json.dumps({"place": PLACES[n]})


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
