"""What every implementation of loops promises: one suite, which each of them runs with `loops` of its own."""

import asyncio
from typing import Any


class LoopsContract:
    async def test_the_same_in_a_row_is_counted_up_to_the_most(self, loops: Any) -> None:
        said = [await loops.repeated("o", b"x", 60.0, 5) for _ in range(7)]
        assert [count for count, _ in said] == [1, 2, 3, 4, 5, 5, 5]
        assert all(0 < wait <= 60 for _, wait in said)

    async def test_another_question_in_between_begins_again(self, loops: Any) -> None:
        asked = [(b"x", 1), (b"x", 2), (b"y", 1), (b"x", 1), (b"x", 2)]
        assert [(await loops.repeated("o", mark, 60.0, 5))[0] for mark, _ in asked] == [count for _, count in asked]

    async def test_every_owner_asks_for_himself(self, loops: Any) -> None:
        asked = ["a", "b", "a", "b", "c"]
        assert [(await loops.repeated(owner, b"x", 60.0, 5))[0] for owner in asked] == [1, 1, 2, 2, 1]

    async def test_what_is_older_is_forgotten_and_the_wait_says_when(self, loops: Any) -> None:
        for _ in range(3):
            await loops.repeated("o", b"x", 0.2, 9)
        count, wait = await loops.repeated("o", b"x", 0.2, 9)
        assert (count <= 4, wait <= 0.2) == (True, True)
        await asyncio.sleep(0.25)
        assert (await loops.repeated("o", b"x", 0.2, 9))[0] == 1

    async def test_of_many_at_once_each_is_counted(self, loops: Any) -> None:
        said = await asyncio.gather(*(loops.repeated("o", b"x", 60.0, 1000) for _ in range(50)))
        assert sorted(count for count, _ in said) == list(range(1, 51))
