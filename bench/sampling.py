"""Where the gateway's main process spends its time: samples under load, as a flat list of functions."""

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from bench import procs
from bench.machine import result_path
from bench.measure import CELLS, Bench, Cell, job, warm
from bench.results import Result
from bench.rounds import Say
from bench.running import Running, drive, folder, running
from bench.targets import Target
from bench.targets.target import environment

_RATE = 400
_SECONDS = 8
_ROWS = 45
_PLACE = re.compile(r" \((?:.*/)?([^/():]+?)(?::\d+)?\)$")


class Flat(NamedTuple):
    """Samples by function: at the top of the stack, and anywhere in it."""

    total: int
    own: Counter[str]
    under: Counter[str]


def flatten(collapsed: str) -> Flat:
    """Counts stacks of the form `outer;inner COUNT`; lines of one function are one entry."""
    own: Counter[str] = Counter()
    under: Counter[str] = Counter()
    total = 0
    for line in collapsed.splitlines():
        stack, _, times = line.rpartition(" ")
        if not stack or not times.isdigit():
            continue
        frames = [_PLACE.sub(r" (\1)", frame) for frame in stack.split(";")]
        total += int(times)
        own[frames[-1]] += int(times)
        for frame in set(frames):
            under[frame] += int(times)
    return Flat(total, own, under)


def listing(title: str, flat: Flat) -> str:
    """Returns both lists as text."""
    if not flat.total:
        return f"{title}\nno samples\n\n"
    lines = [f"{title}, {flat.total} samples", "", "  self  total  function"]
    for name, times in flat.own.most_common(_ROWS):
        lines.append(f"{times / flat.total:6.1%} {flat.under[name] / flat.total:6.1%}  {name}")
    lines += ["", " total  function"]
    lines += [f"{times / flat.total:6.1%}  {name}" for name, times in flat.under.most_common(_ROWS)]
    return "\n".join(lines) + "\n\n"


def _busiest(now: Running) -> int:
    """Returns the process that used the most: the one that serves the calls."""
    assert now.process is not None
    seconds = procs.usage(now.process.pid).seconds
    return max(seconds, key=lambda pid: seconds[pid])


def _sample(bench: Bench, now: Running, cell: Cell, spy: Path) -> str:
    with folder("samples") as place:
        out = place / "stacks.txt"
        argv = [str(spy), "record", "--native", "--format", "raw", "--rate", str(_RATE), "--output", str(out)]
        argv += ["--duration", str(_SECONDS), "--pid", str(_busiest(now))]
        with procs.on_cores(bench.placement.tools):
            watching = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            drive(job(now, cell, seconds=_SECONDS + 1), bench.placement)
            said = watching.communicate(timeout=30)[1]
        finally:
            watching.kill()
        if not out.exists():
            raise RuntimeError(f"py-spy wrote nothing: {said.decode(errors='replace')[-300:]}")
        return out.read_text()


def flat_profile(bench: Bench, target: Target, result: Result, say: Say) -> Path:
    """Samples plain and streamed calls of 16 clients and writes the lists beside the results."""
    spy = environment("py-spy", ["py-spy"]) / "bin" / "py-spy"
    text = f"{result.date}, commit {result.commit}, {result.machine.cpu_model}, Python {result.machine.python}\n"
    text += "Samples of the process that serves the calls, native frames included.\n\n"
    with running(target, bench.provider.port, bench.placement.target) as now:
        warm(bench, now, 1.0)
        for cell in CELLS[1::2]:
            if cell.mode in now.failed:
                text += f"{cell.mode}: failed, {now.failed[cell.mode]}\n\n"
                continue
            say(f"sampling {cell.mode} calls of {cell.clients} clients")
            text += listing(f"{cell.mode}, {cell.clients} clients", flatten(_sample(bench, now, cell, spy)))
    name = result_path(result.date, result.machine).stem
    path = result_path(result.date, result.machine).with_name(f"{name}-profile.txt")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
