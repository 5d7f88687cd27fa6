import asyncio
from uuid import UUID

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.ports import SESSION_LIFE as LIFE
from gatepost_gateway.ledger import MemorySessions
from gatepost_gateway.pipeline.sessions import Sessions

NOW = 1_795_000_000_000_000


def sessions(key=b"key"):
    return Sessions(key, MemorySessions())


def run(work):
    return asyncio.run(work)


def test_a_fresh_session_is_a_uuid_of_its_time():
    made = sessions().fresh("p/", NOW)
    assert ids.is_uuid(made)
    assert UUID(made).version == 7
    assert int(made.replace("-", "")[:12], 16) == NOW // 1000


def test_turns_are_counted_from_the_one_that_made_the_session():
    held = sessions()
    made = held.fresh("p/", NOW)
    assert [run(held.named(made, "p/", NOW + at)) for at in range(3)] == [2, 3, 4]
    theirs = ids.new()
    assert [run(held.named(theirs, "p/", NOW + at)) for at in range(3)] == [1, 2, 3]
    found = held.fresh("p/", NOW)
    assert run(held.found(found, "p/", NOW + LIFE + 5_000_000)) == 2


def test_a_session_that_another_made_is_foreign_even_before_it_is_continued():
    held = sessions()
    made = held.fresh("p/bot", NOW)
    assert run(held.named(made, "p/other", NOW)) is None
    assert run(held.named(made, "q/bot", NOW)) is None
    assert run(held.named(made, "p/bot", NOW)) == 2
    assert run(sessions().named(made, "q/bot", NOW + 10 * LIFE)) is None


def test_a_session_that_another_named_is_foreign_while_it_lives():
    held, name = sessions(), ids.new()
    assert run(held.named(name, "p/", NOW)) == 1
    assert run(held.named(name, "q/", NOW + LIFE)) is None
    assert run(held.found(name, "q/", NOW + LIFE)) is None
    assert run(held.named(name, "q/", NOW + LIFE + 1)) == 1


def test_ids_of_other_deployments_are_like_any_other():
    made = sessions(b"one").fresh("p/", NOW)
    assert run(sessions(b"two").named(made, "q/", NOW)) == 1


def test_an_id_of_ours_that_was_left_for_thirty_minutes_begins_again():
    held = sessions()
    assert run(held.named(held.fresh("p/", NOW), "p/", NOW + LIFE + 1_000_000)) == 1


def test_marks_differ_by_way_key_value_and_deployment():
    held = sessions()
    marks = {
        held.mark(way, key, value) for way in ("user", "words") for key in ("k1", "k2") for value in (b"a", b"b", b"")
    }
    assert len(marks) == 12
    assert held.mark("user", "k1", b"a") == sessions().mark("user", "k1", b"a")
    assert held.mark("user", "k1", b"a") != sessions(b"other").mark("user", "k1", b"a")
    assert all(len(mark) == 16 for mark in marks)
