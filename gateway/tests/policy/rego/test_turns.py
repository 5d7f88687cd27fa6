import pytest

from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.findings import Leaf, Place, Texts
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.rego.turns import call_turn, flat, read_turns, text_of
from tests.policy.rego.documents import SETTING, asked_of, facts_of, said


def turns_of(body, dialect=DialectName.OPENAI_CHAT):
    return read_turns(facts_of(body, dialect), body)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a", "a"),
        (None, ""),
        ([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "u"}}, "b"], "a\nb"),
        ([{"type": "refusal", "refusal": "no"}], "no"),
        ({"text": "a"}, "a"),
        (7, ""),
    ],
)
def test_content_is_one_text(content, text):
    assert text_of(content) == text


def test_a_rule_over_content_cannot_be_passed_by_saying_it_in_parts():
    parts = said([{"type": "text", "text": "drop"}, {"type": "text", "text": "it"}])
    assert turns_of(parts).messages == [{"role": "user", "content": "drop\nit"}]


def test_openais_older_ways_look_like_the_new_ones():
    body = said("x", functions=[{"name": "old"}])
    body["messages"] += [
        {"role": "assistant", "content": None, "function_call": {"name": "old", "arguments": "{}"}},
        {"role": "function", "name": "old", "content": "r"},
    ]
    found = turns_of(body)
    assert found.tools == [{"type": "function", "function": {"name": "old"}}]
    assert found.messages[1]["tool_calls"] == [call_turn("", "old", "{}")]
    assert found.messages[2] == {"role": "tool", "name": "old", "content": "r"}


def test_tools_of_every_kind_have_a_name():
    custom = {"type": "custom", "custom": {"name": "shell"}}
    found = turns_of(said("x", tools=[custom, {"type": "web_search"}]))
    assert [tool["function"]["name"] for tool in found.tools] == ["shell", "web_search"]


ANTHROPIC = {
    "model": "claude",
    "max_tokens": 5,
    "system": "be kind",
    "tools": [{"name": "look", "description": "d", "input_schema": {"type": "object"}}],
    "messages": [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "look", "input": {"q": 1}}]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "found"},
                {"type": "text", "text": "go on"},
            ],
        },
    ],
}
GEMINI = {
    "systemInstruction": {"parts": [{"text": "be kind"}]},
    "tools": [{"functionDeclarations": [{"name": "look", "description": "d", "parameters": {"type": "OBJECT"}}]}],
    "contents": [
        {"role": "user", "parts": [{"text": "hello"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {"q": 1}}}]},
        {
            "role": "user",
            "parts": [{"functionResponse": {"name": "look", "response": {"result": "found"}}}, {"text": "go on"}],
        },
    ],
}


@pytest.mark.parametrize(
    ("body", "dialect"),
    [(ANTHROPIC, DialectName.ANTHROPIC_MESSAGES), (GEMINI, DialectName.GEMINI_GENERATE)],
    ids=["anthropic", "gemini"],
)
def test_the_same_shape_whatever_the_surface(body, dialect):
    found = turns_of(body, dialect)
    assert [(turn["role"]) for turn in found.messages] == ["system", "user", "assistant", "tool", "user"]
    assert [turn["content"] for turn in found.messages if turn["role"] in ("system", "user")] == [
        "be kind",
        "hello",
        "go on",
    ]
    (call,) = found.messages[2]["tool_calls"]
    assert call["function"]["name"] == "look"
    assert '"q"' in call["arguments"]
    assert "found" in found.messages[3]["content"]
    assert found.messages[3]["tool_call_id"] == call["id"]
    assert found.tools[0]["function"]["name"] == "look"
    assert found.tools[0]["type"] == "function"


def test_a_request_that_its_own_format_does_not_allow_is_refused():
    broken = {**ANTHROPIC, "messages": [{"role": "user", "content": 7}]}
    with pytest.raises(CallerError, match="not valid"):
        turns_of(broken, DialectName.ANTHROPIC_MESSAGES)


def test_texts_of_what_is_no_chat_are_messages_too():
    asked = asked_of(said("x"))
    asked.operation = Operation.EMBED
    texts = Texts((Leaf(("input",), Place.USER, "embed me"), Leaf(("user",), Place.OTHER, "ann")))
    found = read_turns(Facts(Phase.REQUEST, SETTING, asked, lambda: texts), {})
    assert found.messages == [{"role": "user", "content": "embed me"}]


def test_flat():
    assert flat({"a": {"b": [1, {"c": None}]}, "d": [], "e": "x"}) == {
        "a.b.0": 1,
        "a.b.1.c": None,
        "d": [],
        "e": "x",
    }
    assert flat({}) == {}
