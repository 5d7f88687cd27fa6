"""What every implementation of rates promises: one suite, which each of them runs with `rates` of its own.

`at`: lets the clock that they count by go on.
"""

import asyncio
from typing import Any

from gatepost_gateway.domain.limits import MOST_SUBJECTS, WINDOW, Ask


def ask(account: str = "a", limit: int = 3, amount: int = 1, *, slot: bool = False) -> Ask:
    return Ask(account, limit, amount, slot)


class RatesContract:
    async def test_as_many_as_the_limit_and_no_more(self, rates: Any) -> None:
        said = [await rates.take((ask(),)) for _ in range(4)]
        assert [one.admitted for one in said] == [True, True, True, False]
        assert [one.windows[0].remaining for one in said] == [2, 1, 0, 0]
        assert [one.windows[0].limit for one in said] == [3] * 4
        assert all(0 < one.windows[0].reset <= WINDOW + 1 for one in said)
        assert 0 < said[3].windows[0].retry_after <= WINDOW + 1
        assert said[3].windows[0].reset == said[3].windows[0].retry_after

    async def test_a_refusal_of_one_limit_takes_nothing_of_the_others(self, rates: Any) -> None:
        for _ in range(5):
            said = await rates.take((ask("wide", 9), ask("slots", 1, slot=True), ask("narrow", 2, 3)))
            assert [one.admitted for one in said.windows] == [True, True, False]
            assert not said.admitted
        said = await rates.take((ask("wide", 9, 9), ask("slots", 1, slot=True), ask("narrow", 2, 2)))
        assert said.admitted
        assert [one.remaining for one in said.windows] == [0, 0, 0]

    async def test_a_refused_call_hears_what_each_limit_has_left(self, rates: Any) -> None:
        await rates.take((ask("a", 5, 3), ask("b", 2, 2)))
        said = await rates.take((ask("a", 5, 1), ask("b", 2, 1), ask("new", 7)))
        assert [(one.admitted, one.remaining) for one in said.windows] == [(True, 2), (False, 0), (True, 7)]

    async def test_more_than_the_limit_at_once_never_fits(self, rates: Any) -> None:
        said = await rates.take((ask("a", 3, 4),))
        assert (said.admitted, said.windows[0].retry_after, said.windows[0].remaining) == (False, WINDOW, 3)

    async def test_giving_back_makes_room_at_once_and_never_more_than_there_was(self, rates: Any) -> None:
        taken = await rates.take((ask("a", 10, 10),))
        rates.give_back(taken.asks[0].account, 4, taken.at)
        assert (await rates.take((ask("a", 10, 4),))).admitted
        assert not (await rates.take((ask("a", 10, 1),))).admitted
        rates.give_back(taken.asks[0].account, 1000, taken.at)
        rates.give_back("nobody", 4, taken.at)
        assert not (await rates.take((ask("a", 10, 11),))).admitted
        assert (await rates.take((ask("nobody", 4, 4),))).admitted

    async def test_slots_are_held_until_they_are_released(self, rates: Any) -> None:
        held = [await rates.take((ask(limit=2, slot=True),)) for _ in range(3)]
        assert [one.admitted for one in held] == [True, True, False]
        assert held[2].windows[0].retry_after > 0
        rates.release(held[0].asks[0].account)
        assert (await rates.take((ask(limit=2, slot=True),))).admitted
        assert not (await rates.take((ask(limit=2, slot=True),))).admitted

    async def test_a_slot_that_nobody_holds_cannot_be_released(self, rates: Any) -> None:
        rates.release("a")
        assert (await rates.take((ask(limit=1, slot=True),))).admitted
        for _ in range(3):
            rates.release("a")
        assert (await rates.take((ask(limit=1, slot=True),))).admitted
        assert not (await rates.take((ask(limit=1, slot=True),))).admitted

    async def test_slots_and_pieces_of_one_name_are_apart(self, rates: Any) -> None:
        assert (await rates.take((ask("a", 1), ask("a", 1, slot=True)))).admitted
        rates.release("a")
        said = await rates.take((ask("a", 1), ask("a", 1, slot=True)))
        assert [one.admitted for one in said.windows] == [False, True]

    async def test_of_many_at_once_no_more_are_admitted_than_the_limit(self, rates: Any) -> None:
        both = (ask("a", 40), ask("b", 25), ask("c", 30, slot=True))
        said = await asyncio.gather(*(rates.take(both) for _ in range(60)))
        assert sum(one.admitted for one in said) == 25
        said = await asyncio.gather(*(rates.take((both[0],)) for _ in range(60)))
        assert sum(one.admitted for one in said) == 15

    async def test_subjects_of_any_letters_are_told_apart(self, rates: Any) -> None:
        names = [f"l in p for user {name}" for name in ("Ann", "Änn", "李", "🙂", "#1")]
        for name in names:
            said = await rates.take((ask(name, 1), ask(name, 1, slot=True)))
            assert said.admitted
            assert not (await rates.take((ask(name, 1),))).admitted
            rates.release(said.asks[1].account)
            rates.give_back(said.asks[0].account, 1, said.at)
        assert all([(await rates.take((ask(name, 1), ask(name, 1, slot=True)))).admitted for name in names])

    async def test_what_asks_nothing_is_admitted(self, rates: Any) -> None:
        assert (await rates.take(())).admitted


async def fill(rates: Any, group: str, subjects: int = MOST_SUBJECTS) -> None:
    """So many subjects of one limit ask once."""
    for number in range(0, subjects, 50):
        await asyncio.gather(*(rates.take((ask(f"{group} u{number + one}", 2),)) for one in range(50)))
