import msgspec
import pytest

from gatepost_gateway.dialects import registry, translation
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName

from ..recordings import need
from .kit import asked_in
from .test_translation import said

HOME, CHAT = DialectName.OPENAI_RESPONSES, DialectName.OPENAI_CHAT
SHAPE = Shape(model="m", thinks=True, max_output=64_000)


def write(dialect=CHAT, shape=SHAPE, **body):
    sent, lossy = translation.write_request(asked_in(dialect, {"model": "m", **body}), registry.OPENAI_RESPONSES, shape)
    return msgspec.json.decode(sent), lossy


def test_a_chat_becomes_items():
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body, lossy = write(
        messages=[
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": [
                {"type": "text", "text": "a"},
                {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="}},
            ]},
            {"role": "assistant", "content": "Let me see.", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "sun"},
        ],
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        tool_choice={"type": "function", "function": {"name": "f"}},
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
        reasoning_effort="low",
        max_tokens=9,
        stream=True,
    )  # fmt: skip
    assert body == {
        "model": "m",
        "input": [
            {"role": "system", "content": [{"type": "input_text", "text": "Be kind."}]},
            {"role": "user", "content": [
                {"type": "input_text", "text": "a"},
                {"type": "input_image", "image_url": "https://x.test/a.png"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,QQ=="},
            ]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "Let me see."}]},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "sun"},
        ],
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}],
        "tool_choice": {"type": "function", "name": "f"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}},
        "reasoning": {"effort": "low"},
        "max_output_tokens": 9,
    }  # fmt: skip
    assert lossy == ()


def test_what_both_of_openais_formats_have_is_carried():
    shared = {"prompt_cache_key": "k", "safety_identifier": "s", "service_tier": "flex"}
    picture = {"type": "image_url", "image_url": {"url": "u", "detail": "low"}}
    file = {"type": "file", "file": {"file_id": "file-1"}}
    body, lossy = write(messages=[{"role": "user", "content": [picture, file]}], verbosity="low", **shared)
    assert body["input"][0]["content"] == [
        {"type": "input_image", "image_url": "u", "detail": "low"},
        {"type": "input_file", "file_id": "file-1"},
    ]
    assert {name: body[name] for name in shared} == shared
    assert (body["text"], lossy) == ({"verbosity": "low"}, ())


def test_what_to_keep_is_marked_on_words_and_results_and_other_marks_are_listed():
    kept = {"cache_control": {"type": "ephemeral"}}
    body, lossy = write(
        DialectName.ANTHROPIC_MESSAGES,
        Shape(model="gpt-5.6"),
        max_tokens=9,
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "a", **kept}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "sun", **kept}]},
        ],
    )
    mark = {"prompt_cache_breakpoint": {"mode": "explicit"}}
    assert body["input"][0]["content"] == [{"type": "input_text", "text": "a", **mark}]
    assert body["input"][2]["output"] == [{"type": "input_text", "text": "sun", **mark}]
    assert lossy == ()
    own = {"role": "assistant", "content": [{"type": "text", "text": "a", **kept}]}
    source = {"type": "file", "file_id": "file_1"}
    foreign = {"role": "user", "content": [{"type": "document", "source": source}]}
    _, lossy = write(DialectName.ANTHROPIC_MESSAGES, Shape(model="gpt-5.6"), max_tokens=9, messages=[own, foreign])
    assert lossy == ("cache_control", "messages.document.file_id")


def test_what_has_no_place_is_listed():
    _, lossy = write(
        messages=[{"role": "user", "name": "Ann", "content": "x"}], stop=["a"], seed=1, n=2, logit_bias={"1": 2}
    )
    assert set(lossy) == {"messages.name", "stop", "seed", "choices", "logit_bias"}
    _, lossy = write(shape=Shape(model="m"), messages=[{"role": "user", "content": "x"}], reasoning_effort="low")
    assert lossy == ("thinking",)


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_each_recorded_request_there_and_back_is_the_same_where_nothing_was_lost(name):
    dialect = CHAT if name == "openai" else DialectName.ANTHROPIC_MESSAGES
    back_side = registry.OPENAI_CHAT if name == "openai" else registry.ANTHROPIC_MESSAGES
    same = 0
    for row in need(f"provider-recordings/{name}.jsonl"):
        body = (row["request"] or {}).get("body")
        if row["operation"] not in ("chat", "chat_stream") or not isinstance(body, dict) or "model" not in body:
            continue
        if row["response"]["status"] != 200:
            continue
        asked = asked_in(dialect, body)
        there, lost = translation.write_request(asked, registry.OPENAI_RESPONSES, SHAPE)
        middle = asked_in(HOME, msgspec.json.decode(there))
        back, lost_again = translation.write_request(middle, back_side, SHAPE)
        if lost or lost_again:
            continue
        first = registry.CALLERS[dialect].read_request(asked)
        again = registry.CALLERS[dialect].read_request(asked_in(dialect, msgspec.json.decode(back)))
        assert said(again) == said(first), row["id"]
        same += 1
    assert same > 30
