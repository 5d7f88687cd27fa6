"""Placeholders on the way of a call: the provider, rules, records and the cache see them, the caller does not."""

import json

import msgspec
import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import Code, UpstreamError
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.domain.records import Kept, Stored
from gatepost_gateway.domain.snapshot import CacheRules, ProviderKind
from gatepost_gateway.pipeline import flow

from .fakes import Answer, House, Outlet, ScriptedTransport, chat, completion, entry, events, run, snapshot_of

MAIL, TERM = "bob@example.org", 'Pro"ject\\Titan'
SCRUB = RuleSpec(name="scrub", kind="redactor", settings={"action": "placeholder"})
TERMS = RuleSpec(name="terms", kind="keyword", settings={"terms": [TERM], "action": "placeholder"})
CLAUDE = entry("claude", provider=ProviderKind.ANTHROPIC, base_url="http://claude.test")


def house(*answers, rules=(SCRUB, TERMS), **more):
    pieces = [one if isinstance(one, list) else [one] for one in answers]
    transport = ScriptedTransport(*(Answer(200, one) for one in pieces))
    return House(snapshot_of(entry(), CLAUDE, rules=rules, **more), transport)


def sent(held, number=-1):
    return json.loads(held.transport.asked[number].body)


def said(outlet):
    return json.loads(outlet.body)["choices"][0]["message"]["content"]


def streamed(body):
    lines = [line[6:] for line in body.decode().splitlines() if line.startswith("data: {")]
    return "".join(one["delta"].get("content") or "" for line in lines for one in json.loads(line)["choices"])


def kept(held):
    """All that was handed to the journal."""
    return b"".join(map(msgspec.json.encode, held.recorder.entries))


def calls(arguments, content=None):
    function = {"name": "send", "arguments": arguments}
    message = {"role": "assistant", "content": content}
    message["tool_calls"] = [{"id": "c1", "type": "function", "function": function}]
    return completion(choices=[{"index": 0, "message": message, "finish_reason": "tool_calls"}])


def test_the_provider_gets_placeholders_and_the_caller_what_they_stand_for():
    held = house(completion("Dear [EMAIL_1], of [TERM_1]; not [EMAIL_2]."))
    outlet = run(held.call(chat(f"Write to {MAIL} and {MAIL} of {TERM}")))
    assert sent(held)["messages"][0]["content"] == "Write to [EMAIL_1] and [EMAIL_1] of [TERM_1]"
    assert said(outlet) == f"Dear {MAIL}, of {TERM}; not [EMAIL_2]."
    assert MAIL.encode() not in kept(held)
    assert b"Titan" not in kept(held)


def test_arguments_of_a_tool_call_stay_json():
    held = house(calls('{"to":"[EMAIL_1]","about":"[TERM_1]"}'))
    outlet = run(held.call(chat(f"Write to {MAIL} of {TERM}")))
    (call,) = json.loads(outlet.body)["choices"][0]["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"to": MAIL, "about": TERM}


@pytest.mark.parametrize("rules", [(), (RuleSpec(name="say", kind="human-oversight", settings={"models": ["x"]}),)])
def test_a_placeholder_that_is_cut_over_events_comes_back(rules):
    held = house(events("Dear [EM", "AIL_", "1], [EMAIL_", "9] [", usage=False), rules=(SCRUB, *rules))
    outlet = run(held.call(chat(f"Write to {MAIL}", stream=True)))
    assert streamed(outlet.body) == f"Dear {MAIL}, [EMAIL_9] ["
    assert outlet.body.endswith(b"data: [DONE]\n\n")
    assert MAIL.encode() not in kept(held)


def test_an_answer_that_was_held_back_whole_comes_back(monkeypatch):
    monkeypatch.setattr(flow, "ASIDE_BYTES", 100)
    late = RuleSpec(name="late", kind="pattern", phases=(Phase.RESPONSE,), settings={"patterns": ["q.*z"]})
    held = house(events("Dear [EM", "AIL_1]", *["word "] * 30), rules=(SCRUB, late))
    outlet = run(held.call(chat(f"Write to {MAIL}", stream=True)))
    assert streamed(outlet.body) == f"Dear {MAIL}" + "word " * 30


def test_rules_that_judge_the_answer_see_placeholders():
    nobody = RuleSpec(name="nobody", kind="keyword", phases=(Phase.RESPONSE,), settings={"terms": ["bob@"]})
    for answer, body in ((completion("[EMAIL_1]"), {}), (events("[EMAIL_1]"), {"stream": True})):
        held = house(answer, rules=(SCRUB, nobody))
        outlet = run(held.call(chat(MAIL, **body)))
        assert MAIL.encode() in outlet.body
        (decision,) = [one for one in held.record.decisions if one.rule == "nobody"]
        assert decision.found == 0


def test_what_was_said_is_kept_with_placeholders():
    for answer, body in ((completion("To [TERM_1]"), {}), (events("To [TE", "RM_1]"), {"stream": True})):
        held = house(answer, body_bytes=65_536)
        run(held.call(chat(f"of {TERM}", **body)))
        (stored,) = [one for one in held.recorder.entries if isinstance(one, Stored)]
        assert json.loads(stored.request)["messages"][0]["content"] == "of [TERM_1]"
        assert json.loads(stored.answer)["choices"][0]["message"]["content"] == "To [TERM_1]"


def test_a_conversation_is_found_again_by_the_words_that_its_caller_read():
    for answer, body in ((completion("To [EMAIL_1]"), {}), (events("To [EM", "AIL_1]"), {"stream": True})):
        held = house(answer, completion("again [EMAIL_1] [EMAIL_2]"))
        first = run(held.call(chat(f"of {MAIL}", **body)))
        history = [
            {"role": "user", "content": f"of {MAIL}"},
            {"role": "assistant", "content": f"To {MAIL}"},
            {"role": "user", "content": f"eve@example.org, {MAIL}"},
        ]
        second = run(held.call({"model": "m", "messages": history}))
        assert second.headers[b"x-gatepost-session-id"] == first.headers[b"x-gatepost-session-id"]
        told = [one["content"] for one in sent(held)["messages"]]
        assert told == ["of [EMAIL_1]", "To [EMAIL_1]", "[EMAIL_2], [EMAIL_1]"]
        assert said(second) == f"again {MAIL} eve@example.org"


def test_callers_share_an_answer_of_the_cache_and_none_of_their_texts():
    held = house(completion("Dear [EMAIL_1]"), cache=CacheRules(temperature_zero_only=False))
    assert said(run(held.call(chat(f"Write to {MAIL}")))) == f"Dear {MAIL}"
    assert said(run(held.call(chat("Write to eve@example.org")))) == "Dear eve@example.org"
    assert said(run(held.call(chat("Write to [EMAIL_1]")))) == "Dear [EMAIL_1]"
    assert (len(held.transport.asked), held.record.cached) == (1, True)


def test_vectors_pass():
    held = house(b'{"data":[{"index":0,"embedding":[0.5]}],"model":"m","usage":{"prompt_tokens":1,"total_tokens":1}}')
    outlet = Outlet(held.recorder)
    inbound = held.inbound({"model": "m", "input": MAIL}, dialect=DialectName.OPENAI_EMBEDDINGS)
    call = held.exchange.open(msgspec.structs.replace(inbound, operation=Operation.EMBED))
    run(held.exchange.run(call, outlet))
    assert sent(held)["input"] == "[EMAIL_1]"
    assert json.loads(outlet.body)["data"][0]["embedding"] == [0.5]


def test_an_answer_in_which_a_member_stands_twice_is_not_passed_on():
    held = house(completion("hi").replace(b'"content":"hi"', b'"content":"hi","content":"[EMAIL_1]"'))
    with pytest.raises(UpstreamError, match="cannot be undone") as caught:
        run(held.call(chat(MAIL)))
    assert caught.value.code is Code.UPSTREAM_GARBAGE


def test_a_stream_that_goes_on_behind_its_end_is_not_passed_on():
    pieces = events("a", done=False)
    held = house([*pieces, *events("[EMAIL_1]", usage=False)])
    with pytest.raises(UpstreamError):
        run(held.call(chat(MAIL, stream=True)))


async def respond(held, **body):
    outlet = Outlet(held.recorder)
    inbound = held.inbound({"model": "m", **body}, dialect=DialectName.OPENAI_RESPONSES)
    await held.exchange.run(held.exchange.open(inbound), outlet)
    return json.loads(outlet.body)


def response(id, text):
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": [part]}
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    return msgspec.json.encode({"id": id, "status": "completed", "output": [item], "usage": usage})


def words_of(answer):
    return answer["output"][0]["content"][0]["text"]


def test_what_a_provider_remembers_keeps_its_placeholders():
    """The map is sealed with the state of the conversation, so that the next turn means the same by them."""
    held = house(response("r1", "hi"), response("r2", "[EMAIL_1] [EMAIL_2]"), response("r3", "[EMAIL_1]"))

    async def story():
        await respond(held, input=f"of {MAIL}")
        second = await respond(held, input=f"and eve@example.org or {MAIL}", previous_response_id="r1")
        third = await respond(held, input="who?", previous_response_id="r2")
        return second, third

    second, third = run(story)
    assert sent(held, 1)["input"] == "and [EMAIL_2] or [EMAIL_1]"
    assert words_of(second) == f"{MAIL} eve@example.org"
    assert words_of(third) == MAIL
    assert all(
        MAIL.encode() not in msgspec.json.encode(one) for one in held.recorder.entries if not isinstance(one, Kept)
    )


def test_a_conversation_that_the_gateway_remembers_is_kept_as_its_caller_said_it():
    said = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn"}
    usage = {"input_tokens": 3, "output_tokens": 2}

    def claude(text):
        return msgspec.json.encode({**said, "content": [{"type": "text", "text": text}], "usage": usage})

    held = house(claude("To [EMAIL_1]"), claude("[EMAIL_1] [EMAIL_2]"))

    async def story():
        first = await respond(held, input=f"of {MAIL}", model="claude")
        return first, await respond(held, input="eve@example.org", model="claude", previous_response_id=first["id"])

    first, second = run(story)
    told = [str(one["content"]) for one in sent(held)["messages"]]
    assert ("[EMAIL_1]" in told[0], "[EMAIL_1]" in told[1], "[EMAIL_2]" in told[2]) == (True, True, True)
    assert (words_of(first), words_of(second)) == (f"To {MAIL}", f"{MAIL} eve@example.org")
