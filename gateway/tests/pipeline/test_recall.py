from typing import Any

import msgspec
import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import CallerError, LimitExceeded, Refused
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.domain.limits import Ask
from gatepost_gateway.domain.records import Outcome
from gatepost_gateway.domain.snapshot import CacheRules, KeyEntry, KeyKind, ProviderKind, ProxyEntry, RateLimits
from gatepost_gateway.pipeline.call import Inbound, Presented

from .fakes import Answer, House, Outlet, ScriptedTransport, chat, completion, daily, entry, events, run, snapshot_of

CACHE = CacheRules()
WARM = CacheRules(temperature_zero_only=False)
ON, OFF = {b"x-gatepost-cache": b"on"}, {b"x-gatepost-cache": b"off"}


def house_of(*answers: Any, models: Any = None, **more: Any) -> House:
    script = [Answer(200, [one] if isinstance(one, bytes) else one) for one in answers]
    return House(snapshot_of(*(models or [entry()]), **{"cache": CACHE, **more}), ScriptedTransport(*script))


def cold(text: str = "hello", **more: Any) -> dict[str, Any]:
    return chat(text, temperature=0, **more)


def asked(house: House) -> int:
    return len(house.transport.asked)


def test_the_same_question_is_answered_once_and_costs_once():
    house = house_of(completion("hi"))
    first, second = run(house.call(cold())), run(house.call(cold()))
    assert first.body == second.body
    assert asked(house) == 1
    assert (first.headers[b"x-gatepost-cached"], second.headers[b"x-gatepost-cached"]) == (b"false", b"true")
    assert second.headers[b"x-gatepost-attempts"] == b"0"
    paid, free = house.recorder.closed
    assert (paid.cached, paid.saved, paid.cost) == (False, None, 3 * 1000 + 2 * 2000)
    assert (free.cached, free.saved, free.cost, free.settled) == (True, 7000, 0, 0)
    assert (free.outcome, free.model, free.usage.total, free.attempts) == (Outcome.ANSWERED, "m", 0, ())
    assert second.records_at_end == 2


def test_a_stream_is_kept_as_it_came_and_serves_streams_only():
    house = house_of(events("a", "b"), completion("ab"))
    first, second = run(house.call(cold(stream=True))), run(house.call(cold(stream=True)))
    assert first.body == second.body
    assert first.body.endswith(b"data: [DONE]\n\n")
    assert house.record.cached
    assert second.records_at_end == 2
    run(house.call(cold()))
    assert not house.record.cached


def test_a_stream_that_asks_for_usage_is_another_question():
    house = house_of(events("a"), events("a"))
    run(house.call(cold(stream=True)))
    run(house.call(cold(stream=True, stream_options={"include_usage": True})))
    assert asked(house) == 2


@pytest.mark.parametrize(
    "other",
    [
        cold("hello "),
        cold(seed=1),
        cold(max_tokens=5),
        cold(user="somebody else"),
        cold(tools=[{"type": "function", "function": {"name": "f"}}]),
        cold(response_format={"type": "json_object"}),
        cold(model="n"),
        {**cold(), "messages": [{"role": "system", "content": "be brief"}, *cold()["messages"]]},
    ],
)
def test_any_difference_is_another_question(other: dict[str, Any]):
    house = house_of(completion("1"), completion("2"), models=[entry(), entry("n")])
    run(house.call(cold()))
    assert run(house.call(other)).body == completion("2")
    assert asked(house) == 2


def test_headers_that_a_provider_sees_are_a_part_of_the_question():
    house = house_of(completion("1"), completion("2"), completion("3"))
    run(house.call(cold()))
    run(house.call(cold(), headers={b"openai-organization": b"org-1"}))
    run(house.call(cold(), headers={b"user-agent": b"another"}))
    assert asked(house) == 2


def test_another_version_of_the_configuration_begins_anew():
    house = house_of(completion("1"), completion("2"))
    run(house.call(cold()))
    held = house.snapshot
    held.document = msgspec.structs.replace(held.document, version=8)
    assert run(house.call(cold())).body == completion("2")


def test_an_answer_is_given_again_until_its_time_is_over():
    house = house_of(completion("1"), completion("2"))
    run(house.call(cold()))
    later = house.clock.monotonic() + 301
    house.clock.monotonic = lambda: later  # type: ignore[method-assign]
    assert run(house.call(cold())).body == completion("2")


def test_no_cache_where_nobody_wants_one():
    house = house_of(completion("1"), completion("2"), cache=None)
    outlet = [run(house.call(cold())) for _ in range(2)][1]
    assert asked(house) == 2
    assert b"x-gatepost-cached" not in outlet.headers
    assert house.cache.entries == 0


def test_one_call_may_ask_for_it_or_against_it():
    house = house_of(completion("1"), completion("2"), cache=None)
    for _ in range(2):
        run(house.call(cold(), headers=ON))
    assert asked(house) == 1
    run(house.call(cold(), headers=OFF))
    assert asked(house) == 2


def test_compatible_prefixes_ask_as_well_and_are_answered():
    house = house_of(completion("1"), cache=None, header_prefixes=("x-other-",))
    for _ in range(2):
        outlet = run(house.call(cold(), headers={b"x-other-cache": b"ON"}))
    assert outlet.headers[b"x-other-cached"] == b"true"


def test_the_body_of_a_simple_call_may_ask():
    house = house_of(completion("1"), cache=None)
    for _ in range(2):
        run(house.call(cold(), cache=True))
    assert house.record.cached


def test_another_word_is_refused_and_leaves_no_hold():
    house = house_of(budgets=(daily(10**12),))
    with pytest.raises(CallerError, match="X-Gatepost-Cache"):
        run(house.call(cold(), headers={b"x-gatepost-cache": b"yes"}))
    assert house.ledger.open_holds() == 0


@pytest.mark.parametrize("temperature", [None, 0.1, "0", True])
def test_only_a_temperature_of_zero_unless_the_project_says_otherwise(temperature: Any):
    body = chat() if temperature is None else chat(temperature=temperature)
    house = house_of(completion("1"), completion("2"))
    for _ in range(2):
        run(house.call(body, headers=ON))
    assert asked(house) == 2
    house = house_of(completion("1"), cache=WARM)
    for _ in range(2):
        run(house.call(body))
    assert asked(house) == 1


def test_a_gemini_caller_says_its_temperature_elsewhere():
    house = house_of(completion("1"), completion("2"))
    for temperature, calls in ((0.0, 1), (0.0, 1), (0.5, 2)):
        body = {
            "contents": [{"role": "user", "parts": [{"text": "hello"}]}],
            "generationConfig": {"temperature": temperature},
        }
        run(house.call(body, dialect=DialectName.GEMINI_GENERATE, model="m"))
        assert asked(house) == calls


def finished(reason: str, **message: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": "x", **message}, "finish_reason": reason}
    return completion("x", choices=[choice])


@pytest.mark.parametrize(
    "answer",
    [
        finished("length"),
        finished("content_filter"),
        finished("tool_calls", tool_calls=[{"id": "1", "type": "function", "function": {"name": "f"}}]),
        finished("stop", tool_calls=[{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]),
    ],
)
def test_only_a_whole_answer_that_calls_no_tool_is_kept(answer: bytes):
    house = house_of(answer, answer)
    for _ in range(2):
        run(house.call(cold()))
    assert asked(house) == 2


def test_every_choice_must_be_whole():
    choices = [
        {"index": number, "message": {"role": "assistant", "content": "x"}, "finish_reason": reason}
        for number, reason in enumerate(["stop", "length"])
    ]
    house = house_of(completion(choices=choices), completion(choices=choices))
    for _ in range(2):
        run(house.call(cold(n=2)))
    assert asked(house) == 2


def test_a_stream_that_broke_is_not_kept():
    house = house_of(events("a", done=False)[:2], events("a"))
    with pytest.raises(Exception, match="stopped"):
        run(house.call(cold(stream=True)))
    run(house.call(cold(stream=True)))
    assert asked(house) == 2
    assert house.cache.entries == 1


def test_a_stream_larger_than_the_cache_passes_and_is_not_kept():
    house = house_of(events(*"abcdefgh"), cache=CacheRules(max_bytes=900))
    assert run(house.call(cold(stream=True))).done
    assert house.cache.entries == 0


def test_a_fallbacks_answer_is_not_kept():
    house = House(
        snapshot_of(entry(), entry("n"), cache=CACHE, fallbacks={"m": ("n",)}),
        ScriptedTransport(
            *(one for _ in range(2) for one in (Answer(400, [b"{}"]), Answer(200, [completion("from n")])))
        ),
    )
    house.transport.answers[0].status = house.transport.answers[2].status = 404
    for _ in range(2):
        run(house.call(cold()))
    assert not house.record.cached
    assert house.cache.entries == 0


def rule(word: str, action: str) -> RuleSpec:
    settings = {"terms": [word], "action": action}
    return RuleSpec(name="no-word", kind="keyword", phases=(Phase.RESPONSE,), settings=settings)


@pytest.mark.parametrize("stream", [False, True])
def test_a_cached_answer_meets_todays_policy(stream: bool):
    house = house_of(events("the ", "secret") if stream else completion("the secret"))
    run(house.call(cold(stream=stream)))
    key, held = _only(house)
    before = house.snapshot
    house.snapshot = snapshot_of(entry(), cache=CACHE, rules=(rule("secret", "block"),))
    assert house.snapshot.version == before.version  # the answer is found, and the policy is another
    with pytest.raises(Refused):
        run(house.call(cold(stream=stream)))
    assert (house.record.outcome, house.record.cached, house.record.cost) == (Outcome.BLOCKED, True, 0)
    assert _only(house) == (key, held)


def _only(house: House) -> tuple[bytes, Any]:
    (shelf,) = house.cache._shelves.values()
    ((key, held),) = shelf.answers.items()
    return key, held.body


def test_a_redaction_is_made_anew_and_the_cache_holds_what_the_provider_said():
    house = house_of(completion("the secret"), rules=(rule("secret", "redact"),))
    first, second = run(house.call(cold())), run(house.call(cold()))
    assert b"secret" not in first.body
    assert first.body == second.body
    assert house.record.cached
    assert [one.rule for one in house.record.decisions if one.found] == ["no-word"]


def test_a_hit_gives_back_its_hold_and_its_tokens():
    house = house_of(completion(), budgets=(daily(10**9),), rate_limits=RateLimits(tpm=10_000))
    for _ in range(2):
        run(house.call(cold()))
    record = house.record
    assert record.cached
    assert record.held > 0 == record.settled
    assert house.ledger.used(record.claims[0].account) == (7000, 0)
    assert run(house.rates.take((Ask("project:p:tokens", 10_000),))).windows[0].remaining == 10_000 - 5 - 1


def test_a_budget_that_is_used_up_refuses_a_hit_as_well():
    house = house_of(completion(), budgets=(daily(400_000),))
    run(house.call(cold()))
    house.ledger.settle(run(house.ledger.reserve("x", house.record.claims)), 290_000)
    with pytest.raises(LimitExceeded):
        run(house.call(cold()))


def test_proxies_of_one_project_do_not_share_answers():
    proxies = (ProxyEntry("a", "p"), ProxyEntry("b", "p"))
    house = house_of(completion("1"), completion("2"), proxies=proxies)
    for name, calls in (("a", 1), ("a", 1), ("b", 2)):
        inbound = house.inbound(cold())
        shown = msgspec.structs.replace(inbound.presented, proxy=name)
        _go(house, msgspec.structs.replace(inbound, presented=shown))
        assert asked(house) == calls


def _go(house: House, inbound: Inbound) -> Outlet:
    outlet = Outlet(house.recorder)
    run(house.exchange.run(house.exchange.open(inbound), outlet))
    return outlet


def test_answers_to_a_callers_own_provider_key_are_not_shared():
    house = house_of(
        completion("1"), completion("2"), pass_through_provider=ProviderKind.OPENAI, pass_through_project="p"
    )
    for _ in range(2):
        run(house.call(cold(), key="sk-the-callers-own"))
    assert asked(house) == 2
    assert house.cache.entries == 0


def test_a_key_of_the_same_project_shares_and_of_another_does_not():
    import hashlib

    other = KeyEntry("k2", KeyKind.RUNTIME, "t", hashlib.sha256(b"gp_k2_" + b"o" * 16).digest(), "org", "p")
    house = house_of(completion("1"), keys=(other,))
    run(house.call(cold()))
    run(house.call(cold(), key="gp_k2_" + "o" * 16))
    assert (house.record.key_id, house.record.cached) == ("k2", True)


def test_vectors_are_kept_and_pictures_are_not():
    vectors = msgspec.json.encode(
        {
            "object": "list",
            "model": "m",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
            "usage": {"prompt_tokens": 1, "total_tokens": 1},
        }
    )
    picture = msgspec.json.encode({"created": 1, "data": [{"b64_json": "AA=="}]})
    house = house_of(vectors, picture, picture, models=[entry(operations=())])
    for operation, dialect, body, calls in (
        (Operation.EMBED, DialectName.OPENAI_EMBEDDINGS, {"model": "m", "input": "x"}, 1),
        (Operation.EMBED, DialectName.OPENAI_EMBEDDINGS, {"model": "m", "input": "x"}, 1),
        (Operation.IMAGE, DialectName.OPENAI_IMAGES, {"model": "m", "prompt": "x"}, 2),
        (Operation.IMAGE, DialectName.OPENAI_IMAGES, {"model": "m", "prompt": "x"}, 3),
    ):
        inbound = house.inbound(body, dialect=dialect)
        _go(house, msgspec.structs.replace(inbound, operation=operation))
        assert asked(house) == calls


def test_a_response_that_may_be_gone_on_from_is_not_kept():
    house = house_of(completion("1"), completion("2"), completion("3"))
    house.snapshot = snapshot_of(entry(provider=ProviderKind.ANTHROPIC), cache=CACHE)
    said = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "hi"}], "usage": {"input_tokens": 1, "output_tokens": 1}}  # fmt: skip
    for one in house.transport.answers:
        one.pieces = [msgspec.json.encode(said)]
    for more, calls in (({}, 1), ({}, 2), ({"store": False}, 3), ({"store": False}, 3)):
        body = {"model": "m", "input": "hello", "temperature": 0, **more}
        run(house.call(body, dialect=DialectName.OPENAI_RESPONSES))
        assert asked(house) == calls


def test_nobody_without_a_right_key_is_answered_from_the_cache():
    house = house_of(completion("1"))
    run(house.call(cold()))
    inbound = house.inbound(cold(), key="gp_k1_another")
    assert isinstance(inbound.presented, Presented)
    with pytest.raises(Exception, match="unknown API key"):
        _go(house, inbound)
