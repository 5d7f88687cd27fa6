import asyncio
import json

import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.errors import CallerError, Code, GatewayFault, Refused
from gatepost_gateway.domain.governance import ALLOWED, Decision, Effect, Mode, Phase, Ruling
from gatepost_gateway.policy.engine import PIECE
from gatepost_gateway.providers.sandbox import SandboxTransport

from .fakes import Answer, House, ScriptedTransport, chat, completion, daily, entry, run, snapshot_of

SEEN = Decision("no-secrets", "secrets", "request", Mode.OBSERVE, Effect.BLOCK)


def house(ruling):
    return House(snapshot_of(entry()), ScriptedTransport(Answer(200, [completion()])), engine=lambda _: ruling)


def ruled(*specs, **more):
    transport = ScriptedTransport(Answer(200, [completion()]))
    return House(snapshot_of(entry(), rules=specs, **more), transport)


def word(action="block", **more):
    return RuleSpec(name="no-titan", kind="keyword", settings={"terms": ["titan"], "action": action}, **more)


def sent(held):
    return json.loads(held.transport.asked[0].body)


def test_without_rules_everything_is_allowed_and_nothing_decided():
    held = ruled()
    run(held.call(chat()))
    assert (held.record.decisions, held.record.risk) == ((), 0.0)


def test_what_was_seen_and_allowed_is_recorded():
    held = house(Ruling(Effect.ALLOW, (SEEN,), risk=0.25))
    assert run(held.call(chat())).status == 200
    assert (held.record.decisions, held.record.risk) == ((SEEN,), 0.25)


@pytest.mark.parametrize(
    ("effect", "code"), [(Effect.BLOCK, Code.INPUT_BLOCKED), (Effect.ESCALATE, Code.ESCALATION_REQUIRED)]
)
def test_what_may_not_go_on_is_refused_before_anything_is_spent(effect, code):
    held = house(Ruling(effect, (SEEN,), "no-secrets", "a key was found"))
    with pytest.raises(Refused, match="a key was found") as caught:
        run(held.call(chat()))
    assert (caught.value.rule, caught.value.code) == ("no-secrets", code)
    assert held.transport.asked == []
    assert (held.record.outcome, held.record.decisions) == ("blocked", (SEEN,))
    assert held.ledger.open_holds() == 0


def test_a_rule_that_failed_has_a_code_of_its_own():
    with pytest.raises(Refused) as caught:
        run(house(Ruling(Effect.BLOCK, (), "r", "it failed", "policy_error")).call(chat()))
    assert caught.value.code is Code.POLICY_ERROR


def test_a_ruling_without_words_names_its_rule():
    with pytest.raises(Refused, match="blocked by `policy`"):
        run(house(Ruling(Effect.BLOCK)).call(chat()))


def test_an_engine_that_breaks_blocks():
    def broken(facts):
        raise ZeroDivisionError

    held = House(snapshot_of(entry()), engine=broken)
    with pytest.raises(GatewayFault) as caught:
        run(held.call(chat()))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert held.record.outcome == "failed"


def test_a_blocked_call_says_that_the_response_gate_was_not_reached():
    held = ruled(word())
    with pytest.raises(Refused, match="not allowed here"):
        run(held.call(chat("open the Titan files")))
    first, second = held.record.decisions
    assert (first.rule, first.effect, first.found) == ("no-titan", Effect.BLOCK, 1)
    assert (second.phase, second.effect, second.not_run) == ("response", None, "there was no answer")
    assert "titan" not in repr(held.record.decisions).lower().replace("no-titan", "")


def test_a_redacted_request_goes_on_without_what_was_found():
    held = ruled(word("redact"))
    run(held.call({**chat("open the Titan files"), "temperature": 0.10}))
    body = sent(held)
    assert body["messages"][0]["content"] == "open the [REDACTED] files"
    assert held.record.decisions[0].effect is Effect.REDACT


def test_an_untouched_request_keeps_its_bytes():
    held = ruled(word("redact"))
    messages = b'[{"role":"user",  "content":"hi \\u00e9"}]'
    body = b'{ "model":"%s",  "messages":%s }' % (chat()["model"].encode(), messages)
    run(held.call(body))
    assert messages in held.transport.asked[0].body


def test_observing_changes_nothing():
    held = ruled(word(mode=Mode.OBSERVE))
    assert run(held.call(chat("titan"))).status == 200
    assert held.record.decisions[0].effect is Effect.BLOCK
    assert held.record.outcome == "answered"


def test_a_ruling_may_cap_the_answer():
    held = house(Ruling(Effect.ALLOW, max_tokens=9))
    run(held.call(chat()))
    assert 9 in sent(held).values()
    held = house(Ruling(Effect.ALLOW, max_tokens=9))
    run(held.call(chat(max_tokens=5)))
    assert sent(held)["max_tokens"] == 5


def test_the_hold_pays_for_what_goes_on():
    free = ruled(budgets=(daily(10**12),))
    run(free.call(chat(max_tokens=1000)))
    capped = House(snapshot_of(entry(), budgets=(daily(10**12),)), ScriptedTransport(Answer(200, [completion()])),
                   engine=lambda _: Ruling(Effect.ALLOW, max_tokens=10))  # fmt: skip
    run(capped.call(chat(max_tokens=1000)))
    assert capped.record.held < free.record.held


def test_a_member_that_two_servers_read_differently_is_refused_by_name():
    body = b'{"model":"%s","messages":[{"role":"user","content":"titan","content":"hi"}]}' % chat()["model"].encode()
    held = ruled(word())
    with pytest.raises(CallerError, match="twice"):
        run(held.call(body))
    assert held.transport.asked == []
    assert run(ruled().call(body)).status == 200


def test_a_rule_of_another_project_is_not_met():
    held = ruled(word(project="other"))
    assert run(held.call(chat("titan"))).status == 200
    assert held.record.decisions == ()


def test_facts_of_a_call():
    seen = []
    held = House(snapshot_of(entry()), ScriptedTransport(Answer(200, [completion()])),
                 engine=lambda facts: seen.append(facts) or ALLOWED)  # fmt: skip
    run(held.call(chat("hi"), headers={b"x-gatepost-property-team": b"red", b"x-a": b"b"}))
    (facts,) = seen
    assert facts.phase is Phase.REQUEST
    assert [leaf.text for leaf in facts.request.leaves] == ["hi"]
    setting = facts.setting
    assert (setting.principal.project, setting.project.id, setting.surface) == ("p", "p", "openai")
    assert (setting.properties, setting.headers[b"x-a"]) == ({"team": "red"}, b"b")


def test_other_calls_go_on_while_a_long_text_is_judged():
    held = ruled(RuleSpec(name="pii", kind="pii-detector", settings={}))
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def both():
        waiting = asyncio.create_task(others())
        await held.call(chat("123 " * 10_000))
        waiting.cancel()

    run(both())
    assert turns >= 40_000 // PIECE


def test_a_record_is_kept_as_long_as_a_rule_says_also_of_a_blocked_call():
    keep = RuleSpec(name="keep", kind="audit-logger", settings={"retention_days": 900})
    held = ruled(keep)
    run(held.call(chat()))
    assert held.record.retention_days == 900
    held = ruled(keep, word())
    with pytest.raises(Refused):
        run(held.call(chat(messages=[{"role": "user", "content": "titan"}])))
    assert held.record.retention_days == 900


@pytest.mark.parametrize("stream", [False, True])
def test_actions_count_when_they_go_out(stream):
    limit = RuleSpec(name="few", kind="agent-firewall", settings={"max_actions_per_session": 1})
    held = House(snapshot_of(rules=(limit,)), SandboxTransport())
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    said = {"model": "sandbox/echo", "messages": [{"role": "user", "content": "/tool look {}"}], "tools": [tool]}
    session = {b"x-gatepost-session-id": b"018f0000-0000-7000-8000-000000000001"}
    run(held.call({**said, "stream": stream}, headers=session))
    with pytest.raises(Refused, match="taken 1 actions") as caught:
        run(held.call({**said, "stream": stream}, headers=session))
    assert caught.value.code is Code.OUTPUT_BLOCKED
    run(held.call({**said, "stream": stream}))


def test_what_halts_a_session_stops_its_later_calls_and_nobody_elses():
    rule = RuleSpec(
        name="guard", kind="agent-firewall", settings={"kill_switches": {"halt_on_suspicious_pattern": True}}
    )
    message = {"role": "assistant", "content": None}
    message["tool_calls"] = [{"id": "c", "type": "function", "function": {"name": "sh", "arguments": '"rm -rf /"'}}]
    acts = completion(choices=[{"index": 0, "message": message, "finish_reason": "tool_calls"}])
    house = House(
        snapshot_of(entry(), rules=(rule,)), ScriptedTransport(Answer(200, [acts]), Answer(200, [completion()]))
    )
    mine, other = {b"x-gatepost-session-id": b"0199f000-0000-7000-8000-000000000001"}, {}
    for code in ("suspicious_pattern", "session_halted"):
        with pytest.raises(Refused):
            run(house.call(chat(), headers=mine))
        assert house.record.decisions[-1 if code == "suspicious_pattern" else 0].code == code
    assert run(house.call(chat(), headers=other)).status == 200
