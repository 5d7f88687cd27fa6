"""Questions on their way to judges outside: bounded in number and time, with the key that they are shown."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.errors import Code, GatewayFault, NextStep, Refused, UpstreamError
from gatepost_gateway.domain.governance import Mode, Phase
from gatepost_gateway.domain.ports import Origin
from gatepost_gateway.domain.review import Inquiry, NoVerdict
from gatepost_gateway.domain.snapshot import Sealed, Snapshot, SnapshotDocument
from gatepost_gateway.pipeline import review
from gatepost_gateway.pipeline.exchange import Exchange
from gatepost_gateway.pipeline.review import JudgesOutside

from .fakes import (
    Answer,
    House,
    Outlet,
    PlainVault,
    ScriptedTransport,
    chat,
    completion,
    entry,
    events,
    run,
    snapshot_of,
)

SNAPSHOT = Snapshot(
    SnapshotDocument(version=1, identity_seq=1, judge_keys={"keyed": Sealed("k", b"s3cret"), "lost": None})
)
FINE, BAD = b'{"flagged": false}', b'{"flagged": true, "categories": ["leak"]}'


def inquiry(rule: str = "r", number: int = 0, seconds: float = 5.0, most: int = 2) -> Inquiry:
    origin = Origin("https", "judge.test", 443)
    return Inquiry(f"response:{rule}{number}", rule, origin, b"/v1", ((b"x-a", b"b"),), b"{}", seconds, most)


def failing(words: str) -> UpstreamError:
    code, step = Code.UPSTREAM_UNREACHABLE, NextStep.GIVE_UP
    return UpstreamError(words, code=code, status=502, next_step=step, provider="the judge")


async def ask(transport: Any, *inquiries: Inquiry) -> list[Any]:
    found = await JudgesOutside(transport, PlainVault()).ask(SNAPSHOT, inquiries)
    return [found[one.key] for one in inquiries]


def test_an_answer_comes_back_by_its_question() -> None:
    transport = ScriptedTransport(Answer(200, [FINE]), Answer(200, [BAD]))
    assert run(ask(transport, inquiry(), inquiry("keyed"))) == [FINE, BAD]
    assert [dict(one.headers).get(b"authorization") for one in transport.asked] == [None, b"Bearer s3cret"]
    assert all(one.closed for one in transport.given)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(302, [b""]), "it answered 302"),
        (Answer(500, [b"bob@example.org"]), "it answered 500"),
        (failing("the judge cannot be reached"), "cannot be reached"),
        (Answer(200, [failing("too much")]), "too much"),
    ],
)
def test_whatever_a_judge_does_is_an_answer(answer: Any, words: str) -> None:
    (found,) = run(ask(ScriptedTransport(answer), inquiry()))
    assert isinstance(found, NoVerdict)
    assert words in str(found)
    assert "bob" not in str(found)


def test_a_key_that_is_not_there_is_not_left_out() -> None:
    transport = ScriptedTransport()
    (found,) = run(ask(transport, inquiry("lost")))
    assert isinstance(found, NoVerdict)
    assert transport.asked == []


async def never() -> Any:
    await asyncio.Event().wait()


def test_a_judge_that_says_nothing_has_its_time() -> None:
    (found,) = run(ask(ScriptedTransport(never), inquiry(seconds=0.01)))
    assert str(found) == "it took longer than 0.01 s"


def test_no_more_than_so_many_are_under_way_and_none_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "MOST_WAITING", 4)
    under_way, most = 0, 0

    async def slow() -> Answer:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(5):
            await asyncio.sleep(0)
        under_way -= 1
        return Answer(200, [FINE])

    found = run(ask(ScriptedTransport(*[slow] * 6), *(inquiry(number=one) for one in range(6))))
    assert most == 2
    assert [one for one in found if one == FINE] == [FINE] * 4
    assert [str(one) for one in found if one != FINE] == ["too many questions wait for it"] * 2


def rule(kind: str = "external-moderation", **more: Any) -> RuleSpec:
    settings = more.pop("settings", {"endpoint": "https://judge.test/"})
    return RuleSpec(name="mod", kind=kind, settings=settings, **more)


REVIEW = {"provider": {"endpoint": "https://judge.test/", "model": "j"}}


def house(*answers: Any, rules: tuple[RuleSpec, ...]) -> House:
    """Judge and provider answer from one script, in the order in which they are asked."""
    transport = ScriptedTransport(*(one if callable(one) else Answer(200, one) for one in answers))
    made = House(snapshot_of(entry(), rules=rules), transport)
    made.stages = msgspec.structs.replace(made.stages, reviewers=JudgesOutside(transport, PlainVault()))
    made.exchange = Exchange(made.stages)
    return made


def told(held: House) -> list[Any]:
    return [json.loads(one.body) for one in held.transport.asked]


def blocked(held: House, code: Code, **more: Any) -> Outlet:
    outlet = Outlet(held.recorder)
    with pytest.raises(Refused) as caught:
        run(held.exchange.run(held.exchange.open(held.inbound(chat(**more))), outlet))
    assert (caught.value.code, caught.value.rule) == (code, "mod")
    return outlet


SCRUB = RuleSpec(name="scrub", kind="redactor")


def test_a_request_is_moderated_before_it_goes_out() -> None:
    held = house([BAD], rules=(rule(phases=(Phase.REQUEST,)), SCRUB))
    blocked(held, Code.INPUT_BLOCKED, text="from bob@example.org")
    assert told(held) == [{"input": ["from [EMAIL]"]}]


def test_an_answer_is_reviewed_before_it_goes_out() -> None:
    held = house(
        [completion("write to eve@example.org")], [BAD], rules=(rule("flagged-review", settings=REVIEW), SCRUB)
    )
    blocked(held, Code.OUTPUT_BLOCKED, text="from bob@example.org")
    asked = json.loads(told(held)[1]["messages"][1]["content"])
    assert asked["question"] == ["from [EMAIL]"]
    assert "write to [EMAIL]" in asked["answer"]
    assert "example.org" not in str(held.record)


@pytest.mark.parametrize("kind", ["external-moderation", "flagged-review"])
def test_a_stream_waits_for_its_verdict(kind: str) -> None:
    settings = REVIEW if kind == "flagged-review" else {"endpoint": "https://judge.test/"}
    spec = rule(kind, settings=settings, phases=(Phase.RESPONSE,))
    held = house(events("write to ev", "e@example.org"), [BAD], rules=(spec, SCRUB))
    assert blocked(held, Code.OUTPUT_BLOCKED, stream=True).batches == []
    assert "write to [EMAIL]" in str(told(held)[1])
    assert "eve@" not in str(told(held)[1])
    held = house(events("write to ev", "e@example.org"), [FINE], rules=(spec, SCRUB))
    assert b"[EMAIL]" in run(held.call(chat(stream=True))).body
    assert [one.not_run for one in held.record.decisions if one.rule == "mod" and one.phase == "response"] == [None]


def test_a_rule_that_observes_holds_nothing_back_and_hears_the_verdict() -> None:
    spec = rule(mode=Mode.OBSERVE, phases=(Phase.RESPONSE,))
    held = house(events("one ev", "e@example.org ", *["two "] * 40), [BAD], rules=(spec, SCRUB))
    outlet = run(held.call(chat(stream=True)))
    assert b"two" in outlet.batches[0]
    assert "one [EMAIL] two" in told(held)[1]["input"][0]
    (decision,) = [one for one in held.record.decisions if one.rule == "mod"]
    assert (decision.effect, decision.mode) == ("block", Mode.OBSERVE)


def test_a_stream_that_is_blocked_or_breaks_off_was_not_reviewed() -> None:
    spec, word = rule(phases=(Phase.RESPONSE,)), RuleSpec(name="word", kind="keyword", settings={"terms": ["titan"]})
    for pieces in (events("titan ", *["word "] * 10), events("a ", *["word "] * 10, done=False)[:5]):
        held = house(pieces, rules=(spec, word))
        outlet = Outlet(held.recorder)
        with pytest.raises((Refused, UpstreamError)):
            run(held.exchange.run(held.exchange.open(held.inbound(chat(stream=True))), outlet))
        (decision,) = [one for one in held.record.decisions if one.rule == "mod"]
        assert (decision.effect, bool(decision.not_run)) == (None, True)


def test_without_a_judge_a_call_that_must_not_go_on_fails_and_says_what_did_not_run() -> None:
    spec = rule(phases=(Phase.REQUEST,), settings={"endpoint": "https://judge.test/", "on_failure": "raise"})
    held = house([b"x"], rules=(spec,))
    with pytest.raises(GatewayFault) as caught:
        run(held.call(chat()))
    assert (caught.value.code, caught.value.status) == (Code.POLICY_UNAVAILABLE, 503)
    (decision,) = [one for one in held.record.decisions if one.phase == "request"]
    assert "gave no verdict" in (decision.not_run or "")
    spec = rule(phases=(Phase.RESPONSE,), settings={"endpoint": "https://judge.test/", "on_failure": "raise"})
    held = house(events("hi"), [b"x"], rules=(spec,))
    with pytest.raises(GatewayFault):
        run(held.call(chat(stream=True)))


def test_a_caller_that_leaves_is_not_waited_for() -> None:
    reached = asyncio.Event()

    async def slow() -> Any:
        reached.set()
        await asyncio.Event().wait()

    async def story() -> House:
        held = house(slow, rules=(rule(phases=(Phase.REQUEST,)),))
        task = asyncio.ensure_future(held.call(chat()))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return held

    assert run(story).record.outcome == "abandoned"
