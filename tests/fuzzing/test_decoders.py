"""Every decoder under inputs that are nearly right: it answers, or refuses by a typed error, and soon."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzzing.run import SLOWEST, fine
from fuzzing.targets import TARGETS

RUN = Path(__file__).with_name("run.py")


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_nearly_right_is_read_or_refused(name: str) -> None:
    target = TARGETS[name]

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(st.integers(0, 1 << 62), st.binary(max_size=80))
    def law(number: int, raw: bytes) -> None:
        start = time.process_time()
        target.run(target.make(random.Random(number))())
        target.run(raw)
        assert time.process_time() - start < SLOWEST

    law()


SIDES = 12
"""As many turns as reach each side that a target takes by turns."""


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_themselves_are_read(name: str) -> None:
    """A fuzzer whose seeds are refused at once would find nothing."""
    assert TARGETS[name].seeds
    for seed in TARGETS[name].seeds:
        # A target takes its other sides by turns, and not each of them can say each seed.
        came = [_refused(name, seed) for _ in range(SIDES)]
        assert None in came, f"{came[0]!r} for {seed[:300]!r}"


def _refused(name: str, seed: bytes) -> Exception | None:
    try:
        TARGETS[name].read(seed)
    except TARGETS[name].refusals as error:
        return error
    return None


def test_a_failure_is_seen() -> None:
    row = {"failures": {}, "slowest": 0.1, "grew": 1.0}
    assert fine(row)
    assert not fine({**row, "failures": {"KeyError": "b''"}})
    assert not fine({**row, "slowest": SLOWEST + 1})
    assert not fine({**row, "grew": 300.0})


def _run(*words: str) -> str:
    done = subprocess.run([sys.executable, RUN, *words], capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.soak
def test_many_inputs_neither_crash_nor_hang_nor_grow() -> None:
    inputs = 5_000 if os.environ.get("SOAK") == "short" else 100_000
    assert len(_run("--inputs", str(inputs)).splitlines()) == len(TARGETS)


@pytest.mark.soak
@pytest.mark.parametrize("name", ["request anthropic_messages", "stream gemini_generate", "event stream"])
def test_inputs_that_coverage_chooses(name: str) -> None:
    pytest.importorskip("atheris", reason="atheris is not installed here")
    inputs = "3000" if os.environ.get("SOAK") == "short" else "100000"
    assert name in _run("--guided", "--only", name, "--inputs", inputs)
