"""A provider for the samples: OpenAI's and Anthropic's formats; it calls the first tool it is given, once."""

import json
import re
from typing import Any

from e2e.mocks import Mock
from e2e.upstream import DONE, Seen, Wire, chunk, completion, usage_chunk

_mock = Mock()
WORDS = ("Bonjour, ", "le monde.")
"""What it says, in two pieces."""


async def answer(seen: Seen, wire: Wire) -> None:
    if "/locked/" in seen.target:
        await wire.plain({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, 401)
    elif "/v1/chat/completions" in seen.target or "/deployments/" in seen.target:
        await _chat(seen, wire)
    elif seen.target.endswith("/embeddings"):
        texts = seen.json["input"] if isinstance(seen.json["input"], list) else [seen.json["input"]]
        data = [{"object": "embedding", "index": n, "embedding": [0.5, 0.25]} for n, _ in enumerate(texts)]
        await wire.plain(
            {"object": "list", "data": data, "model": "e", "usage": {"prompt_tokens": 6, "total_tokens": 6}}
        )
    elif seen.target.endswith("/v1/messages"):
        await _message(seen, wire)
    elif ":generateContent" in seen.target:
        await _mock(_at(seen, "/gemini" + seen.target), wire)
    else:
        await _mock(_at(seen, "/bedrock" + seen.target), wire)


def _at(seen: Seen, target: str) -> Seen:
    return Seen(seen.method, target, seen.headers, seen.body)


async def _chat(seen: Seen, wire: Wire) -> None:
    asked = seen.json
    if asked.get("tools") and asked["messages"][-1]["role"] == "user":
        await wire.plain(completion(choices=[_called(asked["tools"][0]["function"])]))
    elif asked.get("stream"):
        await wire.begin()
        for event in (*map(chunk, _words(asked)), chunk(finish="stop"), usage_chunk(), DONE):
            await wire.chunk(event)
        await wire.end()
    else:
        told = [one["content"] for one in asked["messages"] if one["role"] == "tool"]
        await wire.plain(completion("; ".join(told) or "".join(_words(asked))))


def _words(asked: dict[str, Any]) -> list[str]:
    """What it was told to say, word by word; else its own words."""
    last = asked["messages"][-1]["content"]
    told = last.partition("say: ")[2] if isinstance(last, str) else ""
    return re.findall(r"\S+\s*", told) or list(WORDS)


def _called(function: dict[str, Any]) -> dict[str, Any]:
    arguments = json.dumps(dict.fromkeys(function["parameters"]["required"], "London"))
    call = {"id": "call_1", "type": "function", "function": {"name": function["name"], "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return {"index": 0, "message": message, "finish_reason": "tool_calls"}


async def _message(seen: Seen, wire: Wire) -> None:
    usage = {"input_tokens": 10, "output_tokens": 5}
    page = {"id": "msg_1", "type": "message", "role": "assistant", "model": "c", "stop_sequence": None}
    if not seen.json.get("stream"):
        content = [{"type": "text", "text": "".join(WORDS)}]
        await wire.plain({**page, "content": content, "stop_reason": "end_turn", "usage": usage})
        return
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**page, "content": [], "stop_reason": None, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": one}} for one in WORDS),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    ]
    await wire.begin()
    for event in events:
        await wire.chunk(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    await wire.end()
