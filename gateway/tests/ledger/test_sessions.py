import asyncio
import inspect

import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.ledger import MemorySessions
from gatepost_gateway.ledger import sessions as module

from ..session_stores import LIFE, NOW, ONE, SessionStoreContract


@pytest.fixture
def store():
    return MemorySessions()


def run(work):
    return asyncio.run(work)


@pytest.mark.parametrize("name", [name for name in vars(SessionStoreContract) if name.startswith("test_")])
def test_contract(name, store):
    promise = getattr(SessionStoreContract(), name)
    assert inspect.iscoroutinefunction(promise)
    run(promise(store))


def test_what_another_run_left_goes_on():
    name, other = ids.new(), ids.new()
    held = MemorySessions([(name, "p/", 7, NOW)], [(ONE, name, NOW)])
    assert run(held.turn(name, "q/", 0, NOW + 1)) is None
    assert run(held.claim(ONE, NOW + 1)) == name
    assert run(held.turn(name, "p/", 0, NOW + 1)) == 8
    assert run(MemorySessions(marks=[(ONE, name, NOW), (ONE, other, NOW - 5)]).claim(ONE, NOW)) == other


def test_memory_is_bounded_and_the_oldest_go_first(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    names = [ids.new() for _ in range(5)]
    held = MemorySessions([(name, "p/", 1, NOW) for name in names])
    assert run(held.turn(names[2], "p/", 0, NOW)) == 2
    run(held.turn(ids.new(), "p/", 0, NOW))
    assert run(held.turn(names[2], "p/", 0, NOW)) == 3
    assert run(held.turn(names[3], "p/", 0, NOW)) == 1
    for number in range(5):
        run(held.keep([bytes([number]) * 16], names[0], NOW + number))
    assert run(held.claim(bytes([1]) * 16, NOW)) is None
    assert run(held.claim(bytes([2]) * 16, NOW)) == names[0]


def test_what_has_outlived_its_time_is_swept_out():
    held = MemorySessions()
    for number in range(3):
        run(held.turn(ids.new(), "p/", 0, NOW + number))
        run(held.keep([bytes([number]) * 16], ids.new(), NOW + number))
    run(held.sweep(NOW + LIFE + 2))
    assert (len(held._live), len(held._marks)) == (1, 1)
    run(held.sweep(NOW + LIFE + 3))
    assert (len(held._live), len(held._marks)) == (0, 0)
