"""Bodies are kept where the project says so, masked; what cannot be masked is not kept, and the record says why."""

import json

import msgspec
import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.errors import Refused, UpstreamError
from gatepost_gateway.domain.records import Stored
from gatepost_gateway.pipeline import bodies
from gatepost_gateway.policy.masking import detectors

from .fakes import KEY, Answer, House, ScriptedTransport, chat, completion, entry, events, run, snapshot_of

SECRET = "AKIA" + "Z7QJ3M2LXV5NPT4K"
SCRUB = RuleSpec(name="scrub", kind="redactor")
TITAN = RuleSpec(name="titan", kind="keyword", settings={"terms": ["titan"]})


def house(*pieces, rules=(), most=65_536):
    answer = Answer(200, list(pieces) or [completion("write to eve@example.org")])
    return House(snapshot_of(entry(), rules=rules, body_bytes=most), ScriptedTransport(answer))


def stored(held) -> Stored:
    (one,) = [one for one in held.recorder.entries if isinstance(one, Stored)]
    return one


def text(body: bytes) -> str:
    return json.loads(body)["messages"][0]["content"]


def said(body: bytes) -> str:
    return json.loads(body)["choices"][0]["message"]["content"]


def test_without_the_setting_nothing_is_kept():
    held = house(most=0)
    run(held.call(chat("bob@example.org")))
    assert not any(isinstance(one, Stored) for one in held.recorder.entries)


@pytest.mark.parametrize(("most", "made"), [(0, 0), (65_536, 1)])
def test_what_masks_is_made_before_a_call_needs_it_and_only_where_bodies_are_kept(most, made):
    detectors.cache_clear()
    bodies.prepare(snapshot_of(entry(), body_bytes=most).document)
    assert detectors.cache_info().currsize == made


def test_both_sides_are_kept_masked_whatever_the_rules_look_for():
    held = house()
    out = run(
        held.call(chat(f"bob@example.org has {SECRET}"), headers={b"x-team": b"eve@example.org", b"x-api-key": b"s3"})
    )
    one = stored(held)
    assert (one.step_id, one.dialect, one.no_request, one.no_answer) == (held.record.step_id, "openai_chat", None, None)
    assert (text(one.request), said(one.answer)) == ("[EMAIL] has [AWS_ACCESS_KEY]", "write to [EMAIL]")
    assert one.altered == (("request", "messages[0].content"), ("response", "choices[0].message.content"))
    assert {(found.side, found.kind, found.count) for found in one.hidden} >= {
        ("request", "EMAIL", 1),
        ("response", "EMAIL", 1),
    }
    assert one.headers == {"x-team": "[EMAIL]", "x-api-key": "[MASKED]"}
    assert b"eve@example.org" in out.body


def test_it_comes_right_before_its_record():
    held = house()
    run(held.call(chat()))
    assert [type(one).__name__ for one in held.recorder.entries][-2:] == ["Stored", "Closed"]


def test_what_a_rule_took_out_stays_out():
    ticket = RuleSpec(name="t", kind="pattern", settings={"patterns": ["TCK-[0-9]{4}"], "action": "redact"})
    held = house(rules=(ticket,))
    run(held.call(chat("about TCK-1234")))
    one = stored(held)
    assert text(one.request) == "about [REDACTED]"
    assert ("request", "messages[0].content") in one.altered
    assert "1234" not in repr(one)


def test_a_blocked_request_is_kept_but_not_one_that_a_rule_would_have_redacted():
    held = house(rules=(TITAN,))
    with pytest.raises(Refused):
        run(held.call(chat("titan")))
    assert (text(stored(held).request), stored(held).no_answer) == ("titan", "there was no answer")
    held = house(rules=(TITAN, SCRUB))
    with pytest.raises(Refused):
        run(held.call(chat("titan bob@example.org")))
    one = stored(held)
    assert (one.request, one.no_request) == (b"", "it was stopped before a rule took out what it redacts")


def test_a_stream_is_kept_as_the_message_that_it_made():
    held = house(*events("write to eve@exam", "ple.org"))
    run(held.call(chat(stream=True)))
    assert said(stored(held).answer) == "write to [EMAIL]"
    held = house(*events("write to eve@exam", "ple.org"), rules=(SCRUB,))
    run(held.call(chat(stream=True)))
    assert said(stored(held).answer) == "write to [EMAIL]"
    assert ("response", "*") in stored(held).altered


def test_a_stream_that_broke_off_is_not_kept():
    held = house(*events("a", done=False)[:2])
    with pytest.raises(UpstreamError):
        run(held.call(chat(stream=True)))
    assert stored(held).no_answer == "the stream did not come to its end"


def test_what_is_too_long_is_not_kept():
    held = house(most=1024)
    run(held.call(chat("x" * 2000)))
    one = stored(held)
    assert (one.request, one.no_request) == (b"", "it is larger than 1024 bytes")
    assert one.answer


def test_no_key_of_the_call_is_kept_even_in_its_text():
    held = house()
    run(held.call(chat(f"my key is {KEY}")))
    assert KEY not in repr(stored(held))


def test_where_masking_fails_nothing_is_kept(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("eve@example.org")

    monkeypatch.setattr(bodies, "mask", broken)
    held = house()
    run(held.call(chat("bob@example.org")))
    one = stored(held)
    assert (one.request, one.answer, one.no_request) == (b"", b"", "it cannot be masked (ZeroDivisionError)")
    assert "@example" not in repr(one)


def test_its_form_in_the_journal_is_readable_for_ever():
    """Fields are only ever added at the end."""
    old = msgspec.msgpack.encode(["b", "s", "t", 5, "openai_chat", b"{}", b""])
    one = msgspec.msgpack.decode(old, type=Stored)
    assert (one.step_id, one.trace_id, one.at, one.request, one.hidden) == ("s", "t", 5, b"{}", ())
