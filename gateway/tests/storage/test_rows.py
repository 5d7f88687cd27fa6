from gatepost_gateway.storage.rows import Filters, Place, read_cursor, read_trace, write_cursor

ROW = ("t", 5, 0, "acme", "", None, "{}", None, 1, 0, 2, 3, "failed", None, None, None, '["a"]')


def test_a_cursor_says_where_a_page_ended():
    row = read_trace(ROW)
    assert read_cursor(write_cursor(row)) == Place(5, "t")
    assert Place(5, "t") < Place()


def test_an_open_trace_is_not_completed():
    assert not read_trace(ROW).completed
    assert read_trace((*ROW[:2], 1, *ROW[3:])).completed
    assert read_trace((*ROW[:15], 9, ROW[16])).completed
    assert (read_trace(ROW).project, read_trace(ROW).models) == (None, ("a",))


def test_what_has_an_index_of_its_own():
    said = Filters(model="m", user="u", properties=(("a", "b"),))
    assert said.facets() == [("property:a", "b"), ("user", "u"), ("model", "m")]
