"""A stream that rules judge: what goes out, when, and what is left behind."""

import asyncio
import json

import pytest

from gatepost_gateway.domain.chain import RuleSpec, Streaming
from gatepost_gateway.domain.errors import Code, Refused, UpstreamError
from gatepost_gateway.domain.governance import Effect, Mode, Phase
from gatepost_gateway.domain.records import Outcome
from gatepost_gateway.pipeline import beat, flow

from .fakes import Answer, House, Outlet, ScriptedTransport, chat, daily, entry, events, run, snapshot_of

LONG = ["word "] * 30


def rule(action="block", **more):
    more.setdefault("phases", (Phase.RESPONSE,))
    return RuleSpec(name="no-titan", kind="keyword", settings={"terms": ["titan"], "action": action}, **more)


def mails(**more):
    return RuleSpec(name="mails", kind="redactor", **more)


def house(pieces, *specs):
    return House(snapshot_of(entry(), rules=specs, budgets=(daily(10**9),)), ScriptedTransport(Answer(200, pieces)))


def said(body):
    lines = [line[6:] for line in body.decode().splitlines() if line.startswith("data: {")]
    return "".join(one["delta"].get("content") or "" for line in lines for one in json.loads(line)["choices"])


async def refused(held, **more):
    """The refusal, and what the caller had got by then."""
    outlet = Outlet(held.recorder)
    call = held.exchange.open(held.inbound(chat(stream=True, **more)))
    with pytest.raises(Refused) as caught:
        await held.exchange.run(call, outlet)
    return caught.value, outlet


def test_a_redaction_across_events_is_made():
    held = house(events("write to bo", "b@exam", "ple.org ", "today", *LONG), mails())
    outlet = run(held.call(chat(stream=True)))
    assert "bob" not in outlet.body.decode()
    assert said(outlet.body) == "write to [EMAIL] today" + "word " * 30
    assert outlet.body.endswith(b"data: [DONE]\n\n")
    decision = next(one for one in held.record.decisions if one.phase == "response")
    assert (decision.rule, decision.effect, decision.found) == ("mails", Effect.REDACT, 1)
    assert (held.record.outcome, outlet.records_at_end) == (Outcome.ANSWERED, 1)


def test_what_no_rule_touches_goes_out_as_it_came():
    pieces = events(*LONG * 3, usage=False)
    outlet = run(house(pieces, rule("redact")).call(chat(stream=True)))
    assert outlet.body == b"".join(pieces)
    assert len(outlet.batches) > 20


def test_a_block_before_the_first_byte_is_an_answer_of_its_own():
    held = house(events("the ti", "tan ", *LONG), rule())
    error, outlet = run(refused(held))
    assert (error.rule, error.code) == ("no-titan", Code.OUTPUT_BLOCKED)
    assert (outlet.status, outlet.batches) == (None, [])
    assert held.transport.given[0].closed
    assert held.transport.given[0].pieces
    assert (held.record.outcome, held.record.error) == (Outcome.BLOCKED, "output_blocked")
    assert held.record.decisions[-1].effect is Effect.BLOCK
    assert 0 < held.record.settled <= held.record.held
    assert held.ledger.open_holds() == 0


def test_a_later_block_ends_what_began_and_leaves_the_provider():
    held = house(events(*LONG, "the ti", "tan ", *LONG), rule())
    error, outlet = run(refused(held))
    assert error.code is Code.OUTPUT_BLOCKED
    assert outlet.status == 200
    text = said(b"".join(outlet.batches))
    assert text.startswith("word word ")
    assert "ti" not in text
    assert held.transport.given[0].pieces
    assert held.record.outcome is Outcome.BLOCKED


def test_a_rule_that_only_observes_is_recorded_and_holds_nothing_back():
    pieces = events("the ti", "tan ", *LONG, usage=False)
    held = house(pieces, rule(mode=Mode.OBSERVE))
    outlet = run(held.call(chat(stream=True)))
    assert outlet.body == b"".join(pieces)
    decision = held.record.decisions[-1]
    assert (decision.phase, decision.effect, decision.mode) == ("response", Effect.BLOCK, Mode.OBSERVE)
    assert [mark.masked for mark in decision.marks] == ["[REDACTED]"]


def test_a_policy_may_want_the_whole_answer_first():
    pieces = events(*LONG, "the titan ", usage=False)
    held = house(pieces, rule(streaming_mode=Streaming.BUFFERED))
    error, outlet = run(refused(held))
    assert error.code is Code.OUTPUT_BLOCKED
    assert outlet.status is None
    pieces = events(*LONG, usage=False)
    outlet = run(house(pieces, rule(streaming_mode=Streaming.BUFFERED)).call(chat(stream=True)))
    assert outlet.batches == [b"".join(pieces)]


def test_while_all_is_held_back_a_comment_keeps_the_connection(monkeypatch):
    monkeypatch.setattr(flow, "Beat", lambda say: beat.Beat(say, 0.02))

    async def later():
        await asyncio.sleep(0.07)
        return b"".join(events("more", usage=False)[1:])

    held = house([events("word ")[0], events("word ")[1], later], rule(streaming_mode=Streaming.BUFFERED))
    outlet = run(held.call(chat(stream=True)))
    assert outlet.status == 200
    assert 1 <= outlet.batches.count(b": keep-alive\n\n") <= 3
    assert said(outlet.body) == "word more"


def test_a_tool_call_is_judged_whole():
    guard = RuleSpec(name="guard", kind="agent-firewall", settings={"blocked_tools": ["delete_*"]})

    def called(name):
        base = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        first = {"index": 0, "id": "t", "type": "function", "function": {"name": name, "arguments": ""}}
        deltas = [{"content": "on my way "}, {"tool_calls": [first]}]
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in ('{"a":', "1}")]
        choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
        choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
        said = [b"data: " + json.dumps({**base, "choices": [one]}).encode() + b"\n\n" for one in choices]
        return [*said, b"data: [DONE]\n\n"]

    pieces = called("read_file")
    assert run(house(pieces, guard).call(chat(stream=True))).body == b"".join(pieces)
    error, outlet = run(refused(house(called("delete_all"), guard)))
    assert error.rule == "guard"
    assert b"delete" not in b"".join(outlet.batches)


def test_a_stream_that_stops_without_its_end_is_an_error_and_says_what_was_judged():
    held = house(events(*LONG, done=False)[:-3], mails())
    with pytest.raises(UpstreamError) as caught:
        run(held.call(chat(stream=True)))
    assert caught.value.code is Code.UPSTREAM_TRUNCATED
    decision = held.record.decisions[-1]
    assert (decision.phase, decision.effect, decision.not_run) == ("response", Effect.ALLOW, None)


def test_a_text_after_its_end_is_not_the_format():
    pieces = events("one", usage=False, done=False)
    held = house([*pieces, pieces[1], b"data: [DONE]\n\n"], mails())
    with pytest.raises(UpstreamError) as caught:
        run(held.call(chat(stream=True)))
    assert caught.value.code is Code.UPSTREAM_GARBAGE


def test_what_is_held_back_is_bounded(monkeypatch):
    monkeypatch.setattr(flow, "MAX_ANSWER", 1000)
    held = house(events(*LONG), rule(streaming_mode=Streaming.BUFFERED))
    with pytest.raises(UpstreamError, match="1000 bytes before it could be judged"):
        run(held.call(chat(stream=True)))


def test_a_caller_that_leaves_while_all_is_held_back_stops_the_provider():
    async def leave():
        never = asyncio.Event()
        held = house([events("word ")[1], never.wait], rule(streaming_mode=Streaming.BUFFERED))
        task = asyncio.create_task(held.call(chat(stream=True)))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return held

    held = run(leave())
    assert held.transport.given[0].closed
    assert held.record.outcome is Outcome.ABANDONED


def test_the_end_of_a_long_answer_is_judged_beside_the_loop(monkeypatch):
    where = []
    before = asyncio.to_thread

    async def to_thread(work, *given):
        where.append(work.__name__)
        return await before(work, *given)

    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    words = "x " * flow.ASIDE_BYTES + "titan"
    scrub = rule("redact", streaming_mode=Streaming.BUFFERED)
    held = House(snapshot_of(entry(), rules=(scrub,)), ScriptedTransport(Answer(200, events(words))))
    outlet = run(held.call(chat(stream=True)))
    assert where == ["close"]
    assert said(outlet.body) == words.replace("titan", "[REDACTED]")
