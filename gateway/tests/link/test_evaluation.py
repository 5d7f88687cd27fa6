import asyncio
from pathlib import Path

import pytest

from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.domain.rego import PolicyFailed, RegoEntry
from gatepost_gateway.link import evaluation
from gatepost_gateway.link.evaluation import EvaluationPool, key_of

COMMAND = ("-m", "gatepost_gateway.app.evaluator")
QUICK = 'package gatepost.policy\ndeny contains "x" if input.n == 1\n'
ENDLESS = """package gatepost.policy
deny contains "x" if {
    some i in numbers.range(1, 5000)
    some j in numbers.range(1, 5000)
    i * j == input.n
}
"""
HANGING = (
    "import socket,sys;s=socket.socket(fileno=int(sys.argv[-1]));s.send(bytes(4));s.recv(1);[0 for _ in iter(int,1)]"
)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take long to start a process: that is no test's concern but one's."""
    monkeypatch.setattr(evaluation, "WAIT_SECONDS", 30.0)


def entry_of(source: str, name: str = "a", seconds: float = 0.1) -> RegoEntry:
    return RegoEntry(name, Phase.REQUEST, source, ("gatepost.policy",), (), seconds=seconds)


def test_answers_and_refusals():
    async def run() -> None:
        pool = EvaluationPool(COMMAND)
        try:
            pool.prepare(entry_of(QUICK))
            assert await pool.evaluate(entry_of(QUICK), b'{"n":1}') == b'{"gatepost/policy/deny":["x"]}'
            with pytest.raises(PolicyFailed, match="does not compile"):
                await pool.evaluate(entry_of("package x y"), b"{}")
            with pytest.raises(PolicyFailed, match="deadline"):
                await pool.evaluate(entry_of(ENDLESS, seconds=0.05), b'{"n":-1}')
        finally:
            await pool.close()
        with pytest.raises(PolicyFailed, match="closing"):
            await pool.evaluate(entry_of(QUICK), b"{}")

    asyncio.run(run())


def test_a_policy_that_takes_all_the_time_delays_its_own_callers_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evaluation, "LONGEST_LANE", 8)

    async def run() -> None:
        pool = EvaluationPool(COMMAND)
        try:
            slow = entry_of(ENDLESS, "slow", 0.1)
            waiting = [
                asyncio.ensure_future(pool.evaluate(slow, b'{"n":-1}')) for _ in range(evaluation.LONGEST_LANE + 2)
            ]
            assert await pool.evaluate(entry_of(QUICK, "quick"), b'{"n":1}')
            assert sum(not one.done() for one in waiting) >= evaluation.LONGEST_LANE - 6
            found = await asyncio.gather(*waiting, return_exceptions=True)
            assert any("too many" in str(one) for one in found)
            assert all(isinstance(one, PolicyFailed) for one in found)
        finally:
            await pool.close()

    asyncio.run(run())


def test_a_process_that_does_not_answer_is_killed_and_another_one_started(monkeypatch: pytest.MonkeyPatch):
    async def run() -> None:
        monkeypatch.setattr(evaluation, "COMPILE_SECONDS", 0.1)
        monkeypatch.setattr(evaluation, "PROCESSES", 1)
        pool = EvaluationPool(("-c", HANGING))
        try:
            with pytest.raises(PolicyFailed, match="ended from outside"):
                await pool.evaluate(entry_of(QUICK, seconds=0.05), b"{}")
            monkeypatch.setattr(evaluation, "COMPILE_SECONDS", 2.0)
            monkeypatch.setattr(pool, "_command", COMMAND)
            assert await pool.evaluate(entry_of(QUICK), b"{}") == b'{"gatepost/policy/deny":[]}'
        finally:
            await pool.close()

    asyncio.run(run())


def test_a_process_that_does_not_start_is_a_failure_of_the_policy():
    async def run() -> None:
        pool = EvaluationPool(("-c", "raise SystemExit(1)"))
        try:
            with pytest.raises(PolicyFailed, match="ended from outside"):
                await pool.evaluate(entry_of(QUICK), b"{}")
        finally:
            await pool.close()

    asyncio.run(run())


def test_who_leaves_takes_nobody_elses_answer():
    async def run() -> None:
        pool = EvaluationPool(COMMAND)
        try:
            leaving = asyncio.ensure_future(pool.evaluate(entry_of(ENDLESS, seconds=0.1), b'{"n":-1}'))
            await asyncio.sleep(0.05)
            leaving.cancel()
            for n in (1, 2):
                wanted = b'{"gatepost/policy/deny":["x"]}' if n == 1 else b'{"gatepost/policy/deny":[]}'
                assert await pool.evaluate(entry_of(QUICK), b'{"n":%d}' % n) == wanted
        finally:
            await pool.close()

    asyncio.run(run())


def test_a_full_process_makes_place_for_another(monkeypatch: pytest.MonkeyPatch):
    async def run() -> None:
        monkeypatch.setattr(evaluation, "MOST_POLICIES", 1)
        pool = EvaluationPool(COMMAND)
        try:
            for number in range(3):
                assert await pool.evaluate(entry_of(QUICK + f"# {number}\n"), b"{}")
        finally:
            await pool.close()

    asyncio.run(run())


def test_a_policy_is_known_by_its_text_and_its_packages():
    from msgspec.structs import replace

    one = entry_of(QUICK)
    assert key_of(one) == key_of(replace(one, name="other", seconds=0.2))
    assert key_of(one) != key_of(replace(one, packages=("xenovia",)))


def test_a_call_waits_for_its_turn_only_so_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evaluation, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(evaluation, "COMPILE_SECONDS", 0.0)

    async def run() -> None:
        pool = EvaluationPool(COMMAND)
        try:
            with pytest.raises(PolicyFailed, match="turn did not come"):
                await pool.evaluate(entry_of(QUICK, seconds=0.001), b"{}")
        finally:
            await pool.close()

    asyncio.run(run())


def test_a_process_sees_no_variable_but_those_that_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("A_SECRET", "sk-canary")
    script = "import sys; open(sys.argv[1], 'wb').write(open('/proc/self/environ', 'rb').read())"

    async def run() -> None:
        pool = EvaluationPool(("-c", script, str(tmp_path / "seen")), {"LANG": "C.UTF-8"})
        try:
            with pytest.raises(PolicyFailed):
                await pool.evaluate(entry_of(QUICK), b"{}")
        finally:
            await pool.close()

    asyncio.run(run())
    assert (tmp_path / "seen").read_bytes() == b"LANG=C.UTF-8\0"
