"""The command: `python -m fuzz --pairs N --seed S --oracle PYTHON`."""

from __future__ import annotations

import argparse
import collections
import json
import random
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fuzz.compare import documented, same
from fuzz.inputs import document
from fuzz.policies import policy
from gatepost_rego import Capabilities, RegoError
from gatepost_rego.policy import evaluate_query, load

_INPUTS = 10
_RENEW = 500
_PATIENCE = 20.0
"""Seconds that the oracle may take for a policy, or for its end."""
_STRICT = Capabilities(strict_builtin_errors=True)


def _default(value: Any) -> Any:
    return float(value)


def _ours(text: str, inputs: list[Any]) -> list[dict[str, Any]]:
    """Evaluate a policy here with every input."""
    try:
        runner = load({"fuzz.rego": text}, queries=["x = data.fuzz"], capabilities=_STRICT)
    except RegoError as error:
        return [{"e": str(error)} for _ in inputs]
    found: list[dict[str, Any]] = []
    for one in inputs:
        try:
            result = evaluate_query(runner, one, deadline=10.0)
            found.append({"r": json.loads(json.dumps(result, default=_default))})
        except RegoError as error:
            found.append({"e": str(error)})
        except Exception as error:  # a bug here is a difference to report, not the end
            found.append({"e": f"CRASH {type(error).__name__}: {error}"})
    return found


def _cases(pairs: int, seed: int) -> Iterator[tuple[int, str, list[Any]]]:
    for number in range((pairs + _INPUTS - 1) // _INPUTS):
        rng = random.Random(f"{seed}/{number}")
        yield number, policy(rng), [document(rng) for _ in range(_INPUTS)]


class _Oracle:
    """Real OPA in a process of its own, asked ahead so that both engines work at once."""

    def __init__(self, python: str) -> None:
        self.python = python
        self.asked = 0
        self.process = self._begin()

    def _begin(self) -> subprocess.Popen[str]:
        script = Path(__file__).with_name("oracle.py")
        return subprocess.Popen(
            [self.python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, text: str, inputs: list[Any]) -> None:
        self.asked += 1
        if self.asked % _RENEW == 0:
            # The bindings keep memory of every engine they ever made.
            self.close()
            self.process = self._begin()
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"policy": text, "inputs": inputs}) + "\n")
        self.process.stdin.flush()

    def hear(self) -> list[dict[str, Any]] | None:
        """The answers; None when none come in time: the bindings can hang and cannot be stopped."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], _PATIENCE)[0]:
            self.process.kill()
            self.process.wait()
            self.process = self._begin()
            return None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the oracle has ended")
        found: list[dict[str, Any]] = json.loads(line)
        return found

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _report(number: int, text: str, given: Any, ours: Any, theirs: Any) -> str:
    if "r" in ours and "r" in theirs:
        ours, theirs = _unequal_parts(ours["r"], theirs["r"])
    lines = [f"# case {number}", text]
    for name, value in (("input", given), ("ours", ours), ("theirs", theirs)):
        lines.append(f"# {name}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _unequal_parts(ours: Any, theirs: Any) -> tuple[Any, Any]:
    """Leave out the rules that both answer alike."""
    if not ours or not theirs:
        return ours, theirs
    one, other = ours[0]["x"], theirs[0]["x"]
    names = [name for name in {**one, **other} if one.get(name, ...) != other.get(name, ...)]
    return (
        {name: one[name] for name in names if name in one},
        {name: other[name] for name in names if name in other},
    )


def main() -> int:
    """Run the comparison; the exit code is 1 when an undocumented difference was found."""
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--oracle", required=True, help="a Python with opa-golib-python-bindings")
    parser.add_argument("--show", type=int, default=5, help="differences to print in full")
    options = parser.parse_args()
    oracle = _Oracle(options.oracle)
    tally: collections.Counter[str] = collections.Counter()
    begun = time.monotonic()
    for number, text, inputs in _cases(options.pairs, options.seed):
        oracle.ask(text, inputs)
        ours = _ours(text, inputs)
        told = False
        theirs = oracle.hear()
        if theirs is None:
            tally["not compared: the oracle hung"] += len(inputs)
            continue
        for given, one, other in zip(inputs, ours, theirs, strict=True):
            if same(one, other):
                tally["error alike" if "e" in one else "result alike"] += 1
                continue
            kind = documented(one, other)
            tally[f"documented: {kind}" if kind else "DIFFERENT"] += 1
            if not kind and not told and tally["DIFFERENT"] <= options.show * _INPUTS:
                told = True
                print(_report(number, text, given, one, other))
    oracle.close()
    spent = time.monotonic() - begun
    for name, count in tally.most_common():
        print(f"{count:8d} {name}")
    print(f"{sum(tally.values())} pairs, seed {options.seed}, {spent:.1f} s")
    return 1 if tally["DIFFERENT"] else 0


if __name__ == "__main__":
    sys.exit(main())
