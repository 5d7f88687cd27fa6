from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.domain.clock import DAY_MICROS
from gatepost_gateway.domain.records import Closed, Logged, StepKind
from gatepost_gateway.storage.steps import COLUMNS, expiry, read_step, write_event, write_step

from .making import NOW, full, logged

NUMBERS = st.integers(-(2**63), 2**63 - 1)


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
    assert read_step(write_step(one)) == one


def test_a_row_has_a_value_for_every_column():
    one = full()
    assert len(write_step(one)) == len(write_event(logged("t"))) == COLUMNS + 1
    assert read_step(write_step(one)) == one
    assert expiry(one) == NOW + 30 * DAY_MICROS


def test_an_event_stays_an_event():
    one = logged("t", parent_step_id="p", request_id="r")
    found = read_step(write_event(one))
    assert isinstance(found, Logged)
    assert found == one
