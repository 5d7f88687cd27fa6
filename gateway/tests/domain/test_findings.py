from collections.abc import Sequence

from gatepost_gateway.domain.findings import Finding, find_all, find_in_pieces


class Letters:
    """Finds the letter `x`."""

    name = "letters"
    span = 1

    def begin(self) -> "Letters":
        self.settled = 0
        return self

    def feed(self, text: str, base: int, ended: bool) -> Sequence[Finding]:
        start, self.settled = self.settled, base + len(text)
        return [
            Finding(base + at, base + at + 1, "X", self.name)
            for at, letter in enumerate(text)
            if letter == "x" and base + at >= start
        ]


def test_a_whole_text_is_fed_once_and_ended():
    assert find_all(Letters(), "axbx") == [Finding(1, 2, "X", "letters"), Finding(3, 4, "X", "letters")]


def test_findings_stand_in_the_order_of_their_start():
    late, early = Finding(5, 6, "A", "a"), Finding(1, 9, "B", "b")
    assert sorted([late, early]) == [early, late]


def test_a_long_text_is_fed_step_by_step_and_finds_the_same():
    text = "axbxxcdx" * 5
    steps = list(find_in_pieces(Letters(), text, 7))
    assert len(steps) == 6
    assert [one for step in steps for one in step] == find_all(Letters(), text)


def test_a_detector_without_a_bound_is_fed_once():
    whole = Letters()
    whole.span = None
    assert len(list(find_in_pieces(whole, "x" * 50, 7))) == 1
