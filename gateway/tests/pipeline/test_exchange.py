import asyncio
import time

import pytest

from gatepost_gateway.domain.errors import (
    CallerError,
    Code,
    GatewayFault,
    LimitExceeded,
    NextStep,
    Unauthenticated,
    UpstreamError,
)
from gatepost_gateway.domain.records import Outcome

from .fakes import Answer, House, ScriptedTransport, chat, completion, daily, entry, events, run, snapshot_of

BROKEN = {"code": Code.UPSTREAM_TRUNCATED, "status": 502, "next_step": NextStep.RETRY_SAME, "provider": "openai"}


def test_a_plain_call_passes_bytes_both_ways_and_is_recorded_before_its_last_byte():
    answer = Answer(200, [completion()], [(b"x-request-id", b"up-1")])
    house = House(snapshot_of(entry(), budgets=(daily(10**9),)), ScriptedTransport(answer))
    outlet = run(house.call(chat(unknown={"kept": [1, 2]})))
    assert outlet.body == completion()
    assert b'"unknown":{"kept":[1,2]}' in house.transport.asked[0].body
    assert (b"authorization", b"Bearer sk-provider-key") in house.transport.asked[0].headers
    assert outlet.records_at_end == 1
    record = house.record
    assert (record.outcome, record.status, record.cost, record.settled) == (Outcome.ANSWERED, 200, 7000, 7000)
    assert (record.usage.input, record.usage.output, record.usage.exact) == (3, 2, True)
    assert record.attempts[0].request_id == "up-1"
    assert answer.closed
    account = record.claims[0].account
    assert house.ledger.used(account) == (7000, 0)
    assert record.held > record.settled
    assert outlet.headers[b"x-gatepost-trace-id"].decode() == record.trace_id
    assert len(house.recorder.opened) == 1


def test_a_stream_passes_whole_events_and_hides_the_usage_that_was_not_asked_for():
    pieces = events("one", " two")
    house = House(snapshot_of(entry(), budgets=(daily(10**9),)), ScriptedTransport(Answer(200, pieces)))
    outlet = run(house.call(chat(stream=True)))
    assert outlet.body == b"".join(piece for piece in pieces if b'"usage"' not in piece)
    assert b'"include_usage":true' in house.transport.asked[0].body
    assert house.record.usage.output == 2
    assert house.record.cost == 3 * 1000 + 2 * 2000
    assert outlet.records_at_end == 1


def test_a_stream_keeps_the_usage_that_was_asked_for():
    pieces = events("one")
    house = House(snapshot_of(entry()), ScriptedTransport(Answer(200, pieces)))
    body = chat(stream=True, stream_options={"include_usage": True})
    outlet = run(house.call(body))
    assert outlet.body == b"".join(pieces)


@pytest.mark.parametrize("size", [1, 7, 50])
def test_any_cut_of_a_stream_gives_the_same_bytes(size):
    whole = b"".join(events("one", " two", usage=False))
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    house = House(snapshot_of(entry()), ScriptedTransport(Answer(200, pieces)))
    outlet = run(house.call(chat(stream=True)))
    assert outlet.body == whole


def test_no_key_no_call():
    house = House(snapshot_of(entry()))
    with pytest.raises(Unauthenticated, match="unknown API key"):
        run(house.call(chat(), key="gp_k1_wrong"))
    assert house.record.outcome is Outcome.REFUSED
    assert house.record.error == "invalid_key"
    assert house.transport.asked == []


def test_an_unknown_model_lists_near_names():
    house = House(snapshot_of(entry("gpt-4o-mini")))
    with pytest.raises(CallerError, match="`gpt-4o-mini`") as caught:
        run(house.call(chat(model="gpt-4o-mni")))
    assert caught.value.status == 404


def test_a_budget_that_is_too_small_refuses_with_its_arithmetic():
    house = House(snapshot_of(entry(), budgets=(daily(1000),)))
    with pytest.raises(LimitExceeded) as caught:
        run(house.call(chat()))
    assert caught.value.status == 402
    numbers = caught.value.arithmetic
    assert numbers is not None
    assert (numbers.limit, numbers.settled, numbers.held) == (1000, 0, 0)
    assert numbers.asked > 1000
    assert house.transport.asked == []


def test_a_retry_waits_as_long_as_the_provider_asks():
    busy = Answer(429, [b'{"error":{"message":"slow down"}}'], [(b"retry-after", b"2")])
    house = House(snapshot_of(entry()), ScriptedTransport(busy, Answer(200, [completion()])))
    outlet = run(house.call(chat()))
    assert outlet.status == 200
    (slept,) = house.sleeps
    assert 2.0 <= slept <= 2.2
    assert [attempt.status for attempt in house.record.attempts] == [429, 200]
    assert busy.closed


def test_a_fallback_is_tried_before_the_first_content_byte():
    first = entry("a")
    second = entry("b", base_url="http://other.test/v1")
    cut = Answer(200, events("", done=False)[:1])
    house = House(
        snapshot_of(first, second, fallbacks={"a": ("b",)}),
        ScriptedTransport(cut, Answer(200, events("", done=False)[:1]), Answer(200, events("x"))),
    )
    outlet = run(house.call(chat(model="a", stream=True)))
    assert b'"x"' in outlet.body
    assert house.record.model == "b"
    assert [attempt.error for attempt in house.record.attempts] == ["upstream_truncated", "upstream_truncated", None]


def test_a_stream_cut_after_content_is_an_error_and_never_a_clean_end():
    pieces = events("one", "two", done=False)[:2]
    house = House(snapshot_of(entry(), budgets=(daily(10**9),)), ScriptedTransport(Answer(200, pieces)))
    with pytest.raises(UpstreamError) as caught:
        run(house.call(chat(stream=True)))
    assert caught.value.code == "upstream_truncated"
    record = house.record
    assert record.outcome is Outcome.FAILED
    assert record.estimated
    assert 0 < record.settled <= record.held
    assert house.ledger.open_holds() == 0


def test_a_stream_over_its_cap_is_cut():
    words = ["w"] * 30
    house = House(snapshot_of(entry(), budgets=(daily(10**9),)), ScriptedTransport(Answer(200, events(*words))))
    with pytest.raises(UpstreamError) as caught:
        run(house.call(chat(stream=True, max_tokens=10)))
    assert caught.value.code == "output_cap_reached"
    assert house.record.settled <= house.record.held


def test_a_provider_401_does_not_look_like_ours():
    refused = Answer(401, [b'{"error":{"message":"Incorrect API key provided: sk-provider-key"}}'])
    house = House(snapshot_of(entry()), ScriptedTransport(refused))
    with pytest.raises(UpstreamError) as caught:
        run(house.call(chat()))
    assert caught.value.status == 502
    assert "sk-provider-key" not in caught.value.public
    assert "sk-provider-key" not in str(house.record)
    assert house.record.cost == 0


def test_an_attempt_that_may_be_billed_settles_as_a_step_of_its_own():
    cut = Answer(200, events("", done=False)[:1])
    house = House(snapshot_of(entry(), budgets=(daily(10**9),)), ScriptedTransport(cut, Answer(200, events("x"))))
    outlet = run(house.call(chat(stream=True)))
    assert b'"x"' in outlet.body
    failed, answered = house.recorder.closed
    assert (failed.outcome, failed.error, failed.estimated) == (Outcome.FAILED, "upstream_truncated", True)
    assert 0 < failed.settled <= failed.held
    assert answered.parent_step_id == failed.step_id
    assert (answered.trace_id, answered.outcome, answered.settled) == (failed.trace_id, Outcome.ANSWERED, 5000)
    assert len(house.recorder.opened) == 2
    assert house.ledger.used(answered.claims[0].account) == (failed.settled + 5000, 0)


def test_no_second_attempt_without_the_money_for_it():
    cut = Answer(200, events("", done=False)[:1])
    house = House(snapshot_of(entry(), budgets=(daily(400_000),)), ScriptedTransport(cut, Answer(200, events("x"))))
    with pytest.raises(LimitExceeded):
        run(house.call(chat(stream=True)))
    assert len(house.transport.asked) == 1
    settled, held = house.ledger.used(house.recorder.closed[0].claims[0].account)
    assert settled <= 400_000
    assert held == 0


def test_a_bug_in_the_way_of_a_stream_is_a_fault_and_not_a_silence():
    class Broken(Answer):
        async def pump(self, sink):
            assert sink(object()) is False
            return False

    house = House(snapshot_of(entry()), ScriptedTransport(Broken(200, events("one", "two"))))
    with pytest.raises(GatewayFault) as caught:
        run(house.call(chat(stream=True)))
    assert isinstance(caught.value.__cause__, AttributeError | TypeError)
    assert house.record.error == "internal_error"


@pytest.mark.parametrize("tail", [[], [b": bye\n\n"], [UpstreamError("reset", **BROKEN)]])
def test_how_a_finished_stream_closes_its_body_changes_nothing(tail):
    answer = Answer(200, [*events("one"), *tail])
    house = House(snapshot_of(entry()), ScriptedTransport(answer))
    outlet = run(house.call(chat(stream=True)))
    assert outlet.done
    assert outlet.body.endswith(b"data: [DONE]\n\n")
    assert house.record.outcome is Outcome.ANSWERED
    assert answer.closed


def test_a_finished_stream_that_does_not_close_its_body_is_given_up_soon():
    async def main():
        never = asyncio.get_running_loop().create_future()

        class Hanging(Answer):
            def close(self):
                super().close()
                if not never.done():
                    never.set_result(b"")

        house = House(snapshot_of(entry()), ScriptedTransport(Hanging(200, [*events("one"), lambda: never])))
        began = time.monotonic()
        outlet = await house.call(chat(stream=True))
        return outlet, time.monotonic() - began

    outlet, took = asyncio.run(main())
    assert outlet.done
    assert took < 2


def test_a_stream_without_an_end_marker_ends_with_its_finish_reasons():
    house = House(snapshot_of(entry()), ScriptedTransport(Answer(200, events("one", usage=False, done=False))))
    outlet = run(house.call(chat(stream=True)))
    assert outlet.done
    assert house.record.outcome is Outcome.ANSWERED
    two = House(snapshot_of(entry()), ScriptedTransport(Answer(200, events("one", usage=False, done=False))))
    with pytest.raises(UpstreamError, match="stopped in the middle"):
        run(two.call(chat(stream=True, n=2)))


def test_a_bug_in_the_house_closes_the_hold_and_says_nothing():
    async def broken():
        raise ZeroDivisionError("internal words")

    house = House(snapshot_of(entry(), budgets=(daily(10**9),)), ScriptedTransport(broken))
    with pytest.raises(GatewayFault) as caught:
        run(house.call(chat()))
    assert "internal words" not in caught.value.public + str(house.record)
    assert house.ledger.open_holds() == 0
    assert (house.record.outcome, house.record.status) == (Outcome.FAILED, 500)
    assert 0 < house.record.settled <= house.record.held


def test_a_call_keeps_the_snapshot_that_it_began_with():
    house = House(snapshot_of(entry()))

    async def change():
        house.snapshot = snapshot_of()
        return Answer(200, [completion()])

    house.transport.answers = [change]
    assert run(house.call(chat())).status == 200
    with pytest.raises(CallerError):
        run(house.call(chat()))
