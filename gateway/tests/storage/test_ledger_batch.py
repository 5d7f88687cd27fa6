import asyncio

from gatepost_gateway.domain.governance import Claim, Hold, Refusal
from gatepost_gateway.storage.ledger_batch import LARGEST, Ask, Cost, answer_of, group_at, parameters

A, USER = Claim("a@2026-11-20", 100, 7), Claim("u/daily in p for user ann@2026-11-20", 10**30, 10**21)


def asked(*claims: Claim) -> Ask:
    loop = asyncio.new_event_loop()
    try:
        return Ask("h", claims, loop.create_future())
    finally:
        loop.close()


def test_a_batch_is_lists_of_one_length_each():
    said = parameters({"s": Cost(10**25, kept=True)}, [asked(A, USER), asked(A)])
    assert said == (
        ["s"], [LARGEST], [True], ["h", "h"], [2, 3], [A.account, USER.account, A.account],
        [None, "u/daily in p for user@2026-11-20", None], [100, LARGEST, 100], [7, LARGEST + 1, 7],
    )  # fmt: skip


def test_an_answer_is_a_hold_where_it_was_placed_or_the_claim_that_did_not_fit():
    ask = asked(A, USER)
    placed = "u/daily in p for user@2026-11-20"
    hold = Hold("h", (A, Claim(placed, USER.limit, USER.amount)))
    assert answer_of(ask, [[A.account, 0, 7], [placed, 0, 7]]) == hold
    assert answer_of(ask, [1, placed, 5, 6, False]) == Refusal(placed, USER.limit, 5, 6, USER.amount, index=1)


def test_only_one_of_many_has_a_group():
    assert group_at("default/daily@2026-11-20") is None
    assert group_at("u/daily in p for user a@b@2026-11") == "u/daily in p for user@2026-11"
