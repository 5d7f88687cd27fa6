import asyncio

import msgspec
import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.errors import CallerError, Code, GatewayFault
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.ports import TraceState
from gatepost_gateway.domain.records import Attempt, Closed, Logged, TraceOpened, TraceSealed
from gatepost_gateway.pipeline import traces as module
from gatepost_gateway.pipeline.traces import MAX_DATA, MAX_METADATA, Traces

from .fakes import KeptRecorder, NoArchive, run

ME = Principal("k1", "org", "p")


class Archive(NoArchive):
    """What the control plane remembers, and how often it was asked."""

    def __init__(self, **states):
        self.states, self.asked = states, 0

    async def trace(self, trace_id):
        self.asked += 1
        await asyncio.sleep(0)
        return self.states.get(trace_id)


def made(archive=None):
    recorder = KeptRecorder()
    return Traces(recorder, archive or NoArchive(), SystemClock()), recorder


def closed(**more):
    return Closed(step_id="s", trace_id="t", at=1, surface="native", **more)


def refusal(work):
    with pytest.raises(CallerError) as caught:
        run(work)
    return caught.value.status, caught.value.code


def test_a_trace_is_written_before_it_is_answered():
    traces, recorder = made()
    trace_id, at = run(traces.create(ME, {"feature": "x", "big": 10**30}, 5))
    [entry] = recorder.entries
    assert entry == TraceOpened(trace_id, at, "org", "p", "k1", entry.metadata, 5)
    assert msgspec.json.decode(entry.metadata) == {"feature": "x", "big": 10**30}


def test_metadata_and_data_have_a_size():
    traces, recorder = made()
    assert refusal(traces.create(ME, {"x": "y" * MAX_METADATA}, None)) == (422, Code.VALIDATION_FAILED)
    trace_id, _ = run(traces.create(ME, {}, None))
    assert refusal(traces.log(ME, trace_id, "n", {"x": "y" * MAX_DATA}, None)) == (422, Code.VALIDATION_FAILED)
    assert len(recorder.entries) == 1
    assert run(traces.complete(trace_id, "p")).steps == 0


@pytest.mark.parametrize("trace_id", ["", "nonsense", "../../x", "01a1f9ec-bea7-75e5-9592-c8c32b602e97", "x" * 10_000])
def test_a_trace_that_is_not_here_is_404(trace_id):
    traces, _ = made()
    assert refusal(traces.find(trace_id, "p")) == (404, Code.TRACE_NOT_FOUND)
    assert refusal(traces.enter(trace_id, "p")) == (404, Code.TRACE_NOT_FOUND)


def test_another_projects_trace_looks_like_none():
    traces, _ = made()
    trace_id, _ = run(traces.create(ME, {}, None))
    for work in (traces.find, traces.enter, traces.complete):
        assert refusal(work(trace_id, "q")) == (404, Code.TRACE_NOT_FOUND)


def test_the_archive_is_asked_once_and_not_for_nonsense():
    name = ids.new()
    archive = Archive(**{name: TraceState("p", steps=3, cost=9)})
    traces, _ = made(archive)

    async def main():
        one, other = await asyncio.gather(traces.enter(name, "p"), traces.enter(name, "p"))
        assert one is other
        assert one.running == 2
        await traces.find(name, "p")

    run(main())
    assert archive.asked == 2
    assert refusal(traces.find("nonsense", "p")) == (404, Code.TRACE_NOT_FOUND)
    assert archive.asked == 2


def test_the_summary_adds_up_what_the_steps_cost():
    traces, recorder = made()
    trace_id, _ = run(traces.create(ME, {}, None))
    attempt = (Attempt("m", "openai", 1, 200),)
    for record in (
        closed(cost=5, micros=10, attempts=attempt),
        closed(cost=None, micros=20, attempts=attempt),
        closed(),
    ):
        traces.leave(run(traces.enter(trace_id, "p")), record)
    sealed = run(traces.complete(trace_id, "p"))
    assert (sealed.cost, sealed.micros, sealed.steps, sealed.unpriced) == (5, 30, 3, 1)
    assert isinstance(recorder.entries[-1], TraceSealed)


def test_a_running_call_keeps_a_trace_open_and_a_seal_is_for_ever():
    traces, _ = made()
    trace_id, _ = run(traces.create(ME, {}, None))
    state = run(traces.enter(trace_id, "p"))
    assert refusal(traces.complete(trace_id, "p")) == (409, Code.TRACE_BUSY)
    traces.leave(state, closed())
    run(traces.complete(trace_id, "p"))
    for work in (traces.complete(trace_id, "p"), traces.enter(trace_id, "p"), traces.log(ME, trace_id, "n", {}, None)):
        assert refusal(work) == (409, Code.TRACE_SEALED)


def test_an_event_is_a_step():
    traces, recorder = made()
    trace_id, _ = run(traces.create(ME, {}, None))
    parent = ids.new()
    step = run(traces.log(ME, trace_id, "clicked", {"n": 1}, parent))
    entry = recorder.entries[-1]
    assert isinstance(entry, Logged)
    assert (entry.step_id, entry.trace_id, entry.name, entry.data, entry.parent_step_id) == (
        step,
        trace_id,
        "clicked",
        '{"n":1}',
        parent,
    )
    assert run(traces.complete(trace_id, "p")).steps == 1


def test_memory_is_bounded_and_running_traces_stay(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    traces, _ = made()

    async def main():
        first, _ = await traces.create(ME, {}, None)
        await traces.enter(first, "p")
        for _ in range(10):
            await traces.create(ME, {}, None)
        return first

    first = run(main())
    assert first in traces._known
    assert len(traces._known) <= 4


def test_metadata_is_remembered_while_a_trace_is_open():
    name = ids.new()
    traces, _ = made(Archive(**{name: TraceState("p", metadata='{"intent":"refund"}')}))
    made_here, _ = run(traces.create(ME, {"feature": "x"}, None))
    assert run(traces.find(name, "p")).metadata == '{"intent":"refund"}'
    assert run(traces.find(made_here, "p")).metadata == '{"feature":"x"}'
    state = run(traces.find(made_here, "p"))
    run(traces.complete(made_here, "p"))
    assert state.metadata == "{}"
    assert traces._bytes == sum(len(one.metadata) for one in traces._known.values())


def test_remembered_metadata_is_bounded_in_bytes(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 25_000)
    traces, _ = made()

    async def main():
        made_here = [(await traces.create(ME, {"x": "y" * 10_000}, None))[0] for _ in range(5)]
        await traces.enter(made_here[-1], "p")
        return made_here

    made_here = run(main())
    assert list(traces._known) == made_here[-2:]
    assert traces._bytes == sum(len(one.metadata) for one in traces._known.values()) < 25_000


class Late(KeptRecorder):
    """Takes every entry, and may fail to write it."""

    full = False

    async def durable(self):
        if self.full:
            raise GatewayFault("full", code=Code.RECORDS_UNAVAILABLE, status=503)


def test_a_seal_that_was_not_written_may_be_tried_again():
    recorder = Late()
    traces = Traces(recorder, NoArchive(), SystemClock())

    async def talk():
        trace_id, _ = await traces.create(ME, {}, None)
        recorder.full = True
        with pytest.raises(GatewayFault):
            await traces.complete(trace_id, "p")
        recorder.full = False
        return await traces.complete(trace_id, "p")

    assert run(talk).steps == 0
