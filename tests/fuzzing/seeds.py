"""What the fuzzers begin with: one request, answer and stream that say everything, in each format."""

import json
from typing import Any

from gatepost_gateway.dialects.event_stream import Frame, text_header, write_frame
from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.domain.chat import Asked, DialectName, Stop
from gatepost_gateway.domain.conversation import (
    ArgumentsDelta,
    Choice,
    Ended,
    Event,
    Losses,
    Reasoning,
    ReasoningDelta,
    Refusal,
    RefusalDelta,
    Reply,
    Started,
    Stopped,
    Text,
    TextDelta,
    ToolCall,
    ToolCallBegan,
    Used,
)
from gatepost_gateway.domain.usage import Usage

SCHEMA = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
_FUNCTION = {"name": "weather", "description": "d", "parameters": SCHEMA}
_PICTURE = "data:image/png;base64,iVBORw0KGgo="
_CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"place":"Pisa"}'}}
_CACHE = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
_BLOCKS = [
    {"type": "text", "text": "look", **_CACHE},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}, "title": "t"},
]
REQUESTS: dict[DialectName, list[dict[str, Any]]] = {
    DialectName.OPENAI_CHAT: [
        {
            "model": "m",
            "max_tokens": 9,
            "temperature": 0.5,
            "stop": ["x"],
            "seed": 1,
            "n": 1,
            "user": "u",
            "stream": True,
            "stream_options": {"include_usage": True},
            "tools": [{"type": "function", "function": _FUNCTION}],
            "tool_choice": {"type": "function", "function": {"name": "weather"}},
            "parallel_tool_calls": False,
            "response_format": {"type": "json_schema", "json_schema": {"name": "j", "schema": SCHEMA, "strict": True}},
            "reasoning_effort": "low",
            "logit_bias": {"5": -1},
            "metadata": {"a": "b"},
            "messages": [
                {"role": "system", "content": "be brief"},
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": _PICTURE}}],
                },
                {"role": "assistant", "content": None, "tool_calls": [_CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": '{"a": "b"}'},
                {
                    "role": "user",
                    "content": [
                        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}}
                    ],
                },
            ],
        },
    ],
    DialectName.OPENAI_COMPLETIONS: [
        {
            "model": "m",
            "prompt": ["one"],
            "suffix": "x",
            "max_tokens": 3,
            "logprobs": 1,
            "echo": True,
            "best_of": 1,
            "stop": "x",
        },
    ],
    DialectName.OPENAI_RESPONSES: [
        {
            "model": "m",
            "instructions": "be brief",
            "max_output_tokens": 9,
            "store": False,
            "user": "u",
            "reasoning": {"effort": "low", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
            "text": {"format": {"type": "json_schema", "name": "j", "schema": SCHEMA, "strict": True}},
            "tools": [{"type": "function", "strict": False, **_FUNCTION}, {"type": "web_search"}],
            "tool_choice": {"type": "function", "name": "weather"},
            "parallel_tool_calls": True,
            "input": [
                {
                    "role": "user",
                    "content": [{"type": "input_text", "text": "?"}, {"type": "input_image", "image_url": _PICTURE}],
                },
                {
                    "type": "reasoning",
                    "id": "r",
                    "summary": [{"type": "summary_text", "text": "s"}],
                    "encrypted_content": "e",
                },
                {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"place":"Pisa"}'},
                {"type": "function_call_output", "call_id": "c1", "output": "sun"},
                {"type": "message", "role": "assistant", "id": "m", "content": [{"type": "output_text", "text": "a"}]},
            ],
        },
    ],
    DialectName.ANTHROPIC_MESSAGES: [
        {
            "model": "m",
            "max_tokens": 2000,
            "system": [{"type": "text", "text": "be brief", **_CACHE}],
            "stop_sequences": ["x"],
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "metadata": {"user_id": "u"},
            "top_k": 3,
            "tools": [{"name": "weather", "description": "d", "input_schema": SCHEMA, **_CACHE}],
            "tool_choice": {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
            "messages": [
                {"role": "user", "content": _BLOCKS},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "t", "signature": "s"},
                        {"type": "redacted_thinking", "data": "e"},
                        {"type": "tool_use", "id": "c1", "name": "weather", "input": {"place": "Pisa"}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "c1", "content": [_BLOCKS[0]], "is_error": True}
                    ],
                },
            ],
        },
    ],
    DialectName.GEMINI_GENERATE: [
        {
            "systemInstruction": {"parts": [{"text": "be brief"}]},
            "contents": [
                {
                    "role": "user",
                    "parts": [{"text": "?"}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}],
                },
                {
                    "role": "model",
                    "parts": [
                        {"text": "t", "thought": True, "thoughtSignature": "s"},
                        {"functionCall": {"id": "c1", "name": "weather", "args": {"place": "Pisa"}}},
                    ],
                },
                {
                    "role": "user",
                    "parts": [{"functionResponse": {"id": "c1", "name": "weather", "response": {"a": "b"}}}],
                },
            ],
            "tools": [{"functionDeclarations": [{"name": "weather", "description": "d", "parameters": SCHEMA}]}],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}},
            "generationConfig": {
                "maxOutputTokens": 9,
                "temperature": 0.5,
                "topK": 3,
                "stopSequences": ["x"],
                "candidateCount": 1,
                "responseMimeType": "application/json",
                "responseSchema": SCHEMA,
                "thinkingConfig": {"thinkingBudget": 5},
            },
            "safetySettings": [{"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "BLOCK_NONE"}],
        },
    ],
    DialectName.OPENAI_EMBEDDINGS: [
        {"model": "m", "input": ["a", "b"], "dimensions": 2, "encoding_format": "base64", "user": "u"},
        {"model": "m", "input": [[1, 2], [3]]},
    ],
    DialectName.OPENAI_IMAGES: [
        {"model": "m", "prompt": "a cat", "n": 2, "size": "512x512", "quality": "hd", "response_format": "b64_json"},
    ],
    DialectName.GEMINI_EMBED: [
        {"content": {"parts": [{"text": "a"}]}, "taskType": "CLUSTERING", "title": "t", "outputDimensionality": 2},
    ],
    DialectName.GEMINI_BATCH_EMBED: [
        {"requests": [{"model": "models/m", "content": {"parts": [{"text": "a"}]}, "taskType": "CLUSTERING"}]},
    ],
}
_USED = Usage(input=5, output=7, cache_read=2, cache_write=1, reasoning=3)
_SEAL = DialectName.ANTHROPIC_MESSAGES
REPLY = Reply(
    id="a1",
    model="m",
    fingerprint="f",
    usage=_USED,
    choices=[
        Choice(
            parts=[
                Reasoning(text="thought", signature="s", sealed_by=_SEAL),
                Reasoning(sealed="e", sealed_by=_SEAL),
                Text(text="Hello, gate."),
                Refusal(text="no"),
                ToolCall(id="c1", name="weather", arguments='{"place":"Pisa"}'),
                ToolCall(id="c2", name="weather", arguments='{"place":"Rome"}'),
            ],
            stop=Stop.TOOL_CALLS,
        ),
    ],
)
EVENTS: list[Event] = [
    Started(id="a1", model="m", fingerprint="f", usage=_USED),
    ReasoningDelta(text="thou"),
    ReasoningDelta(text="ght", signature="s", sealed_by=_SEAL),
    TextDelta("Hel"),
    TextDelta("lo."),
    RefusalDelta("no"),
    ToolCallBegan(index=0, id="c1", name="weather"),
    ArgumentsDelta(0, '{"place":'),
    ArgumentsDelta(0, '"Pisa"}'),
    ToolCallBegan(index=1, id="c2", name="weather"),
    ArgumentsDelta(1, "{}"),
    Stopped(Stop.TOOL_CALLS),
    Used(_USED),
    Ended(),
]
CONVERSE = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}},
                {"text": "Hello."},
                {"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"place": "Pisa"}}},
                {"citationsContent": {"content": [{"text": "cited"}], "citations": []}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12, "cacheReadInputTokens": 1},
    "metrics": {"latencyMs": 1},
}
CONVERSE_EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hel"}}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "c1", "name": "weather"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"place":"Pisa"}'}}}),
    ("contentBlockStop", {"contentBlockIndex": 1}),
    ("messageStop", {"stopReason": "tool_use"}),
    ("metadata", {"usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12}}),
]
VECTORS: dict[str, list[Any]] = {
    "openai": [
        {"object": "list", "data": [{"index": 0, "embedding": [0.5, 1]}], "usage": {"prompt_tokens": 2}, "model": "m"},
    ],
    "gemini": [
        {"embedding": {"values": [0.5]}},
        {"embeddings": [{"values": [1]}], "usageMetadata": {"promptTokenCount": 2}},
    ],
    "bedrock": [
        {"embedding": [0.5], "inputTextTokenCount": 2},
        {"embeddings": [[0.5]], "id": "x"},
        {"embeddings": {"float": [[0.5]]}},
        {"embeddings": [{"embeddingType": "TEXT", "embedding": [0.5]}]},
    ],
    "pictures": [
        {"images": ["iVBORw0KGgo="], "error": None},
        {"artifacts": [{"base64": "iVBORw0KGgo=", "finishReason": "SUCCESS"}]},
    ],
}


def written(said: Any) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def asked(dialect: DialectName, *, stream: bool) -> Asked:
    """A request that asks for what the answers above say."""
    said = dict(REQUESTS[dialect][0])
    if dialect is not DialectName.GEMINI_GENERATE:
        said["stream"] = stream
        said.pop("stream_options", None)
    found = CALLERS[dialect].read_asked(written(said))
    found.stream, found.model, found.name = stream, "m", "a1"
    return found


def reply(dialect: DialectName) -> bytes:
    if dialect is DialectName.BEDROCK_CONVERSE:
        return written(CONVERSE)
    return CALLERS[dialect].write_reply(REPLY, asked(dialect, stream=False), Losses())


def stream(dialect: DialectName) -> bytes:
    encoder = CALLERS[dialect].encoder(asked(dialect, stream=True), Losses())
    return b"".join(encoder.encode(event) for event in EVENTS)


def frame(kind: str, payload: bytes) -> bytes:
    headers = (text_header(":event-type", kind), text_header(":message-type", "event"))
    return write_frame(Frame(headers, payload))
