import asyncio
import re

import msgspec
import pytest

from gatepost_gateway.domain.errors import Code, GatewayFault, NextStep, UpstreamError
from gatepost_gateway.domain.records import Outcome
from gatepost_gateway.domain.routing import BreakerRules, BreakerState
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ProviderKind, Retries, Sealed
from gatepost_gateway.pipeline import dispatch
from gatepost_gateway.pipeline.dispatch import scrub

from .fakes import Answer, House, ScriptedTransport, chat, completion, daily, entry, events, run, snapshot_of

KEY = "sk-provider-key"
BACKUP = entry("b", base_url="http://other.test/v1", credential=Sealed("k", b"sk-backup-key"))


def house(*answers, retries=None, models=None, **more):
    more.setdefault("fallbacks", {"m": ("b",)})
    if retries is not None:
        more["retries"] = retries
    return House(snapshot_of(*(models or (entry(), BACKUP)), **more), ScriptedTransport(*answers))


def refusal(status, body=b'{"error":{"message":"no"}}', *headers):
    return Answer(status, [body], list(headers))


def fault(step, code=Code.UPSTREAM_TIMEOUT):
    return UpstreamError("it broke", code=code, status=504, next_step=step, provider="openai")


def hosts(held):
    return [request.origin.host.partition(".")[0] for request in held.transport.asked]


def good():
    return Answer(200, [completion()])


@pytest.mark.parametrize(
    ("failure", "asked"),
    [
        (refusal(500), ["provider", "provider"]),
        (refusal(429), ["provider", "provider"]),
        (refusal(401), ["provider", "other"]),
        (refusal(404), ["provider", "other"]),
        (fault(NextStep.RETRY_SAME), ["provider", "provider"]),
        (fault(NextStep.TRY_NEXT), ["provider", "other"]),
        (Answer(200, [b"<html>"]), ["provider", "other"]),
        (Answer(200, [b'{"choices":[1]}']), ["provider", "other"]),
    ],
)
def test_what_a_failure_allows(failure, asked):
    held = house(failure, good())
    assert run(held.call(chat())).body == completion()
    assert hosts(held) == asked
    assert held.record.outcome is Outcome.ANSWERED


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_the_callers_own_fault_is_not_tried_elsewhere(status):
    held = house(refusal(status), good())
    with pytest.raises(UpstreamError) as caught:
        run(held.call(chat()))
    assert (caught.value.status, hosts(held)) == (status, ["provider"])
    assert caught.value.body == b'{"error":{"message":"no"}}'


def test_the_order_is_each_target_with_its_retries_and_the_last_words_win():
    last = b'{"error":{"message":"the last"}}'
    held = house(refusal(500), refusal(500), refusal(503), refusal(503, last))
    with pytest.raises(UpstreamError, match="the last") as caught:
        run(held.call(chat()))
    assert hosts(held) == ["provider", "provider", "other", "other"]
    assert [(one.model, one.status, one.error) for one in held.record.attempts] == [
        ("m", 500, "upstream_failed"),
        ("m", 500, "upstream_failed"),
        ("b", 503, "upstream_failed"),
        ("b", 503, "upstream_failed"),
    ]
    assert caught.value.status == 503
    assert all(answer.closed for answer in held.transport.given)


def test_waits_double_with_jitter_and_have_a_cap():
    held = house(*[refusal(500)] * 6, retries=Retries(attempts=6, base=1, cap=4, budget=1000), fallbacks={})
    with pytest.raises(UpstreamError):
        run(held.call(chat()))
    assert len(held.sleeps) == 5
    for wait, most in zip(held.sleeps, [1, 2, 4, 4, 4], strict=True):
        assert most / 2 <= wait <= most


@pytest.mark.parametrize("said", [b"60", b"inf", b"1e300"])
def test_a_wait_beyond_the_time_budget_is_not_waited(said):
    held = house(refusal(429, b"{}", (b"retry-after", said)), refusal(429), fallbacks={}, retries=Retries(budget=0.1))
    with pytest.raises(UpstreamError) as caught:
        run(held.call(chat()))
    assert held.sleeps == []
    assert caught.value.retry_after is None or caught.value.retry_after <= 86_400


def test_each_attempt_starts_fresh():
    first = entry("m", identifier="first-name", max_output=None)
    held = house(
        Answer(200, events("", done=False)[:1], [(b"x-request-id", b"up-1"), (b"openai-version", b"stale")]),
        Answer(200, events("", done=False)[:1]),
        Answer(200, events("fresh")),
        models=(first, BACKUP),
    )
    outlet = run(held.call(chat(stream=True)))
    assert b"fresh" in outlet.body
    assert outlet.body.count(b'"role"') == 1
    assert b"openai-version" not in outlet.headers
    sent = [
        (msgspec.json.decode(one.body)["model"], dict(one.headers)[b"authorization"]) for one in held.transport.asked
    ]
    assert sent == [("first-name", b"Bearer sk-provider-key")] * 2 + [("b", b"Bearer sk-backup-key")]
    assert (held.record.usage.output, held.record.model) == (1, "b")


def test_after_the_first_content_byte_nothing_is_tried_again():
    held = house(Answer(200, [events("one")[1], fault(NextStep.RETRY_SAME)]), good())
    with pytest.raises(UpstreamError, match="it broke"):
        run(held.call(chat(stream=True)))
    assert len(held.transport.asked) == 1


@pytest.mark.parametrize(
    ("kind", "passed"),
    [
        (ProviderKind.OPENAI, {b"openai-organization", b"openai-project", b"openai-beta"}),
        (ProviderKind.AZURE, {b"openai-beta"}),
        (ProviderKind.INTERNAL, set()),
    ],
)
def test_only_the_listed_headers_of_a_caller_go_out(kind, passed):
    names = (
        b"openai-organization",
        b"openai-project",
        b"openai-beta",
        b"cookie",
        b"authorization",
        b"x-api-key",
        b"host",
    )
    held = house(good(), models=(entry(provider=kind),), fallbacks={})
    run(held.call(chat(), headers=dict.fromkeys(names, b"callers-own")))
    assert {name for name, value in held.transport.asked[0].headers if value == b"callers-own"} == passed


def test_only_the_listed_headers_of_a_provider_come_back():
    headers = [
        (b"openai-processing-ms", b"5"),
        (b"set-cookie", b"a=b"),
        (b"x-should-retry", b"true"),
        (b"server", b"x"),
    ]
    outlet = run(house(Answer(200, [completion()], headers)).call(chat()))
    assert outlet.headers[b"openai-processing-ms"] == b"5"
    assert not {b"set-cookie", b"x-should-retry", b"server"} & set(outlet.headers)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
@pytest.mark.parametrize("quoted", [KEY, "sk-prov****-key1", "key_abcdef0123"])
def test_a_key_that_the_provider_quotes_goes_nowhere(status, quoted):
    body = msgspec.json.encode({"error": {"message": f"bad key {quoted}!", "param": quoted}})
    held = house(*[refusal(status, body)] * 4)
    with pytest.raises(UpstreamError) as caught:
        run(held.call(chat()))
    error = caught.value
    kept = b"".join(msgspec.msgpack.encode(one) for one in held.recorder.entries)
    assert quoted.encode() not in kept + error.public.encode() + error.body
    assert b"***" in kept
    if error.body:
        assert msgspec.json.decode(error.body)["error"]["param"] == "***"


@pytest.mark.parametrize("before", [[], [events("one")[1]]])
def test_a_key_that_is_quoted_in_a_stream_goes_nowhere(before):
    event = b'data: {"error":{"message":"bad key sk-provider-key"}}\n\n'
    held = house(*[Answer(200, [*before, event]) for _ in range(2)])
    with pytest.raises(UpstreamError, match=r"bad key \*\*\*") as caught:
        run(held.call(chat(stream=True)))
    assert KEY not in str(held.record) + caught.value.public


def test_scrubbing_knows_an_empty_key_and_none():
    assert scrub("words", Secret("")) == "words"
    assert scrub("gp_k1_secret and sk-abcdefgh", None) == "*** and ***"
    assert scrub("ABSKQmVkcm9jaw== and bedrock-api-key-YmVk/x=", None) == "*** and ***"
    assert scrub("a short-key value", Secret("short-key")) == "a *** value"


def test_a_stream_that_never_begins_its_answer_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(dispatch, "MAX_PRELUDE", 1000)
    held = house(*[Answer(200, [b": still here\n\n"] * 500) for _ in range(2)])
    with pytest.raises(UpstreamError, match="without beginning") as caught:
        run(held.call(chat(stream=True)))
    assert caught.value.code is Code.UPSTREAM_GARBAGE
    assert all(answer.pieces for answer in held.transport.given)


def test_a_broken_address_is_our_fault_and_not_the_callers_business():
    held = house(models=(entry(base_url="nonsense://user:hunter2@x"),), fallbacks={}, budgets=(daily(10**9),))
    with pytest.raises(GatewayFault) as caught:
        run(held.call(chat()))
    assert "hunter2" not in caught.value.public + str(held.record)
    assert held.ledger.open_holds() == 0
    assert held.record.settled == 0


def test_a_lost_master_key_is_a_fault_that_leaves_no_hold():
    held = house(budgets=(daily(10**9),))

    class Shut:
        def open(self, sealed):
            raise GatewayFault("the master key is not here")

    held.exchange._stages.dispatcher._vault = Shut()
    with pytest.raises(GatewayFault, match="master key"):
        run(held.call(chat()))
    assert held.ledger.open_holds() == 0


def test_an_attempt_that_may_be_billed_is_a_step_of_its_own_under_a_budget():
    held = house(fault(NextStep.RETRY_SAME), good(), budgets=(daily(10**9),))
    run(held.call(chat()))
    first, second = held.recorder.closed
    assert (first.outcome, first.settled, first.estimated) == (Outcome.FAILED, first.held, True)
    assert (second.outcome, second.parent_step_id, second.settled) == (Outcome.ANSWERED, first.step_id, 7000)
    assert held.ledger.used(first.claims[0].account) == (first.settled + 7000, 0)


def test_a_second_billed_attempt_that_no_budget_pays_for_is_not_made():
    limit = 700_000
    held = house(fault(NextStep.RETRY_SAME), good(), budgets=(daily(limit),))
    from gatepost_gateway.domain.errors import LimitExceeded

    with pytest.raises(LimitExceeded):
        run(held.call(chat(text="x" * 200)))
    assert len(held.transport.asked) == 1
    assert held.ledger.open_holds() == 0


def test_many_calls_at_once_never_pass_the_budget_together():
    limit = 2_000_000
    held = house(*[good() for _ in range(50)], budgets=(daily(limit),), fallbacks={})

    async def one():
        try:
            return await held.call(chat())
        except Exception:
            settled, kept = held.ledger.used(held.record.claims[0].account) if held.record.claims else (0, 0)
            assert settled + kept <= limit
            return None

    async def main():
        return await asyncio.gather(*[one() for _ in range(50)])

    answered = [outlet for outlet in run(main) if outlet is not None]
    assert answered
    assert sum(record.settled for record in held.recorder.closed) <= limit
    assert held.ledger.open_holds() == 0


def test_a_credential_may_come_from_elsewhere_and_is_kept_out_of_what_is_said():
    class Role:
        async def get(self, entry, stored):
            assert stored is not None
            return Secret("fresh-key-of-a-role")

    house = House(snapshot_of(entry()), ScriptedTransport(Answer(418, [b"no to fresh-key-of-a-role"])))
    house.exchange._stages.dispatcher._credentials = Role()
    with pytest.raises(UpstreamError) as caught:
        run(house.call(chat()))
    assert (b"authorization", b"Bearer fresh-key-of-a-role") in house.transport.asked[0].headers
    assert "fresh-key" not in caught.value.public


FAST = BreakerRules(failures=2, open=1000)


def test_an_endpoint_that_failed_too_often_is_passed_over():
    held = house(refusal(500), refusal(500), good(), good(), breaker=FAST)
    run(held.call(chat()))
    assert hosts(held) == ["provider", "provider", "other"]
    outlet = run(held.call(chat()))
    assert hosts(held)[3:] == ["other"]
    (why,) = held.record.route.passed_over
    said = re.fullmatch(r"m: its breaker is open for ([\d.]+) s", why)
    assert said is not None
    assert 900 < float(said[1]) <= 1000
    assert (outlet.headers[b"x-gatepost-fallback"], outlet.headers[b"x-gatepost-attempts"]) == (b"true", b"1")


def test_a_retry_is_not_made_once_the_breaker_is_open():
    held = house(refusal(500), good(), breaker=BreakerRules(failures=1, open=1000))
    run(held.call(chat()))
    assert hosts(held) == ["provider", "other"]


def test_with_every_breaker_open_nothing_is_sent_and_the_answer_says_when_to_come_back():
    held = house(refusal(500), refusal(500), breaker=BreakerRules(failures=1, open=1000), budgets=(daily(10**9),))
    with pytest.raises(UpstreamError):
        run(held.call(chat()))
    with pytest.raises(UpstreamError) as caught:
        run(held.call(chat()))
    assert (caught.value.code, caught.value.status) == (Code.UPSTREAM_CIRCUIT_OPEN, 503)
    assert 900 < caught.value.retry_after <= 1000
    record = held.record
    assert (len(held.transport.asked), record.attempts, record.settled, record.cost) == (2, (), 0, None)
    assert len(record.route.passed_over) == 2
    assert held.ledger.open_holds() == 0


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429])
def test_what_is_not_the_endpoints_fault_opens_no_breaker(status):
    held = house(*[refusal(status)] * 6, good(), breaker=BreakerRules(failures=1, open=1000), fallbacks={})
    for _ in range(3):
        with pytest.raises(UpstreamError):
            run(held.call(chat()))
    assert set(held.breakers.states().values()) == {BreakerState.CLOSED}


def test_a_stream_that_breaks_in_its_middle_counts_and_one_that_ends_does_not():
    broken = [Answer(200, [events("one")[1], fault(NextStep.RETRY_SAME)]) for _ in range(2)]
    held = house(Answer(200, events("fine")), *broken, breaker=FAST, fallbacks={})
    run(held.call(chat(stream=True)))
    for _ in range(2):
        assert set(held.breakers.states().values()) == {BreakerState.CLOSED}
        with pytest.raises(UpstreamError):
            run(held.call(chat(stream=True)))
    assert set(held.breakers.states().values()) == {BreakerState.OPEN}


def test_a_probe_whose_caller_leaves_frees_its_place():
    held = house(refusal(500), refusal(500), breaker=FAST, fallbacks={})
    with pytest.raises(UpstreamError):
        run(held.call(chat()))
    (endpoint,) = held.breakers.states()
    held.breakers._breakers[endpoint].open_until = 1e-9

    async def leaves():
        began = asyncio.Event()

        async def hang():
            began.set()
            await asyncio.sleep(30)

        held.transport.answers = [hang]
        task = asyncio.ensure_future(held.call(chat()))
        await began.wait()
        assert held.breakers.wait(endpoint, FAST) > 0
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert held.breakers.wait(endpoint, FAST) == 0
        held.transport.answers = [good()]
        await held.call(chat())

    run(leaves)
    assert held.breakers.states()[endpoint] is BreakerState.CLOSED


def test_the_sandbox_has_no_breaker():
    held = house(models=(), fallbacks={})
    run(held.call(chat(model="sandbox/echo")))
    assert held.breakers.states() == {}


def test_a_long_wait_is_not_waited_while_another_target_could_answer():
    slow = refusal(429, b"{}", (b"retry-after", b"20"))
    held = house(slow, good())
    run(held.call(chat()))
    assert (hosts(held), held.sleeps) == (["provider", "other"], [])
    held = house(slow, good(), fallbacks={})
    run(held.call(chat()))
    assert (hosts(held), [20 <= slept <= 22 for slept in held.sleeps]) == (["provider", "provider"], [True])
    held = house(refusal(429, b"{}", (b"retry-after", b"1")), good())
    run(held.call(chat()))
    assert (hosts(held), [1 <= slept <= 1.1 for slept in held.sleeps]) == (["provider", "provider"], [True])


def test_the_request_id_of_a_failed_attempt_is_kept():
    held = house(refusal(400, b"{}", (b"x-request-id", b"theirs-7")), fallbacks={})
    with pytest.raises(UpstreamError):
        run(held.call(chat()))
    assert held.record.attempts[0].request_id == "theirs-7"


def test_answers_are_timed_and_a_key_that_is_used_up_rests():
    held = house(good(), Answer(200, events("a")), refusal(429, b"{}", (b"retry-after", b"20")), good())
    run(held.call(chat()))
    run(held.call(chat(stream=True)))
    assert held.pace.latency("m", False) is not None
    assert held.pace.latency("m", True) is not None
    assert not held.pace.rests("m")
    run(held.call(chat()))
    assert held.pace.rests("m")


def test_what_a_callers_own_key_used_up_is_nobody_elses():
    models = (entry(credential=None),)
    held = house(
        refusal(429, b"{}", (b"retry-after", b"20")), models=models, fallbacks={}, retries=Retries(attempts=1),
        pass_through_project="p", pass_through_provider=ProviderKind.OPENAI,
    )  # fmt: skip
    with pytest.raises(UpstreamError):
        run(held.call(chat(), key="sk-callers-own"))
    assert not held.pace.rests("m")


PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


def test_a_span_goes_on_upstream_only_where_the_entry_says_so():
    said = {b"traceparent": PARENT.encode(), b"tracestate": b"a=1"}
    plain = house(good())
    run(plain.call(chat(), headers=said))
    assert not {b"traceparent", b"tracestate"} & dict(plain.transport.asked[0].headers).keys()
    told = house(refusal(500), good(), models=(entry(additional_config={"traceparent": True}), BACKUP))
    run(told.call(chat(), headers=said))
    first, second = (dict(one.headers) for one in told.transport.asked)
    span = told.record.step_id.replace("-", "")[-16:].encode()
    assert first[b"traceparent"] == b"00-4bf92f3577b34da6a3ce929d0e0e4736-" + span + b"-00"
    assert first[b"tracestate"] == b"a=1"
    alone = house(good(), models=(entry(additional_config={"traceparent": True}), BACKUP))
    run(alone.call(chat()))
    begun = dict(alone.transport.asked[0].headers)[b"traceparent"].decode()
    assert begun.split("-")[1] == alone.record.trace_id.replace("-", "")
    assert second[b"traceparent"] == first[b"traceparent"], "one call, one span"
    assert alone.record.model_said == "m-2024"
