"""What holds for the ledger in process beside the suite of all ledgers (tests/storage/test_ledgers.py)."""

import asyncio

import pytest

from gatepost_gateway.domain.governance import Claim, Hold, Refusal
from gatepost_gateway.ledger import MemoryLedger


def reserve(ledger, name, *claims):
    """Drives the coroutine by hand: it must not wait."""
    asking = ledger.reserve(name, tuple(claims))
    with pytest.raises(StopIteration) as end:
        asking.send(None)
    return end.value.value


def test_what_was_spent_before_the_start_counts():
    ledger = MemoryLedger({"a": 90})
    assert reserve(ledger, "1", Claim("a", 100, 11)) == Refusal("a", 100, 90, 0, 11)
    assert isinstance(reserve(ledger, "1", Claim("a", 100, 10)), Hold)


def test_many_at_once_never_pass_the_limit_together():
    async def main():
        ledger = MemoryLedger()
        asked = [ledger.reserve(str(number), (Claim("a", 100, 7),)) for number in range(100)]
        return ledger, await asyncio.gather(*asked)

    ledger, said = asyncio.run(main())
    assert sum(isinstance(one, Hold) for one in said) == 14
    assert ledger.used("a") == (0, 98)


def test_a_closed_account_gives_nothing_until_its_period_is_over():
    ledger = MemoryLedger(closed=["a@2026-11-20T17"])
    asyncio.run(ledger.close("b@2026-11-20T18"))
    for account in ("a@2026-11-20T17", "b@2026-11-20T18"):
        said = reserve(ledger, "1", Claim("c@2026-11", 10, 1), Claim(account, 10, 0))
        assert said == Refusal(account, 10, 0, 0, 0, closed=True, index=1)
    ledger.forget(frozenset({"2026-11", "2026-11-20T18"}))
    assert isinstance(reserve(ledger, "1", Claim("a@2026-11-20T17", 10, 1)), Hold)
    assert isinstance(reserve(ledger, "2", Claim("b@2026-11-20T18", 10, 1)), Refusal)


def test_subjects_are_many_and_bounded(monkeypatch):
    monkeypatch.setattr("gatepost_gateway.ledger.memory.MOST_SUBJECTS", 3)
    names = [f"u/daily in p for user {name}@2026-11-20" for name in "abcdef"]
    ledger = MemoryLedger(dict.fromkeys(names[:2], 5))
    holds = [reserve(ledger, name, Claim(name, 10, 4)) for name in names[2:]]
    rest = "u/daily in p for user@2026-11-20"
    assert [hold.claims[0].account for hold in holds[:3]] == [names[2], rest, rest]
    assert holds[3] == Refusal(rest, 10, 0, 8, 4)
    assert ledger.used(names[5]) == (0, 8)
    # Another limit, project or day is another group.
    for other in (names[5].replace(" in p", " in q"), names[5].replace("20", "21"), names[5].replace("u/", "v/")):
        assert reserve(ledger, other, Claim(other, 10, 4)).claims[0].account == other
    # Who spent nothing makes room.
    ledger.settle(holds[0], 0)
    assert reserve(ledger, "again", Claim(names[5], 10, 4)).claims[0].account == names[5]


def test_a_hold_is_settled_where_it_was_given_whatever_was_asked():
    ledger = MemoryLedger()
    claim = Claim("a", 10, 5)
    hold = reserve(ledger, "1", claim)
    ledger.settle(Hold("1", (Claim("b", 10, 5),)), 3)
    assert (ledger.used("a"), ledger.used("b"), hold.claims) == ((3, 0), (0, 0), (claim,))


def test_a_period_that_is_over_is_forgotten_unless_something_is_held_in_it():
    ledger = MemoryLedger({"a@2026-11-19": 5, "b@2026-11": 6})
    hold = reserve(ledger, "1", Claim("c@2026-11-19", 10, 3))
    ledger.forget(frozenset({"2026-11-20", "2026-11"}))
    assert ledger.used("a@2026-11-19") == (0, 0)
    assert ledger.used("b@2026-11") == (6, 0)
    ledger.settle(hold, 2)
    assert ledger.used("c@2026-11-19") == (2, 0)


def test_a_hold_of_nothing_settles_after_its_period_was_forgotten():
    ledger = MemoryLedger()
    hold = reserve(ledger, "1", Claim("a@2026-11-19", 10, 0))
    ledger.forget(frozenset({"2026-11-20"}))
    ledger.settle(hold, 0)
    assert ledger.open_holds() == 0
    assert ledger.used("a@2026-11-19") == (0, 0)


def test_a_hold_that_was_never_given_settles_nothing():
    ledger = MemoryLedger()
    ledger.settle(Hold("x", (Claim("a", 1, 1),)), 1)
    assert ledger.used("a") == (0, 0)


def test_a_correction_changes_what_is_settled_and_nothing_of_what_is_over():
    ledger = MemoryLedger({"a": 50, "b": 20})
    ledger.correct(Hold("1", (Claim("a", 100, 30), Claim("gone", 100, 30))), 30, 10)
    assert (ledger.used("a"), ledger.used("b"), ledger.used("gone")) == ((30, 0), (20, 0), (0, 0))
