"""What the tests of Bedrock's Converse format share: its recordings, and what each says, read in the plainest way."""

import base64
import json
from typing import Any

from gatepost_gateway.dialects.event_stream import Frame, FrameReader, text_header, write_frame
from tests.recordings import rows

NAME = "provider-recordings/bedrock.jsonl"


def name_of(row: dict[str, Any]) -> str:
    return row["id"].rpartition("/")[2]


def frame(kind: str, said: Any, message: str = "event") -> bytes:
    name = ":exception-type" if message == "exception" else ":event-type"
    headers = (text_header(name, kind), text_header(":message-type", message))
    return write_frame(Frame(headers, json.dumps(said).encode()))


def frames(events: list[dict[str, Any]]) -> bytes:
    return b"".join(frame(kind, said) for event in events for kind, said in event.items())


def stream_of(row: dict[str, Any]) -> bytes:
    response = row["response"]
    return base64.b64decode(response["body_b64"]) if "body_b64" in response else frames(response["chunks"])


def events_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [{one.text(":event-type") or "": json.loads(one.payload)} for one in FrameReader().feed(stream_of(row))]


CHAT = [row for row in rows(NAME) if row["operation"] in ("chat", "chat_stream")]
ANSWERED = [row for row in CHAT if row["response"]["status"] == 200]
WHOLE = [row for row in ANSWERED if isinstance(row["response"].get("body"), dict)]
STREAMED = [row for row in ANSWERED if row not in WHOLE]
WORDS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "guardrail_intervened": "content_filter",
}


def facts(row: dict[str, Any]) -> dict[str, Any]:
    """Text, thought, calls (name, arguments), finish and billed tokens, as the recording itself says them."""
    return _whole(row["response"]["body"]) if row in WHOLE else _streamed(events_of(row))


def _whole(body: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"text": "", "thought": "", "calls": []}
    for block in body["output"]["message"]["content"]:
        said["text"] += block.get("text", "")
        said["text"] += "".join(one["text"] for one in block.get("citationsContent", {}).get("content", ()))
        said["thought"] += block.get("reasoningContent", {}).get("reasoningText", {}).get("text", "")
        call = block.get("toolUse")
        if call and call.get("type") != "server_tool_use":
            said["calls"].append((call["name"], call["input"]))
    return {**said, "finish": WORDS[body["stopReason"]], **_used(body["usage"])}


def _used(usage: dict[str, Any]) -> dict[str, int]:
    return {"input": usage["totalTokens"] - usage["outputTokens"], "output": usage["outputTokens"]}


def _streamed(events: list[dict[str, Any]]) -> dict[str, Any]:
    said: dict[str, Any] = {"text": "", "thought": "", "finish": None, "input": 0, "output": 0}
    calls: dict[int, list[str]] = {}
    foreign: set[int] = set()
    for event in events:
        (kind, inner), *_ = event.items()
        block = inner.get("contentBlockIndex", 0)
        if kind == "contentBlockStart":
            call = inner["start"].get("toolUse")
            if call and call.get("type") != "server_tool_use":
                calls[block] = [call["name"], ""]
            else:
                foreign.add(block)
        elif kind == "contentBlockDelta" and block not in foreign:
            delta = inner["delta"]
            said["text"] += delta.get("text", "")
            said["thought"] += delta.get("reasoningContent", {}).get("text", "")
            if "toolUse" in delta:
                calls[block][1] += delta["toolUse"]["input"]
        elif kind == "messageStop":
            said["finish"] = WORDS[inner["stopReason"]]
        elif kind == "metadata":
            said |= _used(inner["usage"])
    return {**said, "calls": [(name, json.loads(text or "{}")) for name, text in calls.values()]}
