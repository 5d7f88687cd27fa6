import pytest

from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.pipeline.watch import BYTES_PER_TOKEN, watch

from .fakes import Answer, House, ScriptedTransport, chat, daily, entry, events, run, snapshot_of


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
