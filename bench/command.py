"""Measures Gatepost beside other gateways and proxies; see bench/README.md."""

import argparse
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from bench import machine, procs
from bench.admin_load import compare_admin
from bench.measure import Bench
from bench.results import Result, read_result, write_result
from bench.rounds import Plan, measure_all, prepare, start_all, weigh_all
from bench.running import provider
from bench.sampling import flat_profile
from bench.table import into_readme, tables
from bench.targets import TARGETS, TRANSLATED, Target

_WEIGHED = ("nginx", "gatepost")
_README = Path(__file__).resolve().parent / "README.md"


def say(text: str) -> None:
    """Tells the person at the terminal how it goes."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _span(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 600:
        raise argparse.ArgumentTypeError("between 0.1 and 600 seconds")
    return value


def _arguments() -> argparse.Namespace:
    names = ",".join(target.name for target in TARGETS)
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__)
    parser.add_argument("--only", default=names, help=f"targets, by commas; all: {names}; beside them: translated")
    parser.add_argument("--runs", type=_count, default=5, help="rounds; the tables show the median")
    parser.add_argument("--seconds", type=_span, default=3.0, help="length of one run")
    parser.add_argument(
        "--quick", action="store_true", help="1 round of 1 s runs and fewer calls: to see that it works"
    )
    parser.add_argument("--out", type=Path, help="where the result goes; else a new file in bench/results")
    parser.add_argument("--no-admin", action="store_true", help="leave out calls beside admin work")
    parser.add_argument("--no-memory", action="store_true", help="leave out memory after many calls")
    parser.add_argument("--table", type=Path, metavar="RESULT", help="write a result's tables into bench/README.md")
    parser.add_argument("--profile", action="store_true", help="sample the gateway under load instead of measuring it")
    return parser.parse_args()


def _chosen(names: str) -> list[Target]:
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if "translated" in wanted:
        at = wanted.index("translated")
        wanted[at : at + 1] = [target.name for target in TRANSLATED]
    known = {target.name: target for target in (*TARGETS, *TRANSLATED)}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"no such target: {', '.join(unknown)}; there are: {', '.join(known)}")
    # Added latency is against the direct path of the same round, so it always runs.
    return [known[name] for name in dict.fromkeys(["direct", *wanted])]


def _plan(arguments: argparse.Namespace) -> Plan:
    if arguments.quick:
        return Plan(rounds=1, seconds=1.0, warm_share=0.25, marks=(2_000, 10_000))
    return Plan(rounds=arguments.runs, seconds=arguments.seconds, warm_share=1.0, marks=(10_000, 100_000))


def _measure(arguments: argparse.Namespace) -> Result:
    placement = procs.place()
    plan = _plan(arguments)
    facts = machine.facts(placement)
    result = Result(machine.today(), machine.commit(), facts, plan.seconds, plan.rounds)
    ready = prepare(_chosen(arguments.only), result, say)
    with procs.on_cores(placement.tools), provider(placement) as upstream:
        bench = Bench(upstream, placement)
        with ExitStack() as stack:
            started = start_all(bench, ready, result, stack, say)
            measure_all(bench, started, plan, result, say)
        good = [live.target for live in started]
        if not arguments.no_memory:
            weigh_all(bench, [target for target in good if target.name in _WEIGHED], plan, result, say)
        if not arguments.no_admin:
            for target in good:
                if target.name == "gatepost":
                    compare_admin(bench, target, plan, result, say)
    return result


def _profile() -> None:
    placement = procs.place()
    result = Result(machine.today(), machine.commit(), machine.facts(placement), 0.0, 0)
    ready = prepare(_chosen("gatepost"), result, say)[1:]
    if not ready:
        sys.exit(1)
    with procs.on_cores(placement.tools), provider(placement) as upstream:
        path = flat_profile(Bench(upstream, placement), ready[0], result, say)
    say(f"written: {path.name}")
    sys.stdout.write(path.read_text())


def _stop(number: int, frame: object) -> None:
    """Turns a signal into an exit, so that everything that was started is ended."""
    del frame
    sys.exit(128 + number)


def main() -> None:
    """Does what the arguments say."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, _stop)
    if arguments.table:
        into_readme(_README, read_result(arguments.table), arguments.table.name)
        return
    if arguments.profile:
        _profile()
        return
    result = _measure(arguments)
    path: Path = arguments.out or machine.result_path(result.date, result.machine)
    if arguments.quick and not arguments.out:
        path = _README.parent / ".cache" / "quick.json"
    write_result(path, result)
    sys.stdout.write(tables(result))
    say(f"written: {path.name}")
