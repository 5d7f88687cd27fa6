from gatepost_gateway.control.arrivals import ALL, EACH, MOST, WINDOW, Arrivals


class Hands:
    def __init__(self) -> None:
        self.now = 0.0

    def micros(self) -> int:
        return int(self.now * 1_000_000)

    def monotonic(self) -> float:
        return self.now


def test_each_address_has_its_share_and_all_have_one() -> None:
    clock = Hands()
    arrivals = Arrivals(clock)
    assert [arrivals.admit("a") for _ in range(EACH)] == [0] * EACH
    assert arrivals.admit("a") == WINDOW
    clock.now = 10
    assert arrivals.admit("a") == WINDOW - 10
    assert [arrivals.admit(f"b{number}") for number in range(ALL - EACH)] == [0] * (ALL - EACH)
    assert arrivals.admit("c") == WINDOW - 10
    clock.now = WINDOW
    assert arrivals.admit("a") == 0


def test_it_remembers_so_many_and_no_more() -> None:
    clock = Hands()
    arrivals = Arrivals(clock)
    for number in range(MOST + 50):
        clock.now += WINDOW
        arrivals.admit(str(number))
    assert len(arrivals._of) == MOST  # pyright: ignore[reportPrivateUsage]
