import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects import framing
from gatepost_gateway.dialects.framing import EventSplitter, EventTooLong, data_of

LINES = st.sampled_from(
    [
        b"data: one",
        b"data:two",
        b"data:",
        b"data:  x",
        b": a comment",
        b"event: e",
        b"id: 1",
        b"retry: 5",
        b"nonsense",
        b"",
    ]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
STREAMS = st.tuples(
    st.booleans(), st.lists(st.lists(st.tuples(LINES, ENDS), min_size=1, max_size=4).map(tuple), max_size=5), ENDS
)


def bytes_of(stream):
    mark, blocks, end = stream
    body = b"".join(b"".join(line + ending for line, ending in block) + end for block in blocks)
    return (b"\xef\xbb\xbf" if mark else b"") + body


def split(data, cuts):
    splitter = EventSplitter()
    events = []
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        events += splitter.feed(data[start:end])
    return events, splitter.rest


def said(events):
    return [data for event in events if (data := data_of(event)) is not None]


def by_the_book(data):
    """WHATWG HTML section 9.2.6, line by line: the data of each event that is dispatched."""
    text = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    out, held = [], []
    for line in text.split(b"\n")[:-1]:
        if not line:
            if held:
                out.append(b"\n".join(held))
            held = []
        elif line.startswith(b"data:"):
            held.append(line[5:].removeprefix(b" "))
    return out


@settings(deadline=None, derandomize=True, max_examples=300)
@given(STREAMS, st.data())
def test_any_cut_gives_the_same_events_and_the_same_bytes(stream, draw):
    data = bytes_of(stream)
    cuts = sorted(draw.draw(st.sets(st.integers(0, len(data)), max_size=12)))
    events, rest = split(data, cuts)
    assert b"".join(events) + rest == data
    whole, _ = split(data, [])
    assert said(events) == said(whole)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(STREAMS)
def test_the_events_are_those_of_the_standard(stream):
    data = bytes_of(stream)
    events, rest = split(data, [])
    # A carriage return at the very end may be half of a line end: its event is whole when more comes, or nothing does.
    pending = said([rest + b"\n"]) if rest.endswith(b"\r") else []
    assert said(events) + pending == by_the_book(data)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_ends_an_event_one_byte_at_a_time(end):
    data = b"data: a" + end + end + b"data: b" + end + b"data: c" + end + end + b": bye" + end
    events, rest = split(data, range(1, len(data)))
    assert said(events) == [b"a", b"b\nc"]
    assert rest.startswith(b": bye")


def test_several_data_lines_are_one_text_and_a_comment_is_none():
    assert data_of(b"event: x\ndata: a\ndata\ndata:\ndata:b\n\n") == b"a\n\nb"
    assert data_of(b": ping\n\n") is None
    assert data_of(b"\n\n") is None
    assert data_of(b"\xef\xbb\xbfdata: a\r\n\r\n") == b"a"


@pytest.mark.parametrize("end", [b"", b"\r"])
def test_an_event_that_never_ends_does_not_fill_the_memory(monkeypatch, end):
    monkeypatch.setattr(framing, "MAX_EVENT", 1000)
    splitter = EventSplitter()
    splitter.feed(b"data: " + b"x" * 900 + end)
    with pytest.raises(EventTooLong):
        splitter.feed(b"x" * 900)
