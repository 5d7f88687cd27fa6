"""Which members of JSON bodies hold words, and whose: one table for every format that callers speak.

The formats name things differently enough that their names do not collide. What is not named here is read as text where
it stands, so that a member which a provider adds later is judged like its neighbours.
"""

from collections.abc import Mapping
from types import MappingProxyType

from gatepost_gateway.domain.findings import Place

ROLES: Mapping[str, Place] = MappingProxyType(
    {
        "system": Place.SYSTEM,
        "developer": Place.SYSTEM,
        "user": Place.USER,
        "assistant": Place.ASSISTANT,
        "model": Place.ASSISTANT,
        "tool": Place.TOOL_RESULT,
        "function": Place.TOOL_RESULT,
    }
)
"""`role` of a message, in every format."""

TYPES: Mapping[str, Place] = MappingProxyType(
    {
        "thinking": Place.REASONING,
        "reasoning": Place.REASONING,
        "tool_use": Place.TOOL_CALL,
        "server_tool_use": Place.TOOL_CALL,
        "mcp_tool_use": Place.TOOL_CALL,
        "function_call": Place.TOOL_CALL,
        "custom_tool_call": Place.TOOL_CALL,
        "mcp_call": Place.TOOL_CALL,
        "tool_result": Place.TOOL_RESULT,
        "mcp_tool_result": Place.TOOL_RESULT,
        "web_search_tool_result": Place.TOOL_RESULT,
        "code_execution_tool_result": Place.TOOL_RESULT,
        "function_call_output": Place.TOOL_RESULT,
        "custom_tool_call_output": Place.TOOL_RESULT,
        "document": Place.DOCUMENT,
        "search_result": Place.DOCUMENT,
        "file": Place.DOCUMENT,
        "input_file": Place.DOCUMENT,
    }
)
"""`type` of a part or an item."""

MEMBERS: Mapping[str, Place] = MappingProxyType(
    {
        "system": Place.SYSTEM,
        "instructions": Place.SYSTEM,
        "systemInstruction": Place.SYSTEM,
        "system_instruction": Place.SYSTEM,
        "reasoning_content": Place.REASONING,
        "reasoning": Place.REASONING,
        "reasoning_details": Place.REASONING,
        "tool_calls": Place.TOOL_CALL,
        "functionCall": Place.TOOL_CALL,
        "function_call": Place.TOOL_CALL,
        "functionResponse": Place.TOOL_RESULT,
        "function_response": Place.TOOL_RESULT,
        "prediction": Place.ASSISTANT,
        "inlineData": Place.DOCUMENT,
        "inline_data": Place.DOCUMENT,
    }
)
"""Members that say by their name whose words they hold."""

TOP: Mapping[str, Place] = MappingProxyType(
    {
        "messages": Place.USER,
        "contents": Place.USER,
        "content": Place.USER,
        "requests": Place.USER,
        "input": Place.USER,
        "prompt": Place.USER,
        "suffix": Place.USER,
        "tools": Place.TOOL,
        "functions": Place.TOOL,
        "user": Place.NAME,
        "safety_identifier": Place.NAME,
        "prompt_cache_key": Place.NAME,
    }
)
"""Members of a request itself. Others, such as `metadata` and the schema of an answer, are OTHER."""

NAMES = frozenset({"name", "filename", "display_name", "displayName"})
"""Members that name a participant, a tool, a file."""

FREE = frozenset(
    {"args", "metadata", "labels", "variables", "attributes", "documents", "chat_template_kwargs"}
    | {"default", "enum", "const", "example", "examples", "input_examples"}
)
"""Objects of the caller's own making: everything in them is text, keys and long numbers included."""

CARRIERS = frozenset(
    {"url", "image_url", "audio_url", "video_url", "file_url", "uri", "fileUri", "file_uri", "data", "file_data"}
)
"""Members that may hold a `data:` URL. Elsewhere one is a text like any other."""

TOKENS = frozenset({"input", "prompt", "input_ids", "prompt_token_ids"})
"""Members of a request that may hold a text as the numbers of its tokens."""

EMBEDS = frozenset({"prompt_embeds", "input_embeds"})
"""Members of a request that hold a text as vectors."""

CALL_TYPES = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
"""Parts whose `input` is the arguments of a call."""

SKIPPED = frozenset(
    {
        "role",
        "type",
        "id",
        "model",
        "object",
        "call_id",
        "tool_call_id",
        "tool_use_id",
        "item_id",
        "file_id",
        "fileId",
        "response_id",
        "previous_response_id",
        "conversation",
        "container",
        "finish_reason",
        "native_finish_reason",
        "finishReason",
        "stop_reason",
        "status",
        "detail",
        "format",
        "quality",
        "size",
        "service_tier",
        "system_fingerprint",
        "encoding_format",
        "truncation",
        "reasoning_effort",
        "effort",
        "verbosity",
        "media_type",
        "mimeType",
        "mime_type",
        "responseMimeType",
        "response_mime_type",
        "modelVersion",
        "responseId",
        "cachedContent",
        "cached_content",
        "signature",
        "encrypted_content",
        "encrypted_index",
        "thoughtSignature",
        "thought_signature",
        "tool_choice",
        "function_call",
        "$ref",
        "$schema",
        "provider",
        "b64_json",
    }
)
"""Members whose strings are words of the format, ids or sealed: what no model reads as a text."""

KEPT = frozenset(
    {"model", "previous_response_id", "conversation", "signature", "encrypted_content", "encrypted_index"}
    | {"thoughtSignature", "thought_signature", "b64_json"}
)
"""Those of them that are nothing else, whatever they hold. The others are read where they look like no word or id."""

CLOSED = frozenset(
    {"cache_control", "usage", "usageMetadata", "logprobs", "logprobsResult", "stream_options"}
    | {"modalities", "responseModalities", "response_modalities", "include", "safetyRatings", "promptFeedback"}
    | {"embedding", "embeddings", "logit_bias", "avgLogprobs"}
)
"""Members without words of their own. The tokens of `logprobs` repeat a text, and go when it is changed."""

REPEATED = ("logprobs", "logprobsResult", "token_ids")
"""Members that say a neighbouring text once more, token by token."""

TEXT_ENDINGS = (".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".html", ".htm", ".log")
_TEXT_MEDIA = ("application/json", "application/xml", "application/yaml", "application/x-yaml", "application/csv")


def is_text(media_type: str) -> bool:
    """Whether a payload of this media type is words that a rule can read."""
    plain = media_type.partition(";")[0].strip().lower()
    return plain.startswith("text/") or plain.startswith(_TEXT_MEDIA) or plain.endswith(("+json", "+xml"))
