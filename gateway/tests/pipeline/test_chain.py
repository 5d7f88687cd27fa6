"""Which calls land in one session, and which never do."""

import msgspec
import pytest

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.ports import SESSION_LIFE
from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind
from gatepost_gateway.ledger import MemorySessions
from gatepost_gateway.pipeline.sessions import Sessions

from .fakes import Answer, House, ScriptedTransport, completion, entry, events, run, snapshot_of

OTHER = "gp_k2_othersecretsecret"


def house(*answers, **more):
    import hashlib

    key = KeyEntry("k2", KeyKind.RUNTIME, "other", hashlib.sha256(OTHER.encode()).digest(), "org", "p")
    return House(snapshot_of(entry(), keys=(key,), **more), ScriptedTransport(*answers))


def whole(text="hi", **more):
    return Answer(200, [completion(text, **more)])


def streamed(*words):
    return Answer(200, events(*words))


def turn(*messages, **more):
    """A user speaks first, then the two take turns."""
    roles = ("user", "assistant")
    said = [{"role": roles[number % 2], "content": text} for number, text in enumerate(messages)]
    return {"model": "m", "messages": said, **more}


def record(house, body, **more):
    run(house.call(body, **more))
    return house.record


def place(record):
    return record.session_id, record.turn


def test_a_conversation_stays_in_its_session_plain_and_streamed():
    over = house(whole("hi"), streamed("very ", "well"), whole("bye"))
    first = record(over, turn("hello"))
    second = record(over, turn("hello", "hi", "how are you?", stream=True))
    third = record(over, turn("hello", "hi", "how are you?", "very well", "good"))
    assert {first.session_id, second.session_id, third.session_id} == {first.session_id}
    assert [first.turn, second.turn, third.turn] == [1, 2, 3]


def test_two_conversations_with_the_same_system_prompt_never_merge():
    over = house(*(whole("hi") for _ in range(6)))
    system = {"role": "system", "content": "You are a bot."}
    sessions = []
    for name in ("ann", "ben", "cleo"):
        body = turn(f"I am {name}")
        first = record(over, {**body, "messages": [system, *body["messages"]]})
        body = turn(f"I am {name}", "hi", "who am I?")
        second = record(over, {**body, "messages": [system, *body["messages"]]})
        assert place(second) == (first.session_id, 2)
        sessions.append(first.session_id)
    assert len(set(sessions)) == 3


def test_two_conversations_that_begin_word_for_word_alike_never_merge():
    over = house(*(whole("hi") for _ in range(8)))
    begun = [record(over, turn("hello")).session_id for _ in range(2)]
    went_on = [record(over, turn("hello", "hi", text)).session_id for text in ("a", "b")]
    assert len(set(begun)) == 2
    assert sorted(went_on) == sorted(begun)
    third = record(over, turn("hello", "hi", "a", "hi", "and?"))
    assert place(third) == (went_on[0], 3)


def test_a_turn_that_is_said_anew_stays_in_the_session():
    over = house(*(whole("hi") for _ in range(3)))
    first = record(over, turn("hello"))
    for number, text in enumerate(("a", "another"), start=2):
        assert place(record(over, turn("hello", "hi", text))) == (first.session_id, number)


def test_another_key_never_lands_in_the_session():
    over = house(*(whole("hi") for _ in range(4)))
    first = record(over, turn("hello", user="ann"))
    assert record(over, turn("hello", user="ann"), key=OTHER).session_id != first.session_id
    second = record(over, turn("hello", "hi", "x"), key=OTHER)
    assert second.session_id != first.session_id
    assert place(record(over, turn("other words", user="ann"))) == (first.session_id, 2)


def test_a_user_has_one_session_whatever_is_said():
    over = house(*(whole("hi") for _ in range(4)))
    turns = [record(over, turn(text, user="ann")) for text in ("a", "b", "c")]
    assert [one.turn for one in turns] == [1, 2, 3]
    assert len({one.session_id for one in turns}) == 1
    assert record(over, turn("a", user="ben")).session_id != turns[0].session_id


def test_a_named_session_is_kept_to_and_remembers_too():
    over = house(*(whole("hi") for _ in range(3)))
    name = "0190163d-8694-739b-aea5-966c26f8ad91"
    headers = {b"x-gatepost-session-id": name.encode()}
    assert place(record(over, turn("hello", user="ann"), headers=headers)) == (name, 1)
    assert place(record(over, turn("hello", "hi", "x"))) == (name, 2)
    assert record(over, turn("hello", user="ann")).session_id != name


def test_an_answer_that_is_no_answer_leaves_nothing():
    over = house(Answer(400, [b'{"error":{"message":"no"}}']), whole("hi"))
    with pytest.raises(Exception, match="no"):
        run(over.call(turn("hello")))
    assert over.record.marks == ()
    assert over.record.session_id is not None


def test_marks_are_keyed_hashes_and_no_words():
    over = house(whole("hi"), whole("hi"))
    record(over, turn("a secret plan", user="ann@example.com"))
    entry = msgspec.msgpack.encode(over.record)
    assert len(over.record.marks) == 2
    assert all(len(mark) == 16 for mark in over.record.marks)
    assert b"ann@example.com" not in entry
    assert b"secret plan" not in entry
    # What led here stays in the record, so that a restart after a failed turn finds the session again.
    led = over.record.marks[1]
    assert record(over, turn("a secret plan", "hi", "x")).marks[0] == led


def test_after_a_restart_the_conversation_goes_on():
    over = house(whole("hi"), whole("hi"))
    first = record(over, turn("hello"))
    live = [(first.session_id, "p/", first.turn, first.at)]
    marks = [(mark, first.session_id, first.at) for mark in first.marks]
    over.sessions.store = MemorySessions(live, marks)
    assert place(record(over, turn("hello", "hi", "x"))) == (first.session_id, 2)


def test_a_conversation_that_was_left_for_thirty_minutes_begins_a_new_session():
    over = house(whole("hi"), whole("hi"))
    first = record(over, turn("hello"))
    over.sessions.store = MemorySessions(
        marks=[(mark, first.session_id, first.at - SESSION_LIFE - 1) for mark in first.marks]
    )
    assert record(over, turn("hello", "hi", "x")).session_id != first.session_id


def test_a_session_of_another_owner_is_not_gone_on_with():
    over = house(whole("hi"), whole("hi"))
    first = record(over, turn("hello"))
    over.sessions.store = MemorySessions(
        [(first.session_id, "p/bot", 1, first.at)], [(mark, first.session_id, first.at) for mark in first.marks]
    )
    second = record(over, turn("hello", "hi", "x"))
    assert (second.turn, second.session_id == first.session_id) == (1, False)


def test_a_request_without_a_known_caller_has_a_session_that_binds_nobody():
    over = house(whole("hi"))
    with pytest.raises(Exception, match="unknown API key"):
        run(over.call(turn("hello"), key="gp_no_key"))
    given = over.record.session_id
    assert place(record(over, turn("hello"), headers={b"x-gatepost-session-id": given.encode()})) == (given, 1)


class Away(MemorySessions):
    async def keep(self, marks, session_id, now):
        raise GatewayFault("the database is away", code=Code.STATE_UNAVAILABLE, status=503)


def test_an_answer_that_cannot_be_remembered_goes_out_and_says_so():
    over = house(whole("hi"))
    over.sessions.store = Away()
    outlet = run(over.call(turn("hello")))
    assert outlet.status == 200
    assert "could not be kept" in over.record.warnings[0]


class Gone(MemorySessions):
    async def claim(self, mark, now):
        raise GatewayFault("the database is away", code=Code.STATE_UNAVAILABLE, status=503)


def test_a_store_that_is_away_refuses_the_call():
    over = house(whole("hi"))
    over.sessions.store = Gone()
    with pytest.raises(GatewayFault, match="away"):
        run(over.call(turn("hello", "hi", "x")))
    assert over.record.error == "state_unavailable"


def test_sessions_are_not_shared_by_deployments():
    assert Sessions(b"a", MemorySessions()).mark("user", "k", b"x") != Sessions(b"b", MemorySessions()).mark(
        "user", "k", b"x"
    )
