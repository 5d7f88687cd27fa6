import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects import openai_chat
from gatepost_gateway.domain.clock import iso
from gatepost_gateway.domain.errors import Code, LimitExceeded
from gatepost_gateway.domain.governance import Claim, Hold, Period, Refusal
from gatepost_gateway.domain.limits import Ask, Reach, Scope, ScopedBudget
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.routing import Routing, Strategy
from gatepost_gateway.domain.snapshot import Budget, ProviderKind, RateLimits
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.ledger import MemoryLedger
from gatepost_gateway.pipeline.plan import Planner
from gatepost_gateway.pipeline.reserve import FRAME_TOKENS, MEDIA_TOKENS, input_bound, output_bound, reserve
from gatepost_gateway.providers import PROVIDERS

from .fakes import PRICES, Answer, House, ScriptedTransport, chat, completion, daily, entry, events, run, snapshot_of

PRICE = st.integers(0, 10**10)


def asked(**members):
    return openai_chat.read_asked(msgspec.json.encode(chat(**members)))


def worst(snapshot, one):
    """What the exchange would set aside for a call."""
    house = House(snapshot)
    call = house.exchange.open(house.inbound(one.body))
    call.project, call.asked = snapshot.projects["p"], one
    call.plan = Planner(PROVIDERS, house.sight).plan(call, None)
    run(reserve(house.ledger, house.rates, call))
    assert {claim.amount for claim in call.record.claims} == {call.record.held}
    return call


PRICES_OF = st.builds(Prices, PRICE, PRICE, st.none() | PRICE, st.none() | PRICE)


@settings(deadline=None, derandomize=True)
@given(PRICES_OF, st.integers(1, 8), st.integers(1, 500), st.floats(0, 1), st.data())
def test_the_worst_case_bounds_every_usage_within_the_caps(prices, n, cap, share, data):
    one = asked(n=n, max_tokens=cap)
    call = worst(snapshot_of(entry(prices=prices, max_output=None), budgets=(daily(10**18),)), one)
    prompt = int(input_bound(one) * share)
    cached = data.draw(st.integers(0, prompt))
    written = data.draw(st.integers(0, prompt - cached))
    used = Usage(prompt - cached - written, data.draw(st.integers(0, cap * n)), cached, written)
    assert prices.cost(used) <= call.record.held
    assert call.cap == cap * n


def test_the_input_is_bounded_by_its_bytes_and_a_piece_of_media_by_its_most():
    plain = asked()
    assert input_bound(plain) == len(plain.body) + FRAME_TOKENS
    seen = asked(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}] * 3}])
    assert input_bound(seen) == len(seen.body) + FRAME_TOKENS + 3 * MEDIA_TOKENS


@pytest.mark.parametrize(
    ("members", "model", "most"),
    [
        ({"max_tokens": 7}, {"max_output": 100}, 7),
        ({"max_tokens": 700}, {"max_output": 100}, 100),
        ({"max_tokens": 700}, {"max_output": None}, 700),
        ({}, {"max_output": 100}, 100),
        ({}, {"max_output": None}, 4096),
        ({"max_tokens": 7, "max_completion_tokens": 50}, {"max_output": 100}, 50),
    ],
)
def test_the_output_of_a_choice_is_bounded_by_the_nearest_cap(members, model, most):
    project = snapshot_of().projects["p"]
    assert output_bound(entry(**model), asked(**members), project) == most


def test_a_prediction_that_is_not_used_is_paid_as_output():
    project = snapshot_of().projects["p"]
    one = asked(max_tokens=5, prediction={"type": "content", "content": "x" * 1000})
    assert output_bound(entry(), one, project) > 1005


def test_the_dearest_target_counts():
    models = (entry("m"), entry("b", prices=Prices(10**10, 10**10)))
    snapshot = snapshot_of(*models, budgets=(daily(10**12),), fallbacks={"m": ("b",)})
    assert worst(snapshot, asked()).record.held == worst(snapshot, asked(model="b")).record.held


def test_a_claim_is_made_on_each_budget_in_the_period_of_the_call():
    snapshot = snapshot_of(entry(), budgets=(daily(10**9), Budget("p/monthly", Period.MONTHLY, 10**9)))
    record = worst(snapshot, asked()).record
    assert [claim.account for claim in record.claims] == [
        f"p/daily@{iso(record.at)[:10]}",
        f"p/monthly@{iso(record.at)[:7]}",
    ]


def test_a_refusal_carries_the_exact_arithmetic():
    house = House(snapshot_of(entry(), budgets=(daily(400_000),)), ScriptedTransport(Answer(200, [completion()])))
    run(house.call(chat()))
    body = chat("x" * 1000)
    with pytest.raises(LimitExceeded, match="used up") as caught:
        run(house.call(body))
    numbers = caught.value.arithmetic
    size = len(msgspec.json.encode(body)) + FRAME_TOKENS
    assert (numbers.limit, numbers.settled, numbers.held) == (400_000, 7000, 0)
    assert numbers.asked == PRICES.ceiling(size, 100)
    assert "limit 0.0004 USD, settled 0.000007" in caught.value.public
    assert house.record.outcome == "refused"
    assert (house.record.claims, house.record.settled) == ((), 0)


def test_exactly_the_limit_is_admitted_and_one_more_is_not():
    one = asked()
    worst = PRICES.ceiling(input_bound(one), 100)
    for limit, fits in ((worst, True), (worst - 1, False)):
        house = House(snapshot_of(entry(), budgets=(daily(limit),)), ScriptedTransport(Answer(200, [completion()])))
        if fits:
            assert run(house.call(one.body)).status == 200
        else:
            with pytest.raises(LimitExceeded):
                run(house.call(one.body))


def test_an_unknown_price_is_refused_under_a_budget_and_free_to_go_without_one():
    model = entry(prices=None)
    house = House(snapshot_of(model, budgets=(daily(10**12),)), ScriptedTransport())
    with pytest.raises(LimitExceeded, match="price of `m` is not known") as caught:
        run(house.call(chat()))
    assert (caught.value.status, caught.value.code) == (402, Code.PRICE_UNKNOWN)
    free = House(snapshot_of(model), ScriptedTransport(Answer(200, [completion()])))
    run(free.call(chat()))
    assert (free.record.cost, free.record.prices) == (None, None)


def test_a_fallback_price_stands_in_and_is_the_same_for_every_budget():
    cheap, dear = Prices(10**6, 10**6), Prices(10**9, 10**9)
    budgets = (daily(10**9, fallback=dear), Budget("p/monthly", Period.MONTHLY, 10**9, fallback=cheap))
    house = House(snapshot_of(entry(prices=None), budgets=budgets), ScriptedTransport(Answer(200, [completion()])))
    run(house.call(chat()))
    record = house.record
    assert record.prices == dear
    assert {claim.amount for claim in record.claims} == {record.held}
    assert all(house.ledger.used(claim.account) == (record.settled, 0) for claim in record.claims)
    assert record.settled == dear.cost(record.usage) <= record.held


def test_one_budget_without_a_fallback_price_refuses():
    budgets = (daily(10**9, fallback=PRICES), Budget("p/monthly", Period.MONTHLY, 10**9))
    with pytest.raises(LimitExceeded, match="p/monthly"):
        run(House(snapshot_of(entry(prices=None), budgets=budgets)).call(chat()))


@pytest.mark.parametrize(
    ("members", "model", "budget", "sent"),
    [
        ({}, {"max_output": None}, True, {"max_completion_tokens": 4096}),
        ({}, {"max_output": None, "provider": ProviderKind.INTERNAL}, True, {"max_tokens": 4096}),
        ({}, {"max_output": None}, False, {}),
        ({}, {"max_output": 50}, True, {}),
        ({"max_tokens": 9}, {"max_output": None}, True, {"max_tokens": 9}),
    ],
)
def test_a_cap_is_imposed_only_where_a_budget_counts_on_it(members, model, budget, sent):
    budgets = (daily(10**9),) if budget else ()
    house = House(snapshot_of(entry(**model), budgets=budgets), ScriptedTransport(Answer(200, [completion()])))
    run(house.call(chat(**members)))
    body = msgspec.json.decode(house.transport.asked[0].body)
    assert {name: value for name, value in body.items() if name not in ("model", "messages")} == sent


def test_tokens_a_minute_are_counted_at_the_worst_and_corrected_to_the_real():
    house = House(
        snapshot_of(entry(), rate_limits=RateLimits(tpm=400)),
        ScriptedTransport(*[Answer(200, [completion()]) for _ in range(3)]),
    )
    for _ in range(3):
        run(house.call(chat()))
    assert run(house.rates.take((Ask("project:p:tokens", 400, 400 - 3 * 5),))).admitted
    with pytest.raises(LimitExceeded, match="tokens a minute") as caught:
        run(house.call(chat()))
    assert (caught.value.status, caught.value.code) == (429, Code.RATE_LIMITED)
    assert caught.value.retry_after > 0


def test_tokens_of_a_call_that_no_budget_admits_are_given_back():
    house = House(snapshot_of(entry(), budgets=(daily(1),), rate_limits=RateLimits(tpm=1000)))
    with pytest.raises(LimitExceeded, match="used up"):
        run(house.call(chat()))
    assert run(house.rates.take((Ask("project:p:tokens", 1000, 1000),))).admitted


@pytest.mark.parametrize(
    "extra",
    [{"service_tier": "priority"}, {"modalities": ["text", "audio"]}, {"web_search_options": {}}],
)
def test_what_no_price_bounds_is_refused_under_a_budget_and_only_there(extra):
    house = House(snapshot_of(entry(), budgets=(daily(10**9),)))
    with pytest.raises(LimitExceeded, match=next(iter(extra))) as caught:
        run(house.call(chat(**extra)))
    assert caught.value.code == "price_unknown"
    free = House(snapshot_of(entry()), ScriptedTransport(Answer(200, [completion()])))
    assert run(free.call(chat(**extra))).status == 200


@pytest.mark.parametrize("extra", [{"service_tier": "auto"}, {"service_tier": None}, {"modalities": ["text"]}])
def test_a_member_at_the_list_price_is_admitted(extra):
    house = House(snapshot_of(entry(), budgets=(daily(10**9),)), ScriptedTransport(Answer(200, [completion()])))
    assert run(house.call(chat(**extra))).status == 200


@pytest.mark.parametrize("strategy", list(Strategy))
def test_the_hold_covers_the_dearest_place_that_the_plan_names_whatever_the_order(strategy):
    dear, cheap = Prices(10**10, 2 * 10**10), Prices(10**6, 10**6)
    entries = [entry("a", prices=cheap), entry("b", prices=dear), entry("c", prices=cheap)]
    snapshot = snapshot_of(
        *entries, budgets=(daily(10**18),), fallbacks={"c": ("b",)}, document_tiers={"simple": ("a", "b")},
        tiers={"medium": ("c",)}, routing=Routing(strategy),
    )  # fmt: skip
    alone = worst(snapshot_of(entry("b", prices=dear), budgets=(daily(10**18),)), asked(model="b")).record.held
    for model in ("tier:simple", "tier:medium", "tier:simple"):
        held = worst(snapshot, asked(model=model)).record.held
        assert held >= alone


CAP = ScopedBudget(Reach(Scope.KEY), (Budget("cap/hourly", Period.HOURLY, 400_000),))


def capped(*answers):
    return House(snapshot_of(entry(), budgets_of_all=(CAP,)), ScriptedTransport(*answers))


def refused(house, body):
    with pytest.raises(LimitExceeded) as caught:
        run(house.call(body))
    return caught.value


def test_a_key_whose_cap_of_the_hour_is_used_up_is_paused_until_the_hour_ends():
    house = capped(Answer(200, [completion(output=100)]))
    assert run(house.call(chat(max_tokens=80))).status == 200
    account = house.record.claims[0].account
    assert account.startswith("cap/hourly for key k1@")
    # As a call of an unused hour would fit, what was spent is what stops it.
    error = refused(house, chat(max_tokens=80))
    assert (error.status, error.code) == (429, "CIRCUIT_OPEN")
    numbers = error.arithmetic
    assert numbers.settled + numbers.asked > numbers.limit >= numbers.asked
    assert 0 < error.retry_after <= 3600
    assert "paused until" in error.public
    assert (house.record.tripped, house.record.error) == (account, "CIRCUIT_OPEN")
    # From here on nothing goes, however small.
    assert "paused until" in refused(house, chat(max_tokens=1)).public
    assert house.record.tripped is None
    again = MemoryLedger({account: 10}, [account])
    assert isinstance(run(again.reserve("s", (Claim(account, 10**9, 1),))), Refusal)


def test_neither_a_call_that_never_fits_nor_holds_of_others_pause_a_key():
    house = capped(Answer(200, [completion()]), Answer(200, [completion()]))
    run(house.call(chat()))
    assert refused(house, chat("x" * 1000)).retry_after is None
    name = house.recorder.closed[0].claims[0].account
    run(house.ledger.reserve("other", (Claim(name, 400_000, 390_000),)))
    error = refused(house, chat())
    assert (error.retry_after, error.arithmetic.held) == (None, 390_000)
    assert "calls under way" in error.public
    house.ledger.settle(Hold("other", ()), 0)
    assert run(house.call(chat())).status == 200


def test_all_the_budgets_of_a_call_or_none():
    poor = ScopedBudget(Reach(Scope.USER, match="ann"), (Budget("poor/daily", Period.DAILY, 1),))
    rich = ScopedBudget(Reach(Scope.ORG), (Budget("rich/monthly", Period.MONTHLY, 10**12),))
    house = House(snapshot_of(entry(), budgets=(daily(10**12),), budgets_of_all=(rich, poor)))
    error = refused(house, chat(user="ann"))
    assert error.arithmetic.limit_id.startswith("poor/daily in p for user ann@")
    assert (error.status, house.ledger.open_holds(), house.record.claims) == (402, 0, ())
    assert house.ledger.used(f"p/daily@{iso(house.record.at)[:10]}") == (0, 0)


def test_the_answer_says_what_is_left_when_it_is_settled():
    each = ScopedBudget(Reach(Scope.USER), (Budget("u/daily", Period.DAILY, 10**9),))
    house = House(
        snapshot_of(entry(), budgets=(daily(10**10),), budgets_of_all=(each,)),
        ScriptedTransport(Answer(200, [completion()]), Answer(200, events("a", "b"))),
    )
    head = run(house.call(chat(user="ann"))).headers
    assert head[b"x-budget-user-daily-limit"] == b"1"
    assert head[b"x-budget-user-daily-spend"] == head[b"x-budget-project-daily-spend"] == b"0.000007"
    assert head[b"x-budget-user-daily-remaining"] == b"0.999993"
    assert head[b"x-budget-project-daily-remaining"] == b"9.999993"
    streamed = run(house.call(chat(stream=True, user="ann"))).headers
    assert streamed[b"x-budget-user-daily-spend"] == b"0.000007"
    assert float(streamed[b"x-budget-user-daily-remaining"]) < 0.9999, "what the call itself holds is not left"
