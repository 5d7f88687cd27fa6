"""Rate limits on a call's way: whose they are, which one refuses, what is given back, and when slots come free."""

import asyncio
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from gatepost_gateway.domain.errors import Code, GatewayError, LimitExceeded
from gatepost_gateway.domain.limits import Ask, RateLimits, Reach, Scope, ScopedRates
from gatepost_gateway.domain.records import Outcome
from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind, ProxyEntry
from gatepost_gateway.pipeline.call import Inbound, Presented
from gatepost_gateway.pipeline.verdict import Verdicts

from .fakes import Answer, House, Outlet, ScriptedTransport, chat, completion, daily, entry, run, snapshot_of
from .test_cancel import CancelAt, SlowHouse, pause


def limit(scope=Scope.GLOBAL, name=None, match=None, project=None, **rates):
    return ScopedRates(name or f"per_{scope.value}", Reach(scope, "", match, project), RateLimits(**rates))


def house_of(*limits, answers=20, **more):
    replies = [Answer(200, [completion()]) for _ in range(answers)]
    return House(snapshot_of(entry(), rates=limits, **more), ScriptedTransport(*replies))


def refused(house, body=None, **more):
    with pytest.raises(LimitExceeded) as caught:
        run(house.call(body or chat(), **more))
    return caught.value


def left(house, account, most, slot=False):
    """What of a limit is free now."""
    return run(house.rates.take((Ask(account, most, most + 1, slot),))).windows[0].remaining


@pytest.mark.parametrize(
    ("scope", "account"),
    [
        (Scope.GLOBAL, "per_global:requests"),
        (Scope.ORG, "per_org:requests for org org"),
        (Scope.PROJECT, "per_project:requests for project p"),
        (Scope.KEY, "per_key:requests for key k1"),
        (Scope.USER, "per_user:requests in p for user ann"),
        (Scope.IP, "per_ip:requests for ip 203.0.113.7"),
    ],
)
def test_each_scope_counts_its_own_subject(scope, account):
    house = house_of(limit(scope, rpm=2))
    shown = Presented(bearer=house.inbound(chat()).presented.bearer, client=lambda: "203.0.113.7")

    async def call():
        inbound = house.inbound(chat(), {b"x-user-id": b"ann"})
        inbound = Inbound(inbound.surface, inbound.operation, inbound.headers, inbound.body, "r", shown)
        await house.exchange.run(house.exchange.open(inbound), Outlet(house.recorder))

    for _ in range(2):
        run(call())
    with pytest.raises(LimitExceeded) as caught:
        run(call())
    numbers = caught.value.arithmetic
    assert (numbers.limit_id, numbers.limit, numbers.settled, numbers.asked) == (account, 2, 2, 1)
    assert (numbers.scope, numbers.unit) == (scope.value, "requests")
    assert (caught.value.status, caught.value.code) == (429, Code.RATE_LIMITED)
    assert 0 < caught.value.retry_after <= 61


def test_projects_proxies_and_keys_have_limits_of_their_own():
    key = "gp_k2_fedcba9876543210fedcba9876543210"
    other = KeyEntry("k2", KeyKind.RUNTIME, "two", hashlib.sha256(key.encode()).digest(), "org", "p", proxy="bot")
    strict = KeyEntry("k3", KeyKind.RUNTIME, "three", b"", "org", "p", rate_limits=RateLimits(rpm=9))
    more = {
        "proxies": (ProxyEntry("bot", "p", rate_limits=RateLimits(rpm=1)),),
        "keys": (other, strict),
        "rate_limits": RateLimits(rpm=3),
    }
    house = house_of(**more)
    run(house.call(chat(), key=key))
    assert refused(house, key=key).arithmetic.limit_id == "proxy:bot:requests"
    run(house.call(chat()))
    run(house.call(chat()))
    assert refused(house).arithmetic.limit_id == "project:p:requests"
    assert [one.id for one in house.snapshot.document.all_rates] == ["key:k3", "proxy:bot", "project:p"]


def test_a_user_whom_only_the_body_names_is_limited_too():
    house = house_of(limit(Scope.USER, rpm=1, parallel=5))
    run(house.call(chat(user="ann")))
    error = refused(house, chat(user="ann"))
    assert error.arithmetic.limit_id == "per_user:requests in p for user ann"
    assert "user `ann` may make 1 requests a minute (limit `per_user`)" in error.public
    run(house.call(chat(user="bob")))
    assert house.rates._slots == {}


def test_a_refusal_at_the_second_door_gives_back_what_the_first_one_took():
    house = house_of(limit(rpm=5, parallel=1), limit(Scope.KEY, tpm=50))
    for _ in range(8):
        error = refused(house)
        assert error.arithmetic.unit == "tokens"
    assert left(house, "per_global:requests", 5) == 5
    assert left(house, "per_global:parallel", 1, slot=True) == 1
    assert "set a smaller `max_tokens`" in error.public


def test_a_call_that_money_refuses_keeps_its_request_and_gives_its_tokens_back():
    house = house_of(limit(rpm=5, tpm=10_000), budgets=(daily(1),))
    assert refused(house).status == 402
    assert left(house, "per_global:requests", 5) == 4
    assert left(house, "per_global:tokens", 10_000) == 10_000


def test_the_limit_to_be_waited_for_longest_is_the_one_that_is_named():
    house = house_of(limit(name="now", parallel=1), limit(name="long", rpm=1))
    run(house.rates.take((Ask("now:parallel", 1, 1, True),)))
    assert "calls under way at once" in refused(house).public
    house.rates.release("now:parallel")
    run(house.call(chat()))
    run(house.rates.take((Ask("now:parallel", 1, 1, True),)))
    error = refused(house)
    assert error.arithmetic.limit_id == "long:requests"
    assert error.retry_after > 50
    assert error.public.startswith("all callers together may make 1 requests a minute (limit `long`): try again in 6")


def test_answers_say_what_is_left_of_the_tightest_limit():
    house = house_of(limit(rpm=10, tpm=100_000), limit(Scope.KEY, rpm=4, parallel=3))
    headers = dict(run(house.call(chat())).headers)
    assert (headers[b"x-ratelimit-limit"], headers[b"x-ratelimit-remaining"]) == (b"4", b"3")
    assert 60 <= int(headers[b"x-ratelimit-reset"]) <= 61
    assert b"x-ratelimit-limit" not in dict(run(house_of().call(chat())).headers)


def test_a_refusal_says_the_same_of_the_limit_that_refused():
    house = house_of(limit(rpm=1), limit(Scope.KEY, rpm=1000))
    run(house.call(chat()))
    call = house.exchange.open(house.inbound(chat()))
    with pytest.raises(LimitExceeded) as caught:
        run(house.exchange.run(call, Outlet(house.recorder)))
    headers = dict(call.ids)
    assert (headers[b"x-ratelimit-limit"], headers[b"x-ratelimit-remaining"]) == (b"1", b"0")
    assert int(headers[b"x-ratelimit-reset"]) == -int(-caught.value.retry_after // 1)
    assert house.record.outcome == Outcome.REFUSED


def test_a_slot_is_free_again_after_every_answer_and_every_refusal():
    house = House(
        snapshot_of(entry(), rates=(limit(parallel=1),)),
        ScriptedTransport(Answer(200, [completion()]), Answer(400, [b'{"error":{}}']), Answer(200, [b"no JSON"])),
    )
    run(house.call(chat()))
    for body in (chat(), chat(), chat(model="nobody"), b"no JSON"):
        with pytest.raises(GatewayError) as caught:
            run(house.call(body))
        assert caught.value.code is not Code.RATE_LIMITED
        assert left(house, "per_global:parallel", 1, slot=True) == 1


def test_checks_count_and_let_go_of_their_slot():
    house = house_of(limit(rpm=2, parallel=1))
    for _ in range(2):
        run(Verdicts(house.stages).check(house.exchange.open(house.inbound(chat()))))
    with pytest.raises(LimitExceeded):
        run(Verdicts(house.stages).check(house.exchange.open(house.inbound(chat()))))
    assert house.rates._slots == {}


class SlowRates:
    """Rates behind a network: an answer takes a moment after it was decided. What is decided for a caller who has left
    meanwhile is undone, as the seam demands.
    """

    def __init__(self, rates):
        self.rates = rates
        self.give_back, self.release = rates.give_back, rates.release

    async def take(self, asks):
        await pause()
        taken = await self.rates.take(asks)
        try:
            await pause()
        except BaseException:
            for ask in taken.asks if taken.admitted else ():
                if ask.slot:
                    self.release(ask.account)
                else:
                    self.give_back(ask.account, ask.amount, taken.at)
            raise
        return taken


def test_whenever_the_caller_leaves_its_slots_and_tokens_come_free():
    limits = (limit(rpm=1000, tpm=10**6, parallel=2), limit(Scope.USER, rpm=1000, parallel=2))
    at, cancelled = 1, 0
    while True:
        house = SlowHouse(snapshot_of(entry(), rates=limits), Answer(200, [completion()]))
        stages = house.exchange._stages
        house.exchange._stages = structs.replace(stages, rates=SlowRates(house.rates))
        call = house.exchange.open(house.inbound(chat(user="ann")))

        async def story(house=house, call=call, at=at):
            try:
                await CancelAt(house.exchange.run(call, Outlet(house.recorder)), at)
            except asyncio.CancelledError:
                asyncio.current_task().uncancel()
                return True
            return False

        done = run(story())
        assert house.rates._slots == {}
        used = house.rates._counters.get("per_global:tokens")
        assert (used.total if used else 0) == sum(one.usage.total for one in house.recorder.closed)
        cancelled += done
        if not done:
            break
        at += 1
    assert cancelled > 8


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.lists(st.sampled_from(["plain", "user", "big", "poor"]), min_size=1, max_size=12))
def test_nothing_is_lost_and_nothing_is_found_by_any_order_of_calls(kinds):
    """Requests that were counted are those that were not refused by a rate; slots are all free at the end."""
    house = house_of(limit(rpm=6, parallel=2), limit(Scope.USER, rpm=2), limit(Scope.KEY, tpm=2000))
    counted = 0
    for kind in kinds:
        body = chat(**({"user": "ann"} if kind == "user" else {"n": 40} if kind == "big" else {}))
        model = {"poor": "nobody"}.get(kind, "m")
        try:
            run(house.call({**body, "model": model}))
            counted += 1
        except GatewayError as error:
            counted += not isinstance(error, LimitExceeded)
        assert left(house, "per_global:requests", 6) == 6 - counted
    assert house.rates._slots == {}


def test_no_limit_costs_no_question():
    house = house_of()
    house.exchange._stages = structs.replace(house.stages, rates=None)
    assert run(house.call(chat())).status == 200
