"""What every implementation of counters promises: one suite, which each of them runs with `counters` of its own."""

from typing import Any


class CountersContract:
    async def test_what_was_added_is_there_at_once(self, counters: Any) -> None:
        assert counters.so_far("a", 60.0) == 0
        counters.add("a", 2, 60.0)
        counters.add("a", 3, 60.0)
        counters.add("b", 7, 3600.0)
        assert [counters.so_far("a", 60.0), counters.so_far("b", 3600.0), counters.so_far("c", 60.0)] == [5, 7, 0]

    async def test_large_amounts_are_exact(self, counters: Any) -> None:
        counters.add("a", 10**15, 60.0)
        counters.add("a", 1, 60.0)
        assert counters.so_far("a", 60.0) == 10**15 + 1

    async def test_names_of_any_letters_are_told_apart(self, counters: Any) -> None:
        names = ["tool\x00", "tool", "werkzeug ü", "x" * 5000, "x" * 5001, "\ud800"]
        for number, name in enumerate(names, 1):
            counters.add(name, number, 60.0)
        assert [counters.so_far(name, 60.0) for name in names] == [1, 2, 3, 4, 5, 6]
