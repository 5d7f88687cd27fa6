"""What the tests of the Gemini format share: its recordings, and what each says, read in the plainest way."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.conversation import Event
from tests.recordings import rows

NAME = "provider-recordings/gemini.jsonl"
CHAT = [
    row
    for row in rows(NAME)
    if row["operation"] in ("chat", "chat_stream") and "openai" not in ((row["request"] or {}).get("path") or "")
]
ANSWERED = [row for row in CHAT if row["response"]["status"] == 200]
WHOLE = [row for row in ANSWERED if isinstance(row["response"].get("body"), dict)]
STREAMED = [row for row in ANSWERED if row not in WHOLE]
REQUESTS = [row for row in CHAT if row["request"] and row["request"].get("body")]


def name_of(row: dict[str, Any]) -> str:
    return row["id"].rpartition("/")[2]


def sse(events: list[Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\r\n\r\n" for event in events)


def stream_of(row: dict[str, Any]) -> bytes:
    response = row["response"]
    if "body_text" in response:
        return response["body_text"].encode()
    return sse(response.get("chunks") or response["body"])


def events_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    response = row["response"]
    if "body_text" in response:
        lines = response["body_text"].replace("\r", "").split("\n")
        return [json.loads(line[5:]) for line in lines if line.startswith("data:")]
    body = response.get("chunks") or response["body"]
    return body if isinstance(body, list) else [body]


def facts(row: dict[str, Any]) -> dict[str, Any]:
    """Text, thought, calls (name, arguments), finish and billed tokens, as the recording itself says them."""
    said: dict[str, Any] = {"text": "", "thought": "", "calls": [], "finish": None, "input": 0, "output": 0}
    for event in events_of(row):
        for candidate in event.get("candidates") or ():
            for part in (candidate.get("content") or {}).get("parts") or ():
                if "text" in part:
                    said["thought" if part.get("thought") else "text"] += part["text"]
                call = part.get("functionCall") or {}
                if "name" in call:
                    said["calls"].append((call["name"], dict(call.get("args") or {})))
                for piece in call.get("partialArgs") or ():
                    key = piece["jsonPath"].removeprefix("$.")
                    args = said["calls"][-1][1]
                    args[key] = args.get(key, "") + piece["stringValue"]
            said["finish"] = candidate.get("finishReason") or said["finish"]
        used = event.get("usageMetadata") or {}
        if "candidatesTokenCount" in used:
            said["input"] = used.get("promptTokenCount", 0) + used.get("toolUsePromptTokenCount", 0)
            said["output"] = used["candidatesTokenCount"] + used.get("thoughtsTokenCount", 0)
    words = {"STOP": "tool_calls" if said["calls"] else "stop", "MAX_TOKENS": "length"}
    return {**said, "finish": words[said["finish"]]}


def asked(body: Any, dialect: DialectName = DialectName.GEMINI_GENERATE, model: str = "gemini-2.5-flash") -> Asked:
    found = CALLERS[dialect].read_asked(body if isinstance(body, bytes) else json.dumps(body).encode())
    found.model = found.model or model
    return found


OPENAI = asked({"model": "gemini", "messages": []}, DialectName.OPENAI_CHAT)
"""A caller that speaks OpenAI's format."""
OPENAI_STREAM = asked(
    {"model": "gemini", "messages": [], "stream": True, "stream_options": {"include_usage": True}},
    DialectName.OPENAI_CHAT,
)


def events_or_why(read: Callable[[], Sequence[Event]]) -> Sequence[Event] | str:
    """What a decoder made of its bytes, or its words on why it refuses them."""
    try:
        return read()
    except ValueError as error:
        return str(error)
