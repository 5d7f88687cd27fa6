import pytest

from gatepost_gateway.dialects import openai_chat
from gatepost_gateway.domain.errors import Code, GatewayFault, UpstreamError
from gatepost_gateway.domain.limits import Ask
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.records import Outcome
from gatepost_gateway.domain.snapshot import RateLimits
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.pipeline.journal import IN_FLIGHT_TOKENS, MOST_COST, thinks_unseen

from .fakes import PRICES, Answer, House, ScriptedTransport, chat, completion, daily, entry, events, run, snapshot_of

BUDGET = (daily(10**12),)


def after(*answers, model=None, budgets=BUDGET, fails=None, **members):
    house = House(snapshot_of(model or entry(max_output=9000), budgets=budgets), ScriptedTransport(*answers))
    if fails is None:
        run(house.call(chat(**members)))
    else:
        with pytest.raises(fails):
            run(house.call(chat(**members)))
    for claim in house.record.claims:
        assert house.ledger.used(claim.account)[1] == 0
    return house.record


def test_each_bucket_has_its_price():
    prices = Prices(1_000_000, 2_000_000, cache_read=100_000)
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 60}}
    record = after(Answer(200, [completion(usage=usage)]), model=entry(prices=prices))
    assert record.usage == Usage(input=40, output=10, cache_read=60)
    assert (record.cost, record.settled, record.estimated) == (40 + 6 + 20, 66, False)
    assert record.prices == prices


def test_what_the_provider_says_of_itself_is_recorded_and_cut_to_a_sane_length():
    record = after(Answer(200, [completion(id="x" * 10**6, system_fingerprint="f" * 10**6)]))
    assert (len(record.upstream_id), len(record.fingerprint)) == (200, 200)
    assert (record.model, record.provider, record.finish) == ("m", "openai", ("stop",))


@pytest.mark.parametrize(
    "usage", [{"prompt_tokens": -50, "completion_tokens": -50}, {"prompt_tokens": 10**30}, {}, None]
)
def test_a_provider_cannot_give_money_back_or_break_the_record(usage):
    record = after(Answer(200, [completion(usage=usage)]))
    assert record.estimated
    assert 0 < record.settled <= record.held


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("prices", [PRICES, Prices(10**18, 10**18)])
def test_a_usage_that_no_call_has_is_estimated_and_uses_up_no_budget(stream, prices):
    told = events("hi") if stream else [completion(usage={"prompt_tokens": 3, "completion_tokens": 1})]
    told = [piece.replace(b'"prompt_tokens":3', b'"prompt_tokens":%d' % 2**40) for piece in told]
    record = after(
        Answer(200, told), model=entry(prices=prices, max_output=10), budgets=(daily(10**18),), stream=stream
    )
    assert record.estimated
    assert 0 < record.settled <= min(record.held, MOST_COST)
    assert record.warnings == ("the provider reported more than any call uses: what it used is estimated",)


def test_an_answer_without_usage_is_estimated_from_its_bytes():
    record = after(Answer(200, events("one", "two", usage=False)), stream=True)
    assert record.outcome is Outcome.ANSWERED
    assert record.estimated
    assert not record.usage.exact
    assert record.usage.output == len('"one"') + len('"two"')
    assert 0 < record.settled < record.held


def test_a_stream_that_was_cut_costs_more_than_what_arrived_and_at_most_the_hold():
    record = after(Answer(200, events("one", done=False, usage=False)[:2]), stream=True, fails=UpstreamError)
    assert record.usage.output == len('"one"') + IN_FLIGHT_TOKENS
    assert record.estimated
    assert PRICES.cost(Usage(3, 1)) < record.settled < record.held
    small = after(
        Answer(200, events("one", done=False, usage=False)[:2]), stream=True, max_tokens=5, fails=UpstreamError
    )
    assert small.settled == small.held


def test_a_growing_usage_is_not_the_last_word_of_a_stream_that_was_cut():
    word = b'data: {"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":3,"completion_tokens":400}}\n\n'
    record = after(Answer(200, [word]), stream=True, fails=UpstreamError)
    assert record.estimated
    assert record.usage.output >= 400 + IN_FLIGHT_TOKENS


@pytest.mark.parametrize(
    ("tools", "told"),
    [
        (None, True),
        ([{"type": "function", "function": {"name": "f"}}], True),
        ([{"type": "web_search_20250305", "name": "web_search"}], False),
        ({}, False),
    ],
)
def test_the_input_of_a_stream_that_was_left_is_what_the_provider_counted_at_its_beginning(tools, told):
    usage = '"usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4}}'
    word = b'data: {"choices":[{"delta":{"content":"x"}}],' + usage.encode() + b"}\n\n"
    members = {} if tools is None else {"tools": tools}
    record = after(Answer(200, [word]), stream=True, fails=UpstreamError, **members)
    assert record.estimated
    assert record.usage.output == len(b'"x"') + IN_FLIGHT_TOKENS
    assert ((record.usage.input, record.usage.cache_read) == (5, 4)) is told
    assert record.usage.exact is False
    assert told or record.usage.input > 50


def test_one_choice_that_ended_does_not_end_the_cost_of_the_other():
    ended = b'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n'
    record = after(Answer(200, [ended]), stream=True, n=2, fails=UpstreamError)
    assert record.usage.output >= IN_FLIGHT_TOKENS


@pytest.mark.parametrize(
    ("identifier", "model", "members", "hidden"),
    [
        ("gpt-4o", None, {}, False),
        ("o3-mini", None, {}, True),
        ("openai/o3-mini", None, {}, True),
        ("gpt-5.2", None, {}, True),
        ("us.openai.gpt-5", None, {}, True),
        ("gemini-2.5-pro", None, {}, True),
        ("deepseek-reasoner", None, {}, True),
        ("my-deployment", "o4-mini-2025-04-16", {}, True),
        ("my-deployment", "gpt-4o-2024-08-06", {}, False),
        ("my-deployment", None, {"reasoning_effort": "low"}, True),
        ("claude-sonnet-4-5", None, {}, False),
        ("claude-sonnet-4-5", None, {"thinking": {"type": "adaptive"}}, True),
        ("foo3", None, {}, False),
    ],
)
def test_models_whose_thoughts_do_not_show(identifier, model, members, hidden):
    import msgspec

    asked = openai_chat.read_asked(msgspec.json.encode(chat(**members)))
    assert thinks_unseen(entry(identifier=identifier), model, asked) is hidden
    for said in (True, False):
        assert (
            thinks_unseen(entry(identifier=identifier, additional_config={"hidden_reasoning": said}), model, asked)
            is said
        )


def test_a_model_that_thinks_unseen_is_settled_at_the_hold_when_it_is_cut():
    record = after(
        Answer(200, events("one", done=False, usage=False)[:2]),
        model=entry("m", identifier="o3", max_output=900),
        stream=True,
        fails=UpstreamError,
    )
    assert record.settled == record.held


def test_a_refusal_costs_nothing():
    record = after(Answer(400, [b'{"error":{"message":"no"}}']), fails=UpstreamError)
    assert (record.cost, record.settled, record.estimated, record.outcome) == (0, 0, False, Outcome.FAILED)


def test_more_than_the_worst_case_is_charged_and_said():
    record = after(Answer(200, [completion(output=10**6)]), max_tokens=5)
    assert record.settled == PRICES.cost(Usage(3, 10**6)) > record.held
    assert record.warnings == ("the provider billed more than the worst case that was set aside",)


def test_without_a_budget_the_price_is_recorded_all_the_same():
    record = after(Answer(200, [completion()]), budgets=())
    assert (record.cost, record.held, record.claims) == (7000, 0, ())


def test_no_record_no_call():
    house = House(snapshot_of(entry(), budgets=BUDGET))
    house.recorder.fail = GatewayFault("the disk is full", code=Code.RECORDS_UNAVAILABLE, status=503)
    with pytest.raises(GatewayFault, match="disk is full") as caught:
        run(house.call(chat()))
    assert caught.value.status == 503
    assert house.transport.asked == []
    assert house.ledger.open_holds() == 0


def test_a_record_that_cannot_be_written_is_no_answer():
    house = House(snapshot_of(entry(), budgets=BUDGET))

    async def breaks():
        house.recorder.fail = GatewayFault("the disk is full", code=Code.RECORDS_UNAVAILABLE, status=503)
        return Answer(200, [completion()])

    house.transport.answers = [breaks]
    with pytest.raises(GatewayFault, match="disk is full"):
        run(house.call(chat()))
    assert house.ledger.open_holds() == 0
    assert house.transport.given[0].closed


def test_the_hold_is_written_before_the_first_upstream_byte():
    house = House(snapshot_of(entry(), budgets=BUDGET))
    seen = []

    async def look():
        seen.extend(house.recorder.opened)
        return Answer(200, [completion()])

    house.transport.answers = [look]
    run(house.call(chat()))
    assert [(one.step_id, one.claims, one.held) for one in seen] == [
        (house.record.step_id, house.record.claims, house.record.held)
    ]


def test_tokens_that_were_not_used_are_given_back_when_a_call_fails():
    house = House(
        snapshot_of(entry(), rate_limits=RateLimits(tpm=5000)), ScriptedTransport(Answer(400, [b'{"error":{}}']))
    )
    with pytest.raises(UpstreamError):
        run(house.call(chat()))
    assert run(house.rates.take((Ask("project:p:tokens", 5000, 5000),))).admitted
