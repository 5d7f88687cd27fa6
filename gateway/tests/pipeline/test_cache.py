import asyncio

from gatepost_gateway.domain.ports import Summary
from gatepost_gateway.pipeline.cache import OVERHEAD, AnswerCache, NoAnswer, Replay, Stored, Taken


def stored(body: bytes = b"", expires_at: float = 100.0) -> Stored:
    return Stored("m", body, Summary(), expires_at)


def test_what_was_put_is_found_until_it_expires():
    cache = AnswerCache()
    cache.put("p", b"k", stored(b"said"), 10_000)
    found = cache.get("p", b"k", 99.9)
    assert found is not None
    assert found.body == b"said"
    assert cache.get("p", b"k", 100.0) is None
    assert (cache.entries, cache.held) == (0, 0)


def test_no_project_sees_the_answers_of_another():
    cache = AnswerCache()
    cache.put("p", b"k", stored(), 10_000)
    assert cache.get("q", b"k", 0) is None


def test_a_project_holds_no_more_than_its_bytes_and_loses_what_it_used_least():
    cache = AnswerCache()
    for key in (b"1", b"2", b"3"):
        cache.put("p", key, stored(), 3 * OVERHEAD)
    cache.get("p", b"1", 0)
    cache.put("p", b"4", stored(), 3 * OVERHEAD)
    assert [cache.get("p", key, 0) is not None for key in (b"1", b"2", b"3", b"4")] == [True, False, True, True]
    assert cache.held == 3 * OVERHEAD


def test_all_projects_together_hold_no_more_than_the_process_may():
    cache = AnswerCache(most=3 * OVERHEAD)
    for project in ("p", "q", "r"):
        cache.put(project, b"k", stored(), 10 * OVERHEAD)
    cache.get("p", b"k", 0)
    cache.put("s", b"k", stored(), 10 * OVERHEAD)
    assert [cache.get(project, b"k", 0) is not None for project in "pqrs"] == [True, False, True, True]
    assert cache.held == 3 * OVERHEAD


def test_an_answer_that_is_larger_than_its_bounds_displaces_nothing():
    cache = AnswerCache(most=5 * OVERHEAD)
    cache.put("p", b"k", stored(), 2 * OVERHEAD)
    cache.put("p", b"large", stored(bytes(2 * OVERHEAD)), 2 * OVERHEAD)
    cache.put("p", b"huge", stored(bytes(5 * OVERHEAD)), 100 * OVERHEAD)
    assert cache.entries == 1
    assert cache.get("p", b"k", 0) is not None


def test_an_answer_put_twice_is_counted_once():
    cache = AnswerCache()
    cache.put("p", b"k", stored(b"first"), 10_000)
    cache.put("p", b"k", stored(b"second!"), 10_000)
    assert cache.held == OVERHEAD + len(b"second!")


def test_a_sweep_takes_what_has_expired_and_nothing_else():
    cache = AnswerCache()
    cache.put("p", b"old", stored(expires_at=10), 10_000)
    cache.put("p", b"new", stored(expires_at=20), 10_000)
    cache.put("q", b"old", stored(expires_at=10), 10_000)
    cache.sweep(10)
    assert (cache.entries, cache.held) == (1, OVERHEAD)
    assert cache.get("p", b"new", 10) is not None


def test_a_stream_is_taken_as_long_as_it_is_small():
    taken = Taken(4)
    taken.add(b"ab")
    taken.add(b"cd")
    assert taken.whole() == b"abcd"
    taken.add(b"e")
    taken.add(b"")
    assert taken.whole() is None


def test_an_answer_that_nobody_was_asked_for_has_ended():
    answer, reader = NoAnswer(), Replay(Summary())
    assert asyncio.run(answer.read()) == asyncio.run(answer.read_all(1)) == reader.close() == b""
    assert asyncio.run(answer.pump(lambda _: True))
    assert reader.ended
    answer.close()
