"""Times one prepared evaluation of this engine and of others, in one run.

``python bench/run.py`` times this engine. ``--peer PYTHON`` (as often as wanted) names the
interpreter of another environment; whichever of regopy, gordon-to-regorus and
opa-golib-python-bindings is installed there is timed with the same policies and input.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_HEAD = "package bench\n\nimport rego.v1\n\n"


def _deny(number: int) -> str:
    kinds = (
        'deny contains msg if {{\n\tinput.request.method == "DELETE"\n'
        '\tnot "admin{n}" in input.user.roles\n'
        '\tmsg := sprintf("%s may not delete", [input.user.name])\n}}',
        'deny contains "too long {n}" if count(input.request.body) > 1000{n}',
        "deny contains msg if {{\n\tsome m in input.messages\n"
        '\tcontains(m.content, "secret{n}")\n\tmsg := sprintf("secret from %s", [m.role])\n}}',
        'deny contains "no tenant {n}" if not input.user.tenant',
        'deny contains "tool {n}" if {{\n\tsome t in input.tools\n\tt.name == "shell{n}"\n}}',
    )
    return kinds[number % len(kinds)].format(n=number)


def _indexed(number: int) -> str:
    return (
        f'deny contains "path {number}" if {{\n\tinput.request.path == "/p/{number}"\n'
        f"\tinput.user.age > {number}\n}}"
    )


POLICIES = {
    "five rules": _HEAD + "\n\n".join(map(_deny, range(5))),
    "thirty rules": _HEAD + "\n\n".join(map(_deny, range(30))),
    "thirty rules on one path": _HEAD + "\n\n".join(map(_indexed, range(30))),
    "300 rules on one path": _HEAD + "\n\n".join(map(_indexed, range(300))),
}
INPUT = {
    "request": {"method": "GET", "path": "/p/7", "body": "x" * 300},
    "user": {"name": "jo", "roles": ["dev", "ops"], "tenant": "t1", "age": 5},
    "messages": [{"role": "user", "content": "hello " * 20} for _ in range(8)],
    "tools": [{"name": f"t{at}", "about": "y" * 20} for at in range(6)],
}


def best(work: Callable[[], Any], seconds: float = 1.0) -> float:
    """Give the microseconds of one call: the best of several rounds."""
    began = time.perf_counter()
    work()
    rounds = max(1, min(2000, int(seconds / 5 / max(time.perf_counter() - began, 1e-6))))
    found = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(rounds):
            work()
        found.append((time.perf_counter() - began) / rounds * 1e6)
    return min(found)


def ours(policy: str) -> Callable[[], Any]:
    """Prepare this engine."""
    import gatepost_rego

    made = gatepost_rego.compile(policy, entrypoints=["bench/deny"])
    return lambda: made.evaluate(INPUT, deadline=1.0)


def regopy(policy: str) -> Callable[[], Any]:
    """Prepare regopy."""
    import regopy as peer

    engine = peer.Interpreter()
    engine.add_module("bench", policy)

    def work() -> Any:
        engine.set_input(peer.Input(INPUT))
        return engine.query("data.bench.deny")

    return work


def regorus(policy: str) -> Callable[[], Any]:
    """Prepare gordon-to-regorus."""
    import regorus as peer

    engine = peer.Engine()
    engine.add_policy("bench", policy)

    def work() -> Any:
        engine.set_input_json(json.dumps(INPUT))
        return engine.eval_rule("data.bench.deny")

    return work


def opa(policy: str) -> Callable[[], Any]:
    """Prepare OPA itself, through its bindings."""
    from opa_bindings import OpaEngine

    engine = OpaEngine()
    engine.add_policy("bench.rego", policy)
    return lambda: engine.eval_query("x = data.bench.deny", INPUT)


ENGINES = {"gatepost_rego": ours, "regopy": regopy, "regorus": regorus, "opa_bindings": opa}


def measure() -> dict[str, dict[str, float | str]]:
    """Time every engine that is installed here."""
    found: dict[str, dict[str, float | str]] = {}
    for title, prepare in ENGINES.items():
        if importlib.util.find_spec(title) is None:
            continue
        times: dict[str, float | str] = {}
        for policy, text in POLICIES.items():
            try:
                times[policy] = round(best(prepare(text)), 1)
            except Exception as error:
                times[policy] = f"{type(error).__name__}"
        found[title] = times
    return found


def build_times() -> dict[str, float]:
    """Time the import of this package and the compilation of 1,000 lines."""
    code = (
        "import time; t = time.perf_counter(); import gatepost_rego; print(time.perf_counter() - t)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    runs = [
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)
        for _ in range(5)
    ]
    lines = (_HEAD + "\n\n".join(map(_deny, range(250)))).split("\n")
    import gatepost_rego

    began = time.perf_counter()
    gatepost_rego.compile("\n".join(lines), entrypoints=["bench/deny"])
    spent = time.perf_counter() - began
    return {
        "import ms": round(min(runs) * 1e3, 1),
        f"compile {len(lines)} lines s": round(spent, 2),
    }


def main() -> None:
    """Print a table of microseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--peer", action="append", default=[], help="interpreter with other engines"
    )
    parser.add_argument("--measure", action="store_true", help="print figures as JSON")
    given = parser.parse_args()
    found = measure()
    if given.measure:
        print(json.dumps(found))
        return
    for peer in given.peer:
        run = [peer, str(Path(__file__).resolve()), "--measure"]
        theirs = json.loads(subprocess.run(run, check=True, capture_output=True).stdout)
        found = {**theirs, **found}
    print(f"Python {platform.python_version()}, {platform.machine()}; microseconds an evaluation")
    print("| engine |", " | ".join(POLICIES), "|")
    print("|---|" + "---|" * len(POLICIES))
    for title, times in found.items():
        print(f"| {title} |", " | ".join(str(times[policy]) for policy in POLICIES), "|")
    print(", ".join(f"{title}: {figure}" for title, figure in build_times().items()))


if __name__ == "__main__":
    main()
