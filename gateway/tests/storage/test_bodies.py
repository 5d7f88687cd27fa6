import pytest

from gatepost_gateway.domain.clock import DAY_MICROS
from gatepost_gateway.domain.records import Stored
from gatepost_gateway.storage.bodies import Bodies
from gatepost_gateway.storage.retention import Retention

from .making import NOW, closed, folded, trace

pytestmark = pytest.mark.usefixtures("home")


def stored(one, text=b"{}"):
    return Stored(one.step_id, one.trace_id, one.at, "openai_chat", text)


def test_bodies_are_found_by_their_trace_and_the_first_counts(tmp_path):
    one = closed()
    records = folded(tmp_path, [stored(one, b"first"), one, stored(one, b"second")])
    bodies = Bodies(records)
    assert {step: said.request for step, said in bodies.of_trace(one.trace_id).items()} == {one.step_id: b"first"}
    assert bodies.of_trace("none") == {}
    records.close()


def test_they_leave_with_their_step(tmp_path):
    short, long = closed(retention_days=1), closed(retention_days=30)
    records = folded(tmp_path, [stored(short), short, stored(long), long])
    assert Retention(records).expire(NOW + DAY_MICROS).steps == 1
    bodies = Bodies(records)
    assert (bodies.of_trace(short.trace_id), len(bodies.of_trace(long.trace_id))) == ({}, 1)
    records.close()


def test_the_calls_of_a_window_come_once_each_with_what_was_said(tmp_path):
    explicit = trace()
    alone = [closed(at=NOW + number) for number in range(230)]
    same = [closed(at=NOW + 7) for _ in range(150)]
    inside = [closed(trace_id=explicit.trace_id, implicit=False, at=NOW + number) for number in range(3)]
    other = closed(project="other", at=NOW)
    records = folded(tmp_path, [explicit, stored(alone[5]), *alone, *same, *inside, other])
    bodies = Bodies(records)
    found = list(bodies.calls("default", NOW, NOW + 1000))
    assert sorted(one.step_id for one, _ in found) == sorted(one.step_id for one in (*alone, *same, *inside))
    assert [one.step_id for one, said in found if said is not None] == [alone[5].step_id]
    assert len(list(bodies.calls(None, NOW, NOW + 1000))) == len(found) + 1
    assert [one.step_id for one, _ in bodies.calls("default", NOW + 228, NOW + 229)] == [alone[228].step_id]
    records.close()
