from uuid import UUID

from gatepost_gateway.domain import ids
from gatepost_gateway.pipeline import sessions as module
from gatepost_gateway.pipeline.sessions import LIFE, Sessions

NOW = 1_795_000_000_000_000


def test_a_fresh_session_is_a_uuid_of_its_time():
    made = Sessions(b"key").fresh("p/", NOW)
    assert ids.is_uuid(made)
    assert UUID(made).version == 7
    assert int(made.replace("-", "")[:12], 16) == NOW // 1000


def test_turns_are_counted_from_the_one_that_made_the_session():
    held = Sessions(b"key")
    made = held.fresh("p/", NOW)
    assert [held.turn(made, "p/", NOW + at) for at in range(3)] == [2, 3, 4]
    theirs = ids.new()
    assert [held.turn(theirs, "p/", NOW + at) for at in range(3)] == [1, 2, 3]


def test_a_session_that_another_made_is_foreign_even_before_it_is_continued():
    held = Sessions(b"key")
    made = held.fresh("p/bot", NOW)
    assert held.owned_by(made, "p/bot", NOW)
    assert not held.owned_by(made, "p/other", NOW)
    assert not held.owned_by(made, "q/bot", NOW)
    assert not Sessions(b"key").owned_by(made, "q/bot", NOW + 10 * LIFE)


def test_a_session_that_another_named_is_foreign_while_it_lives():
    held, name = Sessions(b"key"), ids.new()
    assert held.owned_by(name, "p/", NOW)
    held.turn(name, "p/", NOW)
    assert not held.owned_by(name, "q/", NOW + LIFE)
    assert held.owned_by(name, "q/", NOW + LIFE + 1)


def test_ids_of_other_deployments_are_like_any_other():
    made = Sessions(b"one").fresh("p/", NOW)
    assert Sessions(b"two").owned_by(made, "q/", NOW)


def test_thirty_minutes_of_silence_end_a_session():
    held, name = Sessions(b"key"), ids.new()
    held.turn(name, "p/", NOW)
    assert held.turn(name, "p/", NOW + LIFE) == 2
    assert held.turn(name, "p/", NOW + 2 * LIFE) == 3
    assert held.turn(name, "p/", NOW + 3 * LIFE + 1) == 1
    made = held.fresh("p/", NOW)
    assert held.turn(made, "p/", NOW + LIFE + 1_000_000) == 1


def test_what_another_run_left_goes_on():
    name = ids.new()
    held = Sessions(b"key", [(name, "p/", 7, NOW)])
    assert not held.owned_by(name, "q/", NOW + 1)
    assert held.turn(name, "p/", NOW + 1) == 8


def test_memory_is_bounded_and_the_oldest_go_first(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    names = [ids.new() for _ in range(5)]
    held = Sessions(b"key", [(name, "p/", 1, NOW) for name in names])
    assert len(held._live) == 3
    held.turn(names[2], "p/", NOW)
    held.turn(ids.new(), "p/", NOW)
    assert len(held._live) == 3
    assert held.turn(names[2], "p/", NOW) == 3
    assert held.turn(names[3], "p/", NOW) == 1
