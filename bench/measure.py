"""One measurement: what the calls of one run cost the target, and what they felt like to the client."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from typing import NamedTuple

from bench import procs
from bench.load import Job, Report, Spread
from bench.results import Memory, Run, Share
from bench.running import Provider, Running, drive

FOREIGN_LIMIT = 0.15
"""More processor time than this, in cores, of programs that are no part of the run, and the run is marked."""

_IDLE_SECONDS = 0.6
_NONE = procs.Usage({}, 0.0, {})
_numbers = count(1)


class Cell(NamedTuple):
    """One way of calling."""

    stream: bool
    clients: int

    @property
    def mode(self) -> str:
        """Returns the word for the results."""
        return "stream" if self.stream else "plain"


CELLS = (
    Cell(stream=False, clients=1),
    Cell(stream=False, clients=16),
    Cell(stream=True, clients=1),
    Cell(stream=True, clients=16),
)


class Bench(NamedTuple):
    """What every measurement needs."""

    provider: Provider
    placement: procs.Placement


class _Reading(NamedTuple):
    at: float
    machine: float
    own: float
    provider: float
    target: procs.Usage


def job(running: Running, cell: Cell, *, seconds: float = 0.0, calls: int = 0) -> Job:
    """Returns the driver's orders; the numbers of requests are never used twice in a session."""
    launch = running.launch
    return Job(
        port=launch.port,
        path=launch.path,
        headers=launch.headers,
        clients=cell.clients,
        stream=cell.stream,
        seconds=seconds,
        calls=calls,
        first_number=next(_numbers) * 10_000_000,
    )


def _usage(running: Running) -> procs.Usage:
    return procs.usage(running.process.pid) if running.process else _NONE


def _read(bench: Bench, running: Running) -> _Reading:
    return _Reading(
        at=time.monotonic(),
        machine=procs.machine_busy_seconds(),
        own=time.process_time(),
        provider=procs.cpu_seconds(bench.provider.process.pid),
        target=_usage(running),
    )


def _foreign(before: _Reading, after: _Reading, target: float, tools: float) -> float:
    """Returns the cores that others used; the kernel counts the whole machine in ticks, so it is a rough figure."""
    known = target + tools + (after.own - before.own) + (after.provider - before.provider)
    return max(0.0, (after.machine - before.machine - known) / (after.at - before.at))


class Load:
    """The load of others while something ran; `tools` is what our own helpers reported to have used."""

    def __init__(self) -> None:
        """Knows nothing yet."""
        self.tools = 0.0
        self.cores = 0.0


@contextmanager
def foreign_load(bench: Bench, running: Running) -> Generator[Load]:
    """Tells at its end how much of the machine others used meanwhile."""
    load = Load()
    before = _read(bench, running)
    yield load
    after = _read(bench, running)
    load.cores = _foreign(before, after, sum(procs.spent(before.target, after.target).values()), load.tools)


def idle_core(running: Running) -> float:
    """Returns what the target uses when nobody calls, as a share of a core."""
    before, began = _usage(running), time.monotonic()
    time.sleep(_IDLE_SECONDS)
    used = sum(procs.spent(before, _usage(running)).values())
    return used / (time.monotonic() - began)


def warm(bench: Bench, running: Running, share: float) -> float:
    """Calls the target until it has compiled and cached what it will, then returns its idle share of a core."""
    for cell in CELLS[1::2]:
        if cell.mode not in running.failed:
            drive(job(running, cell, seconds=max(0.5, running.target.warm_seconds * share)), bench.placement)
    time.sleep(running.target.linger_seconds)
    return idle_core(running)


def _shares(parts: dict[int, float], names: dict[int, str], calls: int) -> list[Share]:
    """Returns the processes that matter, the costliest first."""
    rows = [Share(names.get(pid, "children that ended"), used * 1e6 / calls) for pid, used in parts.items()]
    return sorted((row for row in rows if row.cpu_us >= 0.05), key=lambda row: -row.cpu_us)


def checked(report: Report, billed: int) -> str:
    """Returns what makes the run doubtful: calls that failed, calls that were not passed on, or made twice."""
    if report.errors:
        return f"{report.errors} calls failed, first: {report.first_error}"
    if billed != report.calls:
        return f"{report.calls} calls answered, {billed} billed by the provider"
    return "" if report.calls else "no call was answered"


def measure(bench: Bench, running: Running, cell: Cell, seconds: float, idle: float) -> Run:
    """Runs the driver once and accounts for all processor time that its calls caused."""
    target = running.target
    bill = bench.provider.bill()
    before = _read(bench, running)
    report = drive(job(running, cell, seconds=seconds), bench.placement)
    after = _read(bench, running)
    parts = procs.spent(before.target, after.target)
    foreign = _foreign(before, after, sum(parts.values()), report.cpu_seconds)
    for pid, used in _linger(running, after.target, idle).items():
        parts[pid] = parts.get(pid, 0.0) + used
    later = bench.provider.bill()
    calls = max(1, report.calls)
    none = Spread(0.0, 0.0, 0)
    first, late = report.first_event or none, report.lateness or none
    return Run(
        target=target.name,
        mode=cell.mode,
        clients=cell.clients,
        round=0,
        calls=report.calls,
        errors=report.errors,
        calls_per_second=report.calls / report.seconds,
        cpu_us=sum(parts.values()) * 1e6 / calls,
        p50_us=report.latency.p50,
        p99_us=report.latency.p99,
        foreign_cores=foreign,
        note=checked(report, later.calls + later.streams - bill.calls - bill.streams),
        shares=_shares(parts, after.target.names, calls),
        first_event_p50_us=first.p50,
        first_event_p99_us=first.p99,
        lateness_p50_us=late.p50,
        lateness_p99_us=late.p99,
        driver_cpu_us=report.cpu_seconds * 1e6 / calls,
    )


def _linger(running: Running, before: procs.Usage, idle: float) -> dict[int, float]:
    """Returns the work that a target did for these calls after they were answered, without its idle ticking."""
    seconds = running.target.linger_seconds
    if not seconds:
        return {}
    time.sleep(seconds)
    parts = procs.spent(before, _usage(running))
    total = sum(parts.values())
    share = max(0.0, 1 - idle * seconds / total) if total else 0.0
    return {pid: used * share for pid, used in parts.items()}


def memory(bench: Bench, running: Running, marks: tuple[int, ...]) -> list[Memory]:
    """Calls a fresh target so often, and weighs it at each mark."""
    if running.process is None:
        return []
    rows: list[Memory] = []
    done = 0
    for mark in marks:
        drive(job(running, CELLS[1], calls=mark - done), bench.placement)
        done = mark
        time.sleep(running.target.linger_seconds)
        weight = procs.resident(running.process.pid)
        rows.append(Memory(running.target.name, mark, weight.rss_mb, weight.pss_mb, weight.processes))
    return rows
