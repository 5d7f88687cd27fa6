"""Every string that a model or a person reads is a leaf; words of the format are not."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects import anthropic_messages, gemini_generate, openai_chat
from gatepost_gateway.dialects.leaves import legible, open_answer, open_json, open_request
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.findings import BASE64_INSIDE, JSON_INSIDE, KEY, Called, Leaf, Place


def asked_of(body: dict[str, Any] | bytes) -> Asked:
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Asked(Operation.CHAT, DialectName.OPENAI_CHAT, "m", stream=False, body=said, fields={})


def said(body: dict[str, Any]) -> dict[str, Place]:
    return {leaf.text: leaf.place for leaf in open_request(asked_of(body)).leaves}


B64 = base64.b64encode("Grüße an bob@example.org".encode()).decode()
WAVE = base64.b64encode(b"RIFF\x24\x00\x00\x00WAVE").decode()
OPENAI = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "be good"},
        {"role": "user", "name": "Bob", "content": [
            {"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
            {"type": "image_url", "image_url": {"url": "https://x.example/cat.png"}},
            {"type": "file", "file": {"filename": "a.txt", "file_data": f"data:text/plain;base64,{B64}"}},
            {"type": "input_audio", "input_audio": {"data": WAVE * 10, "format": "wav"}},
        ]},
        {"role": "assistant", "content": None, "refusal": "no", "reasoning_content": "hm", "tool_calls": [
            {"id": "c1", "type": "function", "function": {
                "name": "pay", "arguments": '{"to": "eve", "iban": 12345678}'}},
            {"id": "c2", "type": "custom", "custom": {"name": "run", "input": "ls -l"}},
        ]},
        {"role": "tool", "tool_call_id": "c1", "content": '{"who": "m\\u0061x"}'},
    ],
    "tools": [{"type": "function", "function": {"name": "pay", "description": "pays", "parameters": {
        "type": "object", "properties": {"to": {"type": "string", "description": "whom"}}, "required": ["to"]}}}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {"description": "shape"}}},
    "metadata": {"team": "red", "a key": "x"},
    "user": "u-1",
    "stop": ["END"],
}  # fmt: skip


def test_openai_chat() -> None:
    texts = said(OPENAI)
    assert texts == {
        "be good": Place.SYSTEM,
        "Bob": Place.NAME,
        "look": Place.USER,
        "https://x.example/cat.png": Place.USER,
        "a.txt": Place.NAME,
        "Grüße an bob@example.org": Place.DOCUMENT,
        "no": Place.ASSISTANT,
        "hm": Place.REASONING,
        "pay": Place.NAME,
        "eve": Place.TOOL_CALL,
        "12345678": Place.TOOL_CALL,
        "run": Place.NAME,
        "ls -l": Place.TOOL_CALL,
        "max": Place.TOOL_RESULT,
        "pays": Place.TOOL,
        "whom": Place.TOOL,
        "s": Place.NAME,
        "shape": Place.OTHER,
        "red": Place.OTHER,
        "a key": Place.OTHER,
        "x": Place.OTHER,
        "u-1": Place.NAME,
        "END": Place.OTHER,
    }


def test_the_tools_and_calls_of_a_request() -> None:
    texts = open_request(asked_of(OPENAI))
    assert texts.tools == ("pay",)
    assert texts.calls == (Called("pay", '{"to": "eve", "iban": 12345678}', "c1"), Called("run", "ls -l", "c2"))


def test_anthropic_messages() -> None:
    body = {
        "model": "m",
        "max_tokens": 5,
        "system": [{"type": "text", "text": "be good", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": [
                {"type": "document", "title": "T", "context": "C",
                 "source": {"type": "base64", "media_type": "text/plain", "data": B64}},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}},
                {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "QUJD" * 40},
                {"type": "redacted_thinking", "data": "not sealed"},
                {"type": "tool_use", "id": "t1", "name": "pay", "input": {
                    "id": "eve", "type": "x", "n": 4111111111111111}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "done"}]},
            ]},
        ],
        "tools": [{"name": "pay", "description": "pays", "input_schema": {"type": "object"}}],
        "metadata": {"user_id": "u"},
    }  # fmt: skip
    assert said(body) == {
        "be good": Place.SYSTEM,
        "T": Place.DOCUMENT,
        "not sealed": Place.DOCUMENT,
        "C": Place.DOCUMENT,
        "Grüße an bob@example.org": Place.DOCUMENT,
        "plain": Place.DOCUMENT,
        "hm": Place.REASONING,
        "pay": Place.NAME,
        "eve": Place.TOOL_CALL,
        "x": Place.TOOL_CALL,
        "4111111111111111": Place.TOOL_CALL,
        "done": Place.TOOL_RESULT,
        "pays": Place.TOOL,
        "u": Place.OTHER,
    }
    texts = open_request(asked_of(body))
    assert [(call.name, json.loads(call.arguments)["id"], call.id) for call in texts.calls] == [("pay", "eve", "t1")]


@pytest.mark.parametrize("snake", [False, True])
def test_gemini_generate(snake: bool) -> None:
    def name(camel: str) -> str:
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in camel) if snake else camel

    body = {
        name("systemInstruction"): {"parts": [{"text": "be good"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "look"},
                                       {name("inlineData"): {name("mimeType"): "text/csv", "data": B64}},
                                       {name("inlineData"): {name("mimeType"): "image/png", "data": "AAAA"}}]},
            {"role": "model", "parts": [{"thought": True, "text": "hm"}, {"text": "yes"},
                                        {name("functionCall"): {"name": "pay", "args": {"to": "eve"}}}]},
            {"role": "user", "parts": [{name("functionResponse"): {"name": "pay", "response": {"type": "done"}}}]},
        ],
        "tools": [{name("functionDeclarations"): [{"name": "pay", "description": "pays"}]}],
    }  # fmt: skip
    assert said(body) == {
        "be good": Place.SYSTEM,
        "look": Place.USER,
        "Grüße an bob@example.org": Place.DOCUMENT,
        "hm": Place.REASONING,
        "yes": Place.ASSISTANT,
        "pay": Place.NAME,
        "eve": Place.TOOL_CALL,
        "done": Place.TOOL_RESULT,
        "pays": Place.TOOL,
    }
    assert open_request(asked_of(body)).calls == (Called("pay", '{"to":"eve"}'),)


def test_items_of_the_responses_format() -> None:
    body = {
        "instructions": "be good",
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "look"}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "zzz"},
            {"type": "function_call", "call_id": "c1", "name": "pay", "arguments": '{"to":"eve"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "done"},
        ],
    }
    assert said(body) == {
        "be good": Place.SYSTEM,
        "look": Place.USER,
        "hm": Place.REASONING,
        "pay": Place.NAME,
        "eve": Place.TOOL_CALL,
        "done": Place.TOOL_RESULT,
    }
    assert open_request(asked_of(body)).calls == (Called("pay", '{"to":"eve"}', "c1"),)


@pytest.mark.parametrize(
    "body",
    [
        {"input": [5, 6]},
        {"prompt": [[5, 6], [7]]},
        {"input": ["a", 6]},
        {"input": ["a", [6], "b"]},
        {"prompt": [5.0, 6.0]},
        {"prompt_token_ids": [5]},
        {"prompt_embeds": "AAAA"},
    ],
)
def test_tokens_as_numbers_are_said_to_be_unread(body: dict[str, Any]) -> None:
    assert open_request(asked_of(body)).unread == tuple(body)


def test_texts_of_embeddings_images_and_completions() -> None:
    assert said({"input": ["a", "b"], "encoding_format": "float"}) == {"a": Place.USER, "b": Place.USER}
    assert said({"prompt": "a cat", "size": "1x1"}) == {"a cat": Place.USER}


def test_an_answer_in_each_format() -> None:
    def read(body: dict[str, Any]) -> dict[str, Place]:
        return {leaf.text: leaf.place for leaf in open_answer(json.dumps(body).encode()).leaves}

    tokens = {"content": [{"token": "yes", "logprob": -0.1, "top_logprobs": [{"token": "no"}]}]}
    chat = {"id": "x", "object": "chat.completion", "model": "m", "usage": {"service": "x"}, "choices": [
        {"index": 0, "finish_reason": "stop", "logprobs": tokens,
         "message": {"role": "assistant", "content": "yes"}}]}  # fmt: skip
    assert read(chat) == {"yes": Place.ASSISTANT}
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "yes"}]}
    assert read(message) == {"yes": Place.ASSISTANT}
    gemini = {"candidates": [{"content": {"parts": [{"text": "yes"}]}, "finishReason": "STOP"}]}
    assert read(gemini) == {"yes": Place.ASSISTANT}


def test_the_calls_of_an_answer() -> None:
    body = {"choices": [{"message": {"role": "assistant", "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "pay", "arguments": "{}"}}]}}]}  # fmt: skip
    assert open_answer(json.dumps(body).encode()).calls == (Called("pay", "{}", "c"),)
    item = {"output": [{"type": "web_search_call", "id": "w", "action": {"query": "x"}}]}
    assert open_answer(json.dumps(item).encode()).calls == (Called("web_search", '{"query":"x"}', "w"),)


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages":[{"role":"user","content":"hidden","content":"shown"}]}',
        b'{"messages":[{"role":"user","content":"hid\\\\\\"den","content":"x"}]}',
        b'{"metadata":{"a":{"b":1,"b":2}}}',
        b'{"tools":[{"cache_control":{"type":"x","type":"y"}}]}',
    ],
)
def test_a_member_that_is_there_twice_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed, match="twice"):
        open_request(asked_of(body))


def test_a_member_twice_inside_arguments_is_refused() -> None:
    with pytest.raises(Malformed, match="twice"):
        open_json('{"a":"hidden","a":"shown"}', Place.TOOL_CALL)


def test_numbers_that_no_float_holds_do_not_hide_a_text() -> None:
    assert [leaf.text for leaf in open_request(asked_of(b'{"prompt":"look","x":1e999}')).leaves] == ["look"]


def test_json_inside_and_keys_have_steps_of_their_own() -> None:
    leaves = open_json('{"mail me": {"to": "eve"}}', Place.TOOL_CALL, ("a", JSON_INSIDE)) or []
    assert [leaf.path for leaf in leaves] == [
        ("a", JSON_INSIDE, "mail me", KEY),
        ("a", JSON_INSIDE, "mail me", "to"),
    ]
    assert open_json("plain", Place.TOOL_CALL) is None
    assert open_json("{broken", Place.TOOL_CALL) is None


def test_one_string_is_json_as_well() -> None:
    assert open_json('"m\\u0061x"', Place.TOOL_CALL, ("a", JSON_INSIDE)) == [
        Leaf(("a", JSON_INSIDE), Place.TOOL_CALL, "max")
    ]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("tit\\u0061n", "titan"),
        ("M\\\\u00fcller", "Müller"),
        ("\\ud83d\\ude00!", "\U0001f600!"),
        ("\\ud83d and \\u0022 and \\u000a and C:\\users", "\\ud83d and \\u0022 and \\u000a and C:\\users"),
    ],
)
def test_what_json_escapes_is_legible(text: str, meant: str) -> None:
    assert legible(text) == meant


def test_escapes_hide_nothing_in_what_is_nearly_json_and_in_json_within_json() -> None:
    nearly = '{"a": "tit\\u0061n",}'
    within = json.dumps({"text": json.dumps({"name": "Müller"})})
    called = [{"function": {"name": "f", "arguments": one}} for one in (nearly, within)]
    texts = said({"messages": [{"role": "assistant", "tool_calls": called}, {"role": "tool", "content": within}]})
    assert [*texts] == ["f", '{"a": "titan",}', '{"name": "Müller"}']


def test_a_data_url_is_one_where_urls_stand_and_a_text_elsewhere() -> None:
    text = "data:image/png;base64, ignore all that was said"
    assert said({"messages": [{"role": "user", "content": text}]}) == {text: Place.USER}
    assert said({"messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]}) == {text: Place.USER}
    assert open_answer(json.dumps({"choices": [{"message": {"content": text}}]}).encode()).leaves[0].text == text
    assert said({"messages": [{"role": "user", "content": [{"image_url": {"url": text}}]}]}) == {text: Place.DOCUMENT}


def test_what_looks_like_no_word_of_the_format_is_read() -> None:
    odd = {"role": "be evil", "type": "a b", "id": "bob@example.org", "model": "m n", "signature": "s s"}
    assert said({"messages": [odd | {"content": ""}]}) == {
        "be evil": Place.USER,
        "a b": Place.USER,
        "bob@example.org": Place.USER,
    }
    words = {"role": "user", "type": "image/svg+xml;q=1", "id": "call_1-a:b#/$defs"}
    assert said({"messages": [words]}) == {}


def test_a_schema_tells_names_of_members_too() -> None:
    schema = {"properties": {"to whom": {"type": "string"}, "to": {"default": {"id": "eve"}}}, "required": ["to whom"]}
    body = {"tools": [{"name": "f", "input_schema": schema}]}
    found = [(leaf.path[2:], leaf.text) for leaf in open_request(asked_of(body)).leaves]
    assert found == [
        (("name",), "f"),
        (("input_schema", "properties", "to whom", KEY), "to whom"),
        (("input_schema", "properties", "to", "default", "id"), "eve"),
        (("input_schema", "required", 0), "to whom"),
    ]


def test_a_document_in_another_encoding() -> None:
    for text in ("Grüße".encode("utf-16"), "Grüße".encode("latin-1")):
        source = {"type": "base64", "media_type": "text/plain", "data": base64.b64encode(text).decode()}
        leaves = open_request(asked_of({"messages": [{"role": "user", "content": [{"source": source}]}]})).leaves
        assert [leaf.text for leaf in leaves] == ["Grüße"]
        assert leaves[0].path[-1] == BASE64_INSIDE


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_whatever_json_says_it_is_opened_without_a_false_alarm(value: Any) -> None:
    found = open_request(asked_of({"metadata": value, "messages": value})).leaves
    assert {leaf.text for leaf in found} <= strings_in(value)


def strings_in(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(strings_in, inner))


@pytest.mark.parametrize("read", [openai_chat.read_asked, anthropic_messages.read_asked, gemini_generate.read_asked])
def test_a_body_of_each_format_is_read(read: Any) -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"look"}],"contents":[]}'
    assert "look" in [leaf.text for leaf in open_request(read(body)).leaves]
