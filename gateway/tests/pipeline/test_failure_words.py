"""A provider's error may quote what its model wrote: rules that judge answers judge it too."""

import json

import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.errors import UpstreamError
from gatepost_gateway.domain.governance import Effect, Mode

from .fakes import Answer, House, ScriptedTransport, chat, completion, entry, events, run, snapshot_of

HELD = "its words are held back by the rule `no-titan`"


def word(action="block", **more):
    return RuleSpec(name="no-titan", kind="keyword", settings={"terms": ["titan"], "action": action}, **more)


def failing(body, *rules, status=400):
    said = body if isinstance(body, bytes) else json.dumps(body).encode()
    return House(snapshot_of(entry(), rules=rules), ScriptedTransport(*(Answer(status, [said]) for _ in range(9))))


def failure(house, **more):
    with pytest.raises(UpstreamError) as caught:
        run(house.call(chat(**more)))
    return caught.value


GROQ = {"error": {"message": "Failed to call a function", "code": "tool_use_failed", "failed_generation": "the Titan"}}


@pytest.mark.parametrize("action", ["block", "redact"])
def test_a_generation_in_an_error_does_not_get_past_a_rule(action):
    house = failing(GROQ, word(action))
    error = failure(house)
    assert (error.body, error.status) == (b"", 400)
    assert HELD in error.public
    found = [(one.rule, one.phase, one.effect) for one in house.record.decisions]
    assert found[-1] == ("no-titan", "response", Effect(action))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"message": "it said titan"}}, 400),
        ({"error": {"message": "it said titan"}}, 500),
        (b"titan, and no JSON", 500),
        (b'{"error": {"message": "x", "a": "titan", "a": "y"}}', 400),
    ],
)
def test_words_of_every_shape_are_held_back_and_kept_out_of_the_record(body, status):
    house = failing(body, word(), status=status)
    error = failure(house)
    assert HELD in error.public
    assert b"titan" not in error.body
    assert all("titan" not in one.detail.replace("no-titan", "") for one in house.record.attempts)


def test_an_attempt_that_another_made_good_does_not_tell_either():
    said = [Answer(500, [b'{"error": {"message": "it said titan"}}']), Answer(200, [completion()])]
    house = House(snapshot_of(entry(), rules=(word(),)), ScriptedTransport(*said))
    run(house.call(chat()))
    assert [one.detail for one in house.record.attempts] == [f"openai answered 500: {HELD}", None]


def test_the_error_of_a_stream_is_judged_too():
    broken = b'data: {"error": {"message": "it said titan", "type": "x"}}\n\n'
    transport = ScriptedTransport(*(Answer(200, [*events("well ")[:1], broken]) for _ in range(9)))
    house = House(snapshot_of(entry(), rules=(word(),)), transport)
    assert "titan" not in failure(house, stream=True).public.replace("no-titan", "")


@pytest.mark.parametrize("rules", [(), (word(mode=Mode.OBSERVE),), (word(phases=("request",)),)])
def test_without_an_enforced_rule_for_answers_it_goes_on_as_the_provider_said_it(rules):
    assert json.loads(failure(failing(GROQ, *rules)).body) == GROQ


def test_an_error_in_which_nothing_is_found_goes_on_and_its_rules_did_not_run():
    house = failing({"error": {"message": "no such tool"}}, word())
    assert b"no such tool" in failure(house).body
    assert [one.not_run for one in house.record.decisions if one.phase == "response"] == ["there was no answer"]
