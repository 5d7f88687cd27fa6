"""What is written back changes its own path and nothing else."""

import base64
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects import openai_chat
from gatepost_gateway.dialects.leaves import open_answer, open_request
from gatepost_gateway.dialects.rewriting import rewrite, rewrite_answer, rewrite_request
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.findings import BASE64_INSIDE, JSON_INSIDE, KEY


def test_only_the_touched_member_changes() -> None:
    body = (
        b'{"model":"m", "big": 123456789012345678901234567890,"f":1.10e5 ,'
        b'"messages":[{"content":"old","role":"user","x":  [1.0]},{"role":"user", "content":"stays \\u00e9"}]}'
    )
    assert rewrite(body, {("messages", 0, "content"): "new"}) == (
        b'{"model":"m","big":123456789012345678901234567890,"f":1.10e5,'
        b'"messages":[{"content":"new","role":"user","x":[1.0]},{"role":"user", "content":"stays \\u00e9"}]}'
    )


def test_a_request_keeps_its_envelope() -> None:
    asked = openai_chat.read_asked(b'{"model":"m","max_tokens":7,"prediction":"x","messages":[{"content":"old"}]}')
    changed = rewrite_request(asked, {("messages", 0, "content"): "new", ("prediction",): "longer"})
    assert changed.body == b'{"model":"m","max_tokens":7,"prediction":"longer","messages":[{"content":"new"}]}'
    assert (changed.max_output, changed.model, changed.predicted) == (7, "m", len('"longer"'))
    assert bytes(changed.fields["messages"]) == b'[{"content":"new"}]'
    assert rewrite_request(asked, {}) is asked


def test_json_in_a_string_stays_json() -> None:
    body = json.dumps({"function": {"arguments": '{"to": "eve", "n": 1.50}'}}).encode()
    changed = rewrite(body, {("function", "arguments", JSON_INSIDE, "to"): 'a "b"'})
    assert json.loads(changed)["function"]["arguments"] == '{"to":"a \\"b\\"","n":1.50}'


def test_a_number_becomes_a_text() -> None:
    assert rewrite(b'{"a":[1,4111111111111111]}', {("a", 1): "[CARD]"}) == b'{"a":[1,"[CARD]"]}'


def test_a_name_is_replaced_and_never_takes_anothers_place() -> None:
    changes: dict[tuple[str | int, ...], str] = {("a b", KEY): "[X]", ("c d", KEY): "[X]", ("c d",): "new"}
    assert json.loads(rewrite(b'{"a b":1,"c d":"old"}', changes)) == {"[X]": 1, "[X]_2": "new"}


def test_a_document_in_base64() -> None:
    data = base64.b64encode(b"old").decode()
    for head in ("", "data:text/plain;base64,"):
        body = json.dumps({"data": head + data}).encode()
        written = json.loads(rewrite(body, {("data", BASE64_INSIDE): "neü"}))["data"]
        assert written.startswith(head)
        assert base64.b64decode(written.removeprefix(head)).decode() == "neü"


def test_tokens_that_repeat_a_changed_text_go_with_it() -> None:
    body = {
        "choices": [
            {"message": {"content": "old"}, "logprobs": {"content": [{"token": "old"}]}},
            {"message": {"content": "other"}, "logprobs": {"content": [{"token": "other"}]}},
        ]
    }
    changed = json.loads(rewrite_answer(json.dumps(body).encode(), {("choices", 0, "message", "content"): "new"}))
    assert changed["choices"][0] == {"message": {"content": "new"}, "logprobs": None}
    assert changed["choices"][1] == body["choices"][1]
    spoken = b'{"audio":{"id":"a","data":"UklGRg==","transcript":"old"}}'
    assert rewrite_answer(spoken, {("audio", "transcript"): "new"}) == (
        b'{"audio":{"id":"a","data":null,"transcript":"new"}}'
    )
    part = b'{"text":"old","logprobs":[{"token":"old"}]}'
    assert rewrite_answer(part, {("text",): "new"}) == b'{"text":"new","logprobs":[]}'
    assert rewrite_answer(part, {}) is part


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(_json, st.text())
def test_every_leaf_can_be_written_back(value: Any, new: str) -> None:
    """Each leaf, changed to itself, leaves the same meaning; changed to another text, it is that text on reading."""
    body = json.dumps({"metadata": {"top": value}, "messages": [{"content": value}]}).encode()
    asked = Asked(Operation.CHAT, DialectName.OPENAI_CHAT, "m", stream=False, body=body, fields={})
    leaves = [leaf for leaf in open_request(asked).leaves if leaf.path[-1] != KEY]
    strings = {leaf.path: leaf.text for leaf in leaves if isinstance(_at(json.loads(body), leaf.path), str)}
    assert json.loads(rewrite(body, strings)) == json.loads(body)
    for leaf in leaves:
        assert _at(json.loads(rewrite(body, {leaf.path: new})), leaf.path) == new
    assert open_answer(body) is not None


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value
