import hashlib

import msgspec
import pytest

from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.records import Kept
from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind, ProviderKind
from gatepost_gateway.pipeline import responses
from gatepost_gateway.pipeline.responses import KIND, LIFE, Responses

from .fakes import (
    Answer,
    House,
    Outlet,
    PlainVault,
    ScriptedTransport,
    completion,
    daily,
    entry,
    events,
    run,
    snapshot_of,
)

KEY2 = "gp_k2_secretsecretsecret"
CLAUDE = entry("claude", provider=ProviderKind.ANTHROPIC, base_url="http://claude.test", max_output=100)
CHATS = entry("chats", additional_config={"responses": False})
NATIVE = entry("m")


def claude(text, **more):
    said = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn"}
    usage = {"input_tokens": 3, "output_tokens": 2}
    return Answer(
        200, [msgspec.json.encode({**said, "content": [{"type": "text", "text": text}], "usage": usage, **more})]
    )


def native(id="resp_native", total=5):
    usage = {"input_tokens": total - 2, "output_tokens": 2}
    return Answer(200, [msgspec.json.encode({"id": id, "status": "completed", "output": [], "usage": usage})])


def house(*answers, models=(CLAUDE, CHATS, NATIVE), **more):
    second = KeyEntry("k2", KeyKind.RUNTIME, "other", hashlib.sha256(KEY2.encode()).digest(), "org", "p")
    return House(snapshot_of(*models, keys=(second,), **more), ScriptedTransport(*answers))


async def ask(held, key=None, **body):
    outlet = Outlet(held.recorder)
    more = {"key": key} if key else {}
    call = held.exchange.open(
        held.inbound({"input": "Hi", "model": "claude", **body}, dialect=DialectName.OPENAI_RESPONSES, **more)
    )
    await held.exchange.run(call, outlet)
    return call, outlet


def sent(held, number=-1):
    return msgspec.json.decode(held.transport.asked[number].body)


def whole(outlet):
    return msgspec.json.decode(outlet.body)


def test_a_translated_conversation_is_replayed_in_front_of_the_next_input():
    held = house(claude("Hello."), claude("Well."), claude("Bye."))

    async def story():
        _, first = await ask(held, instructions="Be kind.")
        id = whole(first)["id"]
        _, second = await ask(held, input=[{"role": "user", "content": "How?"}], previous_response_id=id)
        assert whole(second)["previous_response_id"] == id
        assert whole(second)["store"] is True
        await ask(held, input="Bye", previous_response_id=whole(second)["id"])

    run(story)
    assert [(one["role"], one["content"][0]["text"]) for one in sent(held)["messages"]] == [
        ("user", "Hi"), ("assistant", "Hello."), ("user", "How?"), ("assistant", "Well."), ("user", "Bye"),
    ]  # fmt: skip
    assert "system" not in sent(held, 1)  # instructions are of one answer only, as OpenAI has it
    assert held.record.lossy == ()


def test_a_tool_loop_goes_on_from_the_calls_and_their_seals():
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "s1"},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
    ]
    held = house(claude("", content=blocks, stop_reason="tool_use"), claude("Sun."))
    tools = [{"type": "function", "name": name, "parameters": {"type": "object"}} for name in "fg"]

    async def story():
        _, first = await ask(held, tools=tools)
        calls = [item for item in whole(first)["output"] if item["type"] == "function_call"]
        results = [{"type": "function_call_output", "call_id": one["call_id"], "output": "x"} for one in calls]
        await ask(held, tools=tools, input=results, previous_response_id=whole(first)["id"])

    run(story)
    _, said, results = sent(held)["messages"]
    assert said["content"] == blocks
    assert [one["tool_use_id"] for one in results["content"]] == ["t1", "t2"]


def test_thoughts_of_another_family_stay_out_when_a_conversation_moves_on():
    blocks = [{"type": "thinking", "thinking": "hm", "signature": "s1"}, {"type": "text", "text": "Hello."}]
    held = house(claude("", content=blocks), native())

    async def story():
        _, first = await ask(held)
        assert [item["type"] for item in whole(first)["output"]] == ["reasoning", "message"]
        await ask(held, model="m", input="On", previous_response_id=whole(first)["id"])

    run(story)
    words = [
        one["content"] if isinstance(one["content"], str) else one["content"][0]["text"] for one in sent(held)["input"]
    ]
    assert words == ["Hi", "Hello.", "On"]
    assert "previous_response_id" not in sent(held)


def test_a_streamed_answer_can_be_gone_on_from_too():
    held = house(Answer(200, events("Hel", "lo")), Answer(200, [completion()]))

    async def story():
        call, outlet = await ask(held, model="chats", stream=True)
        assert call.response_id is not None
        assert f'"id":"{call.response_id}"'.encode() in outlet.body
        await ask(held, model="chats", input="On", previous_response_id=call.response_id)

    run(story)
    assert [one["content"] for one in sent(held)["messages"]] == ["Hi", "Hello", "On"]


def test_a_providers_own_answer_pins_the_target_and_passes_unchanged():
    twin = entry("twin", base_url="http://other.test/v1", identifier="m")
    held = house(native(), native("resp_2"), native("resp_3"), models=(NATIVE, twin, entry("m2"), CLAUDE))

    async def story():
        await ask(held, model="twin")
        await ask(held, model="twin", previous_response_id="resp_native", input="On")
        assert sent(held) == {"input": "On", "model": "m", "previous_response_id": "resp_native"}
        assert held.transport.asked[-1].origin.host == "other.test"
        with pytest.raises(CallerError, match="elsewhere") as caught:
            await ask(held, model="claude", previous_response_id="resp_2")
        assert (caught.value.code, caught.value.status) == (Code.NOT_TRANSLATABLE, 422)

    run(story)
    assert len(held.transport.asked) == 2


def test_another_model_of_the_same_server_may_go_on():
    held = house(native(), native("resp_2"), models=(NATIVE, entry("m2")))

    async def story():
        await ask(held, model="m")
        await ask(held, model="m2", previous_response_id="resp_native")

    run(story)
    assert sent(held)["model"] == "m2"


def test_a_fallback_that_knows_nothing_of_the_conversation_is_not_asked():
    held = house(native(), *[Answer(500, [b"{}"]) for _ in range(2)], fallbacks={"m": ("claude",)})

    async def story():
        await ask(held, model="m")
        with pytest.raises(Exception, match="500"):
            await ask(held, model="m", previous_response_id="resp_native")

    run(story)
    assert {request.origin.host for request in held.transport.asked} == {"provider.test"}


def test_what_the_provider_remembers_is_held_for():
    held = house(native(total=1005), native(), budgets=(daily(10**12),))

    async def story():
        await ask(held, model="m")
        first = held.record.held
        await ask(held, model="m", previous_response_id="resp_native")
        return first, held.record.held

    first, second = run(story)
    assert second - first >= 1005 * 1000


@pytest.mark.parametrize("case", ["unheard-of", "another key's", "not stored", "over"])
def test_what_is_not_there_is_not_found(case, monkeypatch):
    held = house(claude("Hello."), claude("no"))

    async def story():
        if case == "over":
            monkeypatch.setattr(responses, "LIFE", -1)
        _, first = await ask(held, store=case != "not stored")
        id = "resp_x" if case == "unheard-of" else whole(first)["id"]
        with pytest.raises(CallerError) as caught:
            await ask(held, key=KEY2 if case == "another key's" else None, previous_response_id=id)
        error = caught.value
        assert (error.code, error.status) == (Code.PREVIOUS_RESPONSE_NOT_FOUND, 404)
        assert error.param == "previous_response_id"

    run(story)
    assert len(held.transport.asked) == 1
    assert [one for one in held.recorder.entries if isinstance(one, Kept)] == [] or case != "not stored"


def test_it_is_read_where_records_are_when_this_process_does_not_hold_it():
    held = house(claude("Hello."), claude("On."))

    async def story():
        _, first = await ask(held)
        stages = held.exchange._stages
        fresh = Responses(held.recorder, held.archive, PlainVault())
        held.exchange._stages = msgspec.structs.replace(stages, responses=fresh)
        await ask(held, previous_response_id=whole(first)["id"])

    run(story)
    assert len(sent(held)["messages"]) == 3
    kept = [one for one in held.recorder.entries if isinstance(one, Kept)]
    assert {one.kind for one in kept} == {KIND}
    assert all(one.expires_at - held.recorder.closed[0].at >= LIFE for one in kept)
    assert all("resp_" not in one.id for one in kept)


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(responses, "MOST_BYTES", 2000)
    held = house(*[claude("Hello." * 50) for _ in range(5)])

    async def story():
        for _ in range(5):
            await ask(held)

    run(story)
    kept = held.exchange._stages.responses
    assert kept._bytes == sum(len(one.box) for one in kept._held.values()) <= 2000
    assert 1 <= len(kept._held) < 5


def test_a_conversation_that_is_too_long_says_that_it_is_not_stored(monkeypatch):
    monkeypatch.setattr(responses, "MOST_KEPT", 200)
    monkeypatch.setattr("gatepost_gateway.dialects.openai_responses_reply.MOST_KEPT", 200)
    held = house(claude("Hello."))
    _, outlet = run(ask(held, input="x" * 300))
    assert whole(outlet)["store"] is False
    assert not [one for one in held.recorder.entries if isinstance(one, Kept)]


def test_a_chat_leaves_nothing():
    held = house(Answer(200, [completion()]))
    run(held.call({"model": "m", "messages": [], "input": "x"}))
    assert not [one for one in held.recorder.entries if isinstance(one, Kept)]
