import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.domain.clock import DAY_MICROS
from gatepost_gateway.domain.records import Closed, StepKind
from gatepost_gateway.storage.steps import DEFAULT_DAYS, expiry, read_step, unpriced, write_event, write_step

from .making import NOW, closed, full, logged

NUMBERS = st.integers(-(2**63), 2**63 - 1)
encode = msgspec.msgpack.encode


@given(st.tuples(st.text(), st.none() | st.text(), NUMBERS, st.dictionaries(st.text(min_size=1), st.text())))
@settings(deadline=None)
def test_what_is_read_is_what_was_written(said):
    text, maybe, number, properties = said
    one = Closed(
        step_id=text,
        trace_id=text,
        at=number,
        surface=text,
        user=maybe,
        message=maybe,
        cost=number,
        turn=number,
        properties=properties or None,
        warnings=(text, text),
        kind=StepKind.CHECK,
    )
    assert read_step(write_step(one, encode(one), alone=True)[-1]) == one


def test_columns_say_what_a_step_is_found_by():
    one = full()
    row = write_step(one, b"entry", alone=False)
    assert len(row) == len(write_event(logged("t"), b"entry")) == 13
    assert row[3:] == (
        0,
        "default",
        "small",
        "u1",
        "answered",
        one.session_id,
        3,
        '{"feature":"x","höhe":"ü"}',
        NOW + 30 * DAY_MICROS,
        b"entry",
    )


def test_what_nobody_said_is_empty_text():
    one = Closed(step_id="s", trace_id="t", at=NOW, surface="openai")
    assert write_step(one, b"", alone=True)[3:11] == (1, "", "", "", "failed", "", 0, "")


def test_a_step_without_retention_has_the_default_one():
    assert expiry(closed(retention_days=30)) == NOW + 30 * DAY_MICROS
    assert expiry(closed()) == write_step(closed(), b"", alone=True)[11] == NOW + DEFAULT_DAYS * DAY_MICROS


def test_an_event_stays_an_event_and_goes_with_its_trace():
    one = logged("t", parent_step_id="p", request_id="r")
    row = write_event(one, encode(one))
    assert read_step(row[-1]) == one
    assert row[11] == 0


def test_a_cost_is_unknown_only_where_something_was_asked():
    assert unpriced(closed(cost=None))
    assert not unpriced(closed(cost=None, attempts=()))
    assert unpriced(closed(cost=None, attempts=(), estimated=True))
    assert not unpriced(closed(cost=0))
