import pytest

from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.policy.rego.document import MASKED, MEMBERS, Document, Route
from tests.policy.rego.documents import ENTRY, SETTING, answered, facts_of, said

ALL = Document(frozenset({()}))
TOOL = {"type": "function", "function": {"name": "Drop_Table", "description": "d", "parameters": {"type": "object"}}}


def test_every_member_of_a_plain_request():
    body = said("hello", tools=[TOOL], stream=True, max_tokens=9)
    body["messages"].insert(0, {"role": "developer", "content": [{"type": "text", "text": "be kind"}]})
    found = ALL.build(facts_of(body), Route(ENTRY))
    assert found["agent_id"] == "bot"
    assert found["org_id"] == "acme"
    assert found["project_id"] == "p"
    assert found["key_id"] == "key1"
    assert found["user"] == "ann"
    assert found["request_type"] == "chat_completions"
    assert (found["provider"], found["model"], found["stream"]) == ("openai", "gpt", True)
    assert found["messages"] == [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hello"}]
    assert found["system_prompt"] == "be kind"
    assert found["tools"] == [TOOL]
    assert found["tool_names"] == ["drop_table"]
    assert found["request"] == body
    assert found["request_flat"]["messages.1.content"] == "hello"
    assert found["request_max_tokens"] == 9
    assert found["metadata"] == {"intent": "refund"}
    assert found["properties"] == {"team": "red"}
    assert (found["session_id"], found["session_turn"], found["session_path"]) == ("s1", 3, "/a/b")


def test_what_is_not_known_is_left_out():
    found = ALL.build(facts_of(said("x")))
    for name in ("stage", "output", "usage", "provider", "route_attempt", "intent_action", "request_max_tokens"):
        assert name not in found


def test_secrets_in_headers_are_masked():
    headers = ALL.build(facts_of(said("x")))["http_headers"]
    assert headers == {"authorization": MASKED, "x-env": "prod", "x-goog-api-key": MASKED, "user-agent": "t"}


def test_route_members():
    azure = ModelEntry("a", "gpt-4o-2024-08-06", ProviderKind.AZURE, "https://x.openai.azure.com/openai")
    found = ALL.build(facts_of(said("x")), Route(azure, attempt=2))
    assert found["provider"] == "azure"
    assert found["provider_adapter"] == "openai"
    assert found["provider_host"] == "x.openai.azure.com"
    assert found["model_family"] == "gpt-4o"
    assert (found["route_attempt"], found["route_is_fallback"]) == (2, True)
    assert ALL.build(facts_of(said("x")), Route(ENTRY))["route_is_fallback"] is False


def test_the_answer():
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":"b"}'}}
    body = {"choices": [{"message": {"role": "assistant", "content": "hi", "tool_calls": [call]}}]}
    found = ALL.build(answered(facts_of(said("x")), body, Usage(input=3, cache_read=2, output=5, reasoning=1)))
    assert found["stage"] == "response"
    assert found["output"]["content"] == "hi"
    (shown,) = found["output"]["tool_calls"]
    assert shown["function"] == {"name": "f", "arguments": '{"a":"b"}'}
    assert (shown["name"], shown["arguments"]) == ("f", '{"a":"b"}')
    assert found["usage"] == {"input_tokens": 5, "output_tokens": 5, "total_tokens": 10}


def test_tool_results_carry_the_name_of_their_call():
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    body = said("x")
    body["messages"] += [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
    ]
    found = ALL.build(facts_of(body))
    assert found["tool_results"] == [{"tool_call_id": "c1", "name": "look", "content": "found"}]


def test_only_what_is_read_is_made():
    document = Document(frozenset({("model",), ("messages", "x"), ("no_such",)}))
    assert document.build(facts_of(said("x"))).keys() == {"model", "messages"}
    assert not document.per_target
    assert not document.reads_answer
    assert Document(frozenset({("provider_host",)})).per_target
    assert Document(frozenset({("output", "content")})).reads_answer
    assert ALL.names == MEMBERS.keys()


def test_a_model_alone_needs_no_reading_of_the_body():
    facts = facts_of(said("x"))
    assert Document(frozenset({("model",)})).build(facts) == {"model": "gpt"}
    assert "request" not in facts.__dict__


def test_a_body_that_two_readers_read_differently_is_refused():
    body = b'{"model":"gpt","messages":[{"role":"user","content":"bad","content":"good"}]}'
    with pytest.raises(CallerError, match="there twice"):
        Document(frozenset({("messages",)})).build(facts_of(body))


@pytest.mark.parametrize("name", ["messages", "system_prompt", "tool_results"])
def test_words_that_cannot_be_read_are_no_empty_messages(name):
    facts = facts_of(said("x", prompt_token_ids=[5, 6]))
    with pytest.raises(CallerError, match="`prompt_token_ids` holds tokens as numbers"):
        Document(frozenset({(name,)})).build(facts)
    assert Document(frozenset({("tool_names",)})).build(facts) == {"tool_names": []}


def test_geminis_model_stands_in_the_request_too():
    body = {"contents": [{"role": "user", "parts": [{"text": "x"}]}]}
    found = ALL.build(facts_of(body, DialectName.GEMINI_GENERATE))
    assert found["request"]["model"] == found["model"] == "gemini-x"


def test_the_setting_of_a_call_without_a_proxy():
    import msgspec

    plain = msgspec.structs.replace(SETTING, principal=msgspec.structs.replace(SETTING.principal, proxy=None))
    assert "agent_id" not in ALL.build(facts_of(said("x"), setting=plain))
