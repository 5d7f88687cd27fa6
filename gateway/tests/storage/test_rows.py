import msgspec

from gatepost_gateway.storage.rows import Filters, Place, read_cursor, read_trace, trace_of, write_cursor

from .making import closed

ROW = (5, "t", None, 0, "acme", "", None, "{}", None, 1, 0, 2, 3, "failed", None, None, None, '["a"]')


def test_a_cursor_says_where_a_page_ended():
    row = read_trace(ROW)
    assert read_cursor(write_cursor(row)) == Place(5, "t")
    assert Place(5, "t") < Place()


def test_an_open_trace_is_not_completed():
    assert not read_trace(ROW).completed
    assert read_trace((*ROW[:3], 1, *ROW[4:])).completed
    assert read_trace((*ROW[:16], 9, ROW[17])).completed
    assert (read_trace(ROW).project, read_trace(ROW).models) == (None, ("a",))


def test_the_trace_of_a_call_of_one_step_is_told_by_the_step():
    one = closed(cost=None, user="u", session_id="s")
    row = read_trace((one.at, one.trace_id, msgspec.msgpack.encode(one)))
    assert row == trace_of(one)
    assert (row.completed, row.steps, row.unpriced, row.cost, row.models) == (True, 1, 1, 0, ("small",))
    assert (row.user, row.session_id, row.micros) == ("u", "s", 1200)
    assert trace_of(closed(model=None)).models == ()


def test_what_has_an_index_of_its_own():
    said = Filters(model="m", user="u", properties=(("a", "b"),))
    assert said.said() == [("property:a", "b")]
    assert said.facets() == [("property:a", "b"), ("user", "u"), ("model", "m")]
