"""What overlaps is replaced once, by what its first says; what lies between is untouched."""

from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.policy.redaction import Edit, Replacement, Runs, apply, edits_of


def r(start: int, end: int, order: int = 0, text: str = "[X]") -> Replacement:
    return Replacement(start, -end, order, text)


def test_neighbours_are_two_runs() -> None:
    assert edits_of([r(2, 4), r(0, 2)]) == [Edit(0, 2, "[X]"), Edit(2, 4, "[X]")]


def test_what_overlaps_is_one_run() -> None:
    assert edits_of([r(0, 3, 1, "[A]"), r(2, 6, 0, "[B]"), r(5, 7, 0, "[C]")]) == [Edit(0, 7, "[A]")]


def test_the_longest_of_one_start_speaks_and_then_the_first_rule() -> None:
    assert edits_of([r(0, 3, 0, "[S]"), r(0, 5, 9, "[L]")]) == [Edit(0, 5, "[L]")]
    assert edits_of([r(0, 3, 1, "[2]"), r(0, 3, 0, "[1]")]) == [Edit(0, 3, "[1]")]


def test_nothing_is_replaced_by_nothing_found() -> None:
    assert edits_of([r(3, 3)]) == []


def test_apply_keeps_what_lies_between() -> None:
    edits = edits_of([r(1, 3), r(4, 5, text="")])
    assert apply("a\U0001f600bçdé", edits) == "a[X]çé"
    assert apply("bçdé", [Edit(12, 13, "[X]")], base=10) == "bç[X]é"


def test_a_run_is_taken_when_nothing_new_can_begin_in_it() -> None:
    runs = Runs()
    runs.add([r(0, 4, text="[A]")])
    assert runs.take(3) == []
    assert runs.first == Edit(0, 4, "[A]")
    runs.add([r(3, 8, text="[B]")])
    assert runs.take(7) == []
    assert runs.take(8) == [Edit(0, 8, "[A]")]
    assert runs.first is None


spans = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9), st.integers(0, 3)), max_size=12)


@given(spans, st.lists(st.integers(0, 31), max_size=5))
def test_in_pieces_it_is_the_same(said: list[tuple[int, int, int]], cuts: list[int]) -> None:
    wanted = [r(start, start + length, order, f"[{order}]") for start, length, order in said]
    runs, taken, before = Runs(), list[Edit](), 0
    for cut in [*sorted(cuts), 100]:
        runs.add([one for one in wanted if before <= one.start < cut])
        taken += runs.take(cut)
        before = cut
    assert taken == edits_of(wanted)


@given(spans, st.text(min_size=40, max_size=40))
def test_no_neighbour_is_touched(said: list[tuple[int, int, int]], text: str) -> None:
    edits = edits_of([r(start, start + length, order, "\x00") for start, length, order in said])
    covered = {at for start, length, _ in said for at in range(start, start + length)}
    kept = "".join(one for at, one in enumerate(text) if at not in covered)
    assert apply(text.replace("\x00", " "), edits).replace("\x00", "") == kept.replace("\x00", " ")
