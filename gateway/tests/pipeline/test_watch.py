import json

import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.errors import Code, NextStep, Refused, UpstreamError
from gatepost_gateway.domain.governance import Effect, Mode
from gatepost_gateway.pipeline.watch import BYTES_PER_TOKEN, watch

from .fakes import Answer, House, ScriptedTransport, chat, completion, daily, entry, events, run, snapshot_of


class Reader:
    def __init__(self, tokens=0, text_bytes=0):
        from gatepost_gateway.domain.ports import Summary

        self.tokens, self.summary = tokens, Summary(text_bytes=text_bytes)


def call(cap, reader):
    house = House(snapshot_of())
    made = house.exchange.open(house.inbound(chat()))
    made.cap, made.reader = cap, reader
    return made


@pytest.mark.parametrize(
    ("cap", "reader"),
    [
        (None, Reader(10**9, 10**9)),
        (10, None),
        (10, Reader(10, 10 * BYTES_PER_TOKEN)),
        (10, Reader(0, 11 * BYTES_PER_TOKEN - 1)),
    ],
)
def test_what_is_within_the_cap_passes_as_it_is(cap, reader):
    batch = b"data: x\n\n"
    assert watch(call(cap, reader), batch) is batch


@pytest.mark.parametrize("reader", [Reader(11, 0), Reader(0, 11 * BYTES_PER_TOKEN)])
def test_what_the_hold_does_not_pay_for_is_cut(reader):
    with pytest.raises(UpstreamError, match="10 output tokens") as caught:
        watch(call(10, reader), b"")
    assert (caught.value.code, caught.value.next_step) == (Code.OUTPUT_CAPPED, NextStep.GIVE_UP)


def test_a_provider_that_ignores_its_cap_is_held_to_it():
    answer = Answer(200, events(*["w"] * 50))
    house = House(snapshot_of(entry(), budgets=(daily(10**9),)), ScriptedTransport(answer))
    with pytest.raises(UpstreamError):
        run(house.call(chat(stream=True, max_tokens=10)))
    assert answer.closed
    assert answer.pieces
    assert house.record.error == "output_cap_reached"
    assert 0 < house.record.settled <= house.record.held


def test_without_a_budget_nothing_is_cut():
    house = House(snapshot_of(entry()), ScriptedTransport(Answer(200, events(*["w"] * 50))))
    assert run(house.call(chat(stream=True, max_tokens=10))).done


def answering(content, *rules, **message):
    said = {"role": "assistant", "content": content, **message}
    body = json.loads(completion())
    body["choices"][0] = {"index": 0, "message": said, "finish_reason": "stop"}
    return House(snapshot_of(entry(), rules=rules), ScriptedTransport(Answer(200, [json.dumps(body).encode()])))


def word(action="block", **more):
    return RuleSpec(name="no-titan", kind="keyword", settings={"terms": ["titan"], "action": action}, **more)


def test_an_answer_that_may_not_go_out_is_refused_and_paid_for():
    house = answering("the Titan files", word())
    with pytest.raises(Refused) as caught:
        run(house.call(chat()))
    assert (caught.value.code, caught.value.rule, caught.value.status) == (Code.OUTPUT_BLOCKED, "no-titan", 409)
    assert (house.record.outcome, house.record.status) == ("blocked", 409)
    assert house.record.usage.total > 0
    assert [(one.phase, one.effect) for one in house.record.decisions] == [
        ("request", Effect.ALLOW),
        ("response", Effect.BLOCK),
    ]


def test_an_answer_goes_out_redacted():
    house = answering("the Titan files", word("redact"))
    got = run(house.call(chat()))
    assert json.loads(got.body)["choices"][0]["message"]["content"] == "the [REDACTED] files"
    assert house.record.decisions[1].effect is Effect.REDACT


def test_an_untouched_answer_keeps_its_bytes():
    plain = run(answering("the files").call(chat())).body
    assert run(answering("the files", word("redact")).call(chat())).body == plain


def test_an_observer_of_answers_changes_nothing():
    house = answering("titan", word(mode=Mode.OBSERVE))
    assert b"titan" in run(house.call(chat())).body
    assert house.record.decisions[1].effect is Effect.BLOCK


def test_a_tool_that_the_model_may_not_call():
    call = {"id": "c", "type": "function", "function": {"name": "delete_user", "arguments": "{}"}}
    guard = RuleSpec(name="guard", kind="agent-firewall", settings={"blocked_tools": ["delete_*"]})
    with pytest.raises(Refused, match="delete_user") as caught:
        run(answering(None, guard, tool_calls=[call]).call(chat()))
    assert caught.value.code is Code.OUTPUT_BLOCKED


def test_an_answer_that_cannot_be_read_does_not_go_out():
    body = b'{"id":"x","choices":[{"message":{"role":"assistant","content":"titan","content":"hi"}}]}'
    house = House(snapshot_of(entry(), rules=(word(),)), ScriptedTransport(Answer(200, [body])))
    with pytest.raises(UpstreamError, match="twice"):
        run(house.call(chat()))


def test_rules_of_answers_say_when_there_was_none():
    house = House(snapshot_of(entry(), rules=(word(),)), ScriptedTransport(Answer(400, [b"{}"])))
    with pytest.raises(UpstreamError):
        run(house.call(chat()))
    assert house.record.decisions[1].not_run == "there was no answer"
