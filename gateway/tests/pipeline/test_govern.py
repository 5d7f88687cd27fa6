"""Policies in Rego on the way of a call, from the request to the record."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from gatepost_gateway.domain.errors import Code, GatewayFault, Refused
from gatepost_gateway.domain.governance import Effect, Mode, Phase
from gatepost_gateway.domain.records import Outcome
from gatepost_gateway.domain.rego import PolicyFailed, RegoEntry
from gatepost_gateway.policy.rego.program import compile_program

from .fakes import Answer, House, ScriptedTransport, chat, completion, entry, run, snapshot_of


def rego(body: str, phase: Phase = Phase.REQUEST, **more: Any) -> RegoEntry:
    source = f"package gatepost.policy\n{body}\n"
    program = compile_program(source)
    name = f"projects/p/{phase.value}_policy"
    return RegoEntry(name, phase, source, program.packages, tuple(sorted(program.reads)), **more)


def house_of(*policies: RegoEntry, models: Any = None, answers: Any = (), **more: Any) -> House:
    snapshot = snapshot_of(*(models or [entry("gpt")]), rego=policies, **more)
    return House(snapshot, ScriptedTransport(*(answers or [Answer(200, [completion("hello")])])))


NO_DROP = rego('deny contains sprintf("tool %s", [t]) if { some t in input.tool_names; t == "drop" }')
TOOLS = [{"type": "function", "function": {"name": "DROP", "parameters": {}}}]


def test_a_blocked_request_is_never_sent():
    house = house_of(NO_DROP)
    with pytest.raises(Refused) as caught:
        run(house.call(chat("hi", model="gpt", tools=TOOLS)))
    assert (caught.value.rule, caught.value.code) == ("projects/p/request_policy", Code.INPUT_BLOCKED)
    assert str(caught.value) == "tool drop"
    assert not house.transport.asked
    assert not house.recorder.opened
    assert house.record.outcome is Outcome.BLOCKED
    (decision,) = house.record.decisions
    assert (decision.rule, decision.kind, decision.effect) == ("projects/p/request_policy", "rego", Effect.BLOCK)


def test_what_is_allowed_goes_on_as_it_came_and_is_recorded():
    house = house_of(NO_DROP)
    body = b'{"model": "gpt",  "messages":[{"role":"user","content":"hi"}]}'
    run(house.call(body))
    assert house.transport.asked[0].body == body
    assert [one.effect for one in house.record.decisions] == [Effect.ALLOW]


def test_fields_are_redacted_before_anything_is_sent():
    house = house_of(rego('redact_fields contains "email"'))
    run(house.call(chat("write to ann@example.com", model="gpt")))
    sent = json.loads(house.transport.asked[0].body)
    assert sent["messages"][0]["content"] == "write to [EMAIL]"
    (decision,) = house.record.decisions
    assert (decision.effect, decision.found) == (Effect.REDACT, 1)
    assert "ann" not in str(house.record)


def test_a_policy_that_only_observes_stops_nothing_and_is_recorded():
    house = house_of(replace(NO_DROP, mode=Mode.OBSERVE))
    run(house.call(chat("hi", model="gpt", tools=TOOLS)))
    (decision,) = house.record.decisions
    assert (decision.mode, decision.effect) == (Mode.OBSERVE, Effect.BLOCK)
    assert house.record.outcome is Outcome.ANSWERED


CONFLICTING = 'decision := {"action": "allow"} if input.model\ndecision := {"action": "block"} if input.model'


def test_a_policy_that_contradicts_itself_fails_closed():
    house = house_of(rego(CONFLICTING))
    with pytest.raises(GatewayFault) as caught:
        run(house.call(chat("hi", model="gpt")))
    assert (caught.value.code, caught.value.status) == (Code.POLICY_UNAVAILABLE, 503)
    assert not house.transport.asked
    (decision,) = house.record.decisions
    assert decision.effect is None
    assert "multiple outputs" in (decision.not_run or "")
    assert house.record.error == "policy_unavailable"


FIRST_ONLY = rego('deny contains "elsewhere" if input.provider_host != "one.test"')
ONE = entry("gpt", base_url="https://one.test/v1")
TWO = entry("two", base_url="https://two.test/v1")


def test_a_policy_on_the_route_is_asked_for_every_target_and_leaves_out_what_it_refuses():
    house = house_of(FIRST_ONLY, models=[ONE, TWO], fallbacks={"gpt": ("two",)}, answers=[Answer(500, [b"{}"])] * 4)
    with pytest.raises(Exception, match=r".+"):
        run(house.call(chat("hi", model="gpt")))
    assert {asked.origin.host for asked in house.transport.asked} == {"one.test"}
    assert [one.effect for one in house.record.decisions] == [Effect.ALLOW, Effect.BLOCK]


def test_a_call_all_of_whose_targets_are_refused_is_refused():
    house = house_of(FIRST_ONLY, models=[TWO, ONE])
    with pytest.raises(Refused, match="elsewhere"):
        run(house.call(chat("hi", model="two")))


def test_targets_that_want_other_things_redacted_get_neither():
    policy = rego(
        'redact_fields contains "email" if not input.route_is_fallback\n'
        'redact_fields contains "ip" if input.route_is_fallback'
    )
    house = house_of(policy, models=[ONE, TWO], fallbacks={"gpt": ("two",)})
    run(house.call(chat("ann@example.com at 203.0.113.9", model="gpt")))
    assert json.loads(house.transport.asked[0].body)["messages"][0]["content"] == "[EMAIL] at [IP]"


def test_a_slow_policy_is_asked_elsewhere():
    house = house_of(replace(NO_DROP, seconds=0.2))
    house.elsewhere.answers = [b'{"gatepost/policy/deny":["no"]}', PolicyFailed("too late")]
    with pytest.raises(Refused, match="no"):
        run(house.call(chat("hi", model="gpt", tools=TOOLS)))
    assert house.elsewhere.asked == [{"tool_names": ["drop"]}]
    with pytest.raises(GatewayFault, match="gave no answer"):
        run(house.call(chat("hi", model="gpt")))


RESPONSE = rego('deny contains "secret" if contains(input.output.content, "hello")', Phase.RESPONSE)


def test_an_answer_is_judged_whole():
    house = house_of(RESPONSE)
    with pytest.raises(Refused) as caught:
        run(house.call(chat("hi", model="gpt")))
    assert caught.value.code is Code.OUTPUT_BLOCKED
    assert house.record.outcome is Outcome.BLOCKED
    assert house.record.usage.output > 0


def test_an_answer_is_redacted():
    house = house_of(
        rego('redact_fields contains "email" if input.stage == "response"', Phase.RESPONSE),
        answers=[Answer(200, [completion("ask ann@example.com")])],
    )
    outlet = run(house.call(chat("hi", model="gpt")))
    assert json.loads(outlet.body)["choices"][0]["message"]["content"] == "ask [EMAIL]"


def test_an_answer_that_no_policy_judged_is_held_back_or_let_through_as_configured():
    broken = rego(CONFLICTING, Phase.RESPONSE)
    with pytest.raises(GatewayFault) as caught:
        run(house_of(broken).call(chat("hi", model="gpt")))
    assert caught.value.code is Code.POLICY_UNAVAILABLE
    house = house_of(replace(broken, fails_open=True))
    run(house.call(chat("hi", model="gpt")))
    (decision,) = house.record.decisions
    assert decision.effect is None
    assert "gave no answer" in (decision.not_run or "")


def test_a_slow_policy_on_answers_is_asked_elsewhere_with_the_target_that_answered():
    policy = rego('deny contains "x" if { input.route_attempt == 2; input.output.content == "hello" }', Phase.RESPONSE)
    house = house_of(
        replace(policy, seconds=0.2),
        models=[ONE, TWO],
        fallbacks={"gpt": ("two",)},
        answers=[Answer(500, [b"{}"]), Answer(500, [b"{}"]), Answer(200, [completion("hello")])],
    )
    house.elsewhere.answers = [b"{}"]
    run(house.call(chat("hi", model="gpt")))
    (asked,) = house.elsewhere.asked
    assert asked["output"]["content"] == "hello"
    assert asked["route_attempt"] == 2


def test_a_streamed_answer_is_held_until_it_is_judged():
    from .fakes import events

    house = house_of(RESPONSE, answers=[Answer(200, events("he", "llo"))])
    with pytest.raises(Refused) as caught:
        run(house.call(chat("hi", model="gpt", stream=True)))
    assert caught.value.code is Code.OUTPUT_BLOCKED
    passing = house_of(RESPONSE, answers=[Answer(200, events("good", "bye"))])
    outlet = run(passing.call(chat("hi", model="gpt", stream=True)))
    assert b"good" in outlet.body
    assert [one.effect for one in passing.record.decisions] == [Effect.ALLOW]


@pytest.mark.parametrize("how", [{"isolated": True}, {"seconds": 0.2}])
def test_the_end_of_a_streamed_answer_waits_for_a_slow_policy(how):
    from .fakes import events

    slow = replace(RESPONSE, **how)
    house = house_of(slow, answers=[Answer(200, events("good", "bye"))])
    house.elsewhere.answers = [b"{}"]
    outlet = run(house.call(chat("hi", model="gpt", stream=True)))
    assert b"good" in outlet.body
    assert b"[DONE]" in outlet.body
    assert [one["output"]["content"] for one in house.elsewhere.asked] == ["goodbye"]
    assert [one.effect for one in house.record.decisions] == [Effect.ALLOW]
    blocked = house_of(slow, answers=[Answer(200, events("good", "bye"))])
    blocked.elsewhere.answers = [b'{"gatepost/policy/deny":["no"]}']
    with pytest.raises(Refused, match="no") as caught:
        run(blocked.call(chat("hi", model="gpt", stream=True)))
    assert caught.value.code is Code.OUTPUT_BLOCKED
    silent = house_of(slow, answers=[Answer(200, events("good", "bye"))])
    silent.elsewhere.answers = [PolicyFailed("too late")]
    with pytest.raises(GatewayFault) as failed:
        run(silent.call(chat("hi", model="gpt", stream=True)))
    assert failed.value.code is Code.POLICY_UNAVAILABLE


def test_an_observing_slow_policy_lets_a_stream_go_out_and_speaks_at_its_end():
    from .fakes import events

    house = house_of(replace(RESPONSE, isolated=True, mode=Mode.OBSERVE), answers=[Answer(200, events("he", "llo"))])
    house.elsewhere.answers = [b'{"gatepost/policy/deny":["no"]}']
    outlet = run(house.call(chat("hi", model="gpt", stream=True)))
    assert b"[DONE]" in outlet.body
    assert [(one.effect, one.mode) for one in house.record.decisions] == [(Effect.BLOCK, Mode.OBSERVE)]
