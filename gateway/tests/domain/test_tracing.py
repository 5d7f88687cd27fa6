import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.tracing import TraceParent, child_of, read_parent, read_state, span_of, trace_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("said", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-01", 1),
        (f"00-{TRACE}-{SPAN}-00", 0),
        (f"00-{TRACE}-{SPAN}-ff", 1),
        (f"cc-{TRACE}-{SPAN}-01", 1),
        (f"cc-{TRACE}-{SPAN}-01-what the future brings", 1),
    ],
)
def test_a_parent_is_read(said: str, flags: int) -> None:
    found = read_parent(said.encode())
    assert found == TraceParent(TRACE, SPAN, flags)
    assert found.sampled is bool(flags)
    assert found.header() == f"00-{TRACE}-{SPAN}-0{flags}"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01 ",
        f"00-{TRACE}-{SPAN}-0g",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"00-{TRACE}-{SPAN}-01, 00-{TRACE}-{SPAN}-01",
        "\xff" * 55,
    ],
)
def test_nonsense_is_no_parent(said: str) -> None:
    assert read_parent(said.encode("latin-1")) is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("congo=t61rcWkgMzE", "congo=t61rcWkgMzE"),
        ("a=1, b=2 ,,\tc@d=3", "a=1,b=2,c@d=3"),
        ("a=x!~", "a=x!~"),
        ("", None),
        (",", None),
        ("a", None),
        ("a=", None),
        ("A=1", None),
        ("a=1,a=2", None),
        ("a=x=y", None),
        ("a=b\r\nx: y", None),
        (",".join(f"k{number}=1" for number in range(33)), None),
        ("a=" + "x" * 600, None),
        ("a=\xfc", None),
    ],
)
def test_state(said: str, kept: str | None) -> None:
    assert read_state(said.encode("latin-1")) == kept


def test_names_follow_from_our_ids() -> None:
    step, trace = ids.new(), ids.new()
    assert len(span_of(step)) == 16
    assert int(span_of(step), 16)
    assert trace_of(trace) == trace.replace("-", "")
    assert read_parent(child_of(None, trace, step).encode()) == TraceParent(trace_of(trace), span_of(step))
    for flags in (0, 1):
        parent = TraceParent(TRACE, SPAN, flags)
        assert read_parent(child_of(parent.header(), trace, step).encode()) == TraceParent(TRACE, span_of(step), flags)
