"""Feeds every decoder with as many changed bodies as asked for, each decoder in a process of its own.

python tests/fuzzing/run.py --inputs 1000000 [--only "stream gemini"] [--guided]

Prints a line a decoder: inputs, seconds, the slowest input, how far the memory grew, what failed. Ends with 1 where an
error was not a typed one, an input took longer than `SLOWEST` seconds, or the memory grew by more than `MOST_GROWTH`.
`--guided` lets atheris choose the inputs, by the coverage that they reach.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SLOWEST = 2.0
"""Seconds of processor time."""
MOST_GROWTH = 256.0
"""MB."""
_WARM = 2000
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> float:
    """MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 1e6


def fed(name: str, inputs: int, seed: int) -> dict[str, Any]:
    """One decoder, here."""
    from fuzzing.targets import TARGETS

    target = TARGETS[name]
    make = target.make(random.Random(seed))
    failures: dict[str, str] = {}
    slowest, before, began = 0.0, 0.0, time.monotonic()
    for number in range(inputs):
        if number == min(_WARM, inputs // 2):
            before = resident()
        data = make()
        start = time.process_time()
        try:
            target.run(data)
        except BaseException as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            failures.setdefault(
                f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}", repr(data[:2000])
            )
        slowest = max(slowest, time.process_time() - start)
    return {
        "name": name, "inputs": inputs, "seconds": round(time.monotonic() - began, 1), "slowest": round(slowest, 3),
        "grew": round(resident() - before, 1), "failures": failures,
    }  # fmt: skip


def guided(name: str, inputs: int, seed: int) -> None:
    """One decoder, its inputs chosen by coverage. Never returns: the fuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["gatepost_gateway.dialects"]):
        from fuzzing.targets import TARGETS
    target = TARGETS[name]
    make = target.make(random.Random(seed))

    def change(data: bytes, most: int, _: int) -> bytes:
        # Half of the inputs are changed by words, which the fuzzer's own changes of bytes seldom keep whole.
        return make()[:most] if random.random() < 0.5 else atheris.Mutate(data, most)

    flags = [f"-runs={inputs}", f"-seed={seed}", "-max_len=8192", "-timeout=10", "-rss_limit_mb=600", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *flags], target.run, custom_mutator=change)
    atheris.Fuzz()


def fine(row: dict[str, Any]) -> bool:
    return not row["failures"] and row["slowest"] <= SLOWEST and row["grew"] <= MOST_GROWTH


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--guided", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.one:
        if said.guided:
            guided(said.one, said.inputs, said.seed)
        print(json.dumps(fed(said.one, said.inputs, said.seed)))
        return 0
    from fuzzing.targets import TARGETS

    wrong = 0
    for name in TARGETS:
        if said.only in name:
            wrong += not (_guided if said.guided else _fed)(name, said.inputs, said.seed)
    return 1 if wrong else 0


def _fed(name: str, inputs: int, seed: int) -> bool:
    words = [sys.executable, __file__, "--one", name, "--inputs", str(inputs), "--seed", str(seed)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"{name:32} ended with {done.returncode}", flush=True)
        return False
    row = json.loads(done.stdout)
    print(
        f"{name:32} {row['inputs']:>9} inputs {row['seconds']:>7} s, slowest {row['slowest']:.3f} s,"
        f" grew {row['grew']:>6} MB",
        *(f"\n    {what}: {data}" for what, data in row["failures"].items()),
        flush=True,
    )
    return fine(row)


def _guided(name: str, inputs: int, seed: int) -> bool:
    words = [sys.executable, __file__, "--one", name, "--inputs", str(inputs), "--seed", str(seed), "--guided"]
    began = time.monotonic()
    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False
    )
    words_of_it = "fine" if not done.returncode else f"ended with {done.returncode}\n{done.stdout[-3000:]}"
    print(f"{name:32} {inputs:>9} guided inputs {time.monotonic() - began:>7.1f} s, {words_of_it}", flush=True)
    return not done.returncode


if __name__ == "__main__":
    sys.exit(main())
