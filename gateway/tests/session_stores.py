"""What every store of sessions promises: one suite, which each of them runs with a `store` of its own."""

import asyncio
from typing import Any

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.ports import SESSION_LIFE as LIFE

NOW = 1_795_000_000_000_000
ONE, TWO = b"1" * 16, b"2" * 16


class SessionStoreContract:
    async def test_turns_are_counted_from_what_the_session_has_had(self, store: Any) -> None:
        name, begun = ids.new(), ids.new()
        assert [await store.turn(name, "p/", 0, NOW + at) for at in range(3)] == [1, 2, 3]
        assert [await store.turn(begun, "p/", 1, NOW + at) for at in range(3)] == [2, 3, 4]

    async def test_a_session_of_another_owner_is_not_touched_while_it_lives(self, store: Any) -> None:
        name = ids.new()
        assert await store.turn(name, "p/", 0, NOW) == 1
        assert await store.turn(name, "q/", 0, NOW + LIFE) is None
        assert await store.turn(name, "p/", 0, NOW + LIFE) == 2
        assert await store.turn(name, "q/", 0, NOW + 2 * LIFE + 1) == 1

    async def test_thirty_minutes_of_silence_end_a_session(self, store: Any) -> None:
        name = ids.new()
        times = (0, LIFE, 2 * LIFE, 3 * LIFE + 1)
        assert [await store.turn(name, "p/", 0, NOW + at) for at in times] == [1, 2, 3, 1]

    async def test_turns_that_come_at_once_get_a_number_each(self, store: Any) -> None:
        name = ids.new()
        numbers = await asyncio.gather(*(store.turn(name, "p/", 0, NOW) for _ in range(40)))
        assert sorted(numbers) == list(range(1, 41))

    async def test_a_mark_is_adopted_once(self, store: Any) -> None:
        first, second = ids.new(), ids.new()
        assert await store.adopt(ONE, first, NOW) == first
        assert await store.adopt(ONE, second, NOW + LIFE) == first
        assert await store.adopt(TWO, second, NOW) == second
        assert await store.adopt(ONE, second, NOW + 2 * LIFE + 1) == second

    async def test_sessions_that_come_at_once_adopt_one(self, store: Any) -> None:
        found = await asyncio.gather(*(store.adopt(ONE, ids.new(), NOW) for _ in range(20)))
        assert len(set(found)) == 1

    async def test_a_mark_leads_to_what_was_kept_under_it(self, store: Any) -> None:
        name = ids.new()
        assert await store.claim(ONE, NOW) is None
        await store.keep([ONE, TWO], name, NOW)
        assert await store.claim(ONE, NOW + LIFE) == name
        assert await store.claim(ONE, NOW + 2 * LIFE) == name
        assert await store.claim(TWO, NOW + LIFE + 1) is None

    async def test_of_equal_conversations_each_is_given_once_then_the_last(self, store: Any) -> None:
        names = [ids.new() for _ in range(3)]
        for at, name in enumerate(names):
            await store.keep([ONE], name, NOW + at)
        assert [await store.claim(ONE, NOW + 10 + at) for at in range(5)] == [*names, names[-1], names[-1]]
        await store.keep([ONE], names[0], NOW + 20)
        assert await store.claim(ONE, NOW + 21) == names[0]

    async def test_conversations_that_claim_at_once_are_led_apart(self, store: Any) -> None:
        names = [ids.new() for _ in range(8)]
        for at, name in enumerate(names):
            await store.keep([ONE], name, NOW + at)
        found = await asyncio.gather(*(store.claim(ONE, NOW + 10) for _ in names))
        assert sorted(found) == sorted(names)

    async def test_keeping_the_same_twice_leads_there_once(self, store: Any) -> None:
        first, second = ids.new(), ids.new()
        await store.keep([ONE], first, NOW)
        await store.keep([ONE], first, NOW + 1)
        await store.keep([ONE], second, NOW + 2)
        assert [await store.claim(ONE, NOW + 3) for _ in range(2)] == [first, second]

    async def test_the_conversations_under_one_mark_are_bounded(self, store: Any) -> None:
        names = [ids.new() for _ in range(20)]
        for at, name in enumerate(names):
            await store.keep([ONE], name, NOW + at)
        assert [await store.claim(ONE, NOW + 30 + at) for at in range(17)] == [*names[4:], names[-1]]
