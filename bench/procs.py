"""Processes: starting them in a place of their own, what they and their children cost, ending them all."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
"""All that a started program inherits: a key, a proxy or a database of the caller's shell would change what it does."""

_BUSY_FIELDS = (0, 1, 2, 5, 6, 7)
"""user, nice, system, irq, softirq, steal; guest time is in user already."""


class Stat(NamedTuple):
    """The fields of /proc/PID/stat that matter here."""

    parent: int
    session: int
    reaped_seconds: float
    started: int


class Usage(NamedTuple):
    """The processor time of a process tree so far."""

    seconds: dict[int, float]
    reaped_seconds: float
    names: dict[int, str]


class Resident(NamedTuple):
    """The memory of a process tree; the proportional figure counts shared pages once."""

    rss_mb: float
    pss_mb: float
    processes: int


def read_stat(pid: int) -> Stat | None:
    """Returns what the kernel says of a process, None when it has gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return Stat(
        parent=int(fields[1]),
        session=int(fields[3]),
        reaped_seconds=(int(fields[13]) + int(fields[14])) / _TICKS,
        started=int(fields[19]),
    )


def tree(root: int) -> list[int]:
    """Returns the live processes that descend from the root or share its session."""
    stats = {int(entry.name): read_stat(int(entry.name)) for entry in _PROC.iterdir() if entry.name.isdigit()}
    members = {pid for pid, stat in stats.items() if pid == root or (stat and stat.session == root)}
    grown = True
    while grown:
        more = {pid for pid, stat in stats.items() if stat and stat.parent in members and pid not in members}
        members |= more
        grown = bool(more)
    return sorted(pid for pid in members if stats.get(pid))


def cpu_seconds(pid: int) -> float:
    """Returns utime + stime of a process with all its threads, to the nanosecond; 0 when it has gone.

    The process clock of the kernel has the numbers of /proc/PID/stat before they are rounded to 10 ms, which at
    one client would be more than a run costs.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _name(pid: int) -> str:
    """Returns the command line without the folders in it."""
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    # A word can be a whole program, as after -c: one line of it is enough.
    return " ".join(Path(word.split("\n")[0]).name for word in words if word)[:70] or "gone"


def usage(root: int) -> Usage:
    """Returns what the tree has cost up to now."""
    pids = tree(root)
    stats = [read_stat(pid) for pid in pids]
    reaped = sum(stat.reaped_seconds for stat in stats if stat)
    return Usage({pid: cpu_seconds(pid) for pid in pids}, reaped, {pid: _name(pid) for pid in pids})


def spent(before: Usage, after: Usage) -> dict[int, float]:
    """Returns the seconds that each process used between two readings; 0 stands for children that ended."""
    parts = {pid: max(0.0, seconds - before.seconds.get(pid, 0.0)) for pid, seconds in after.seconds.items()}
    # A child that ended between the readings is in its parent's account, with what it had used before the first.
    gone = sum(seconds for pid, seconds in before.seconds.items() if pid not in after.seconds)
    parts[0] = max(0.0, after.reaped_seconds - before.reaped_seconds - gone)
    return parts


def resident(root: int) -> Resident:
    """Returns the memory of the tree now."""
    rss = pss = 0
    pids = tree(root)
    for pid in pids:
        try:
            text = (_PROC / str(pid) / "smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for line in text.splitlines():
            if line.startswith("Rss:"):
                rss += int(line.split()[1])
            elif line.startswith("Pss:"):
                pss += int(line.split()[1])
    return Resident(rss / 1024, pss / 1024, len(pids))


def machine_busy_seconds() -> float:
    """Returns the processor time that the whole machine has used, stolen time included."""
    fields = (_PROC / "stat").read_text().splitlines()[0].split()[1:]
    return sum(int(fields[place]) for place in _BUSY_FIELDS) / _TICKS


def free_port() -> int:
    """Returns a loopback port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Placement(NamedTuple):
    """Which cores do what."""

    target: frozenset[int]
    tools: frozenset[int]
    pinned: bool

    def describe(self) -> str:
        """Returns the placement in words, for the results."""
        if not self.pinned:
            return "one core only: nothing is pinned, provider, driver and target compete"
        target, tools = (", ".join(map(str, sorted(cores))) for cores in (self.target, self.tools))
        return f"target on core {target}; provider, driver and harness on core {tools}"


def place() -> Placement:
    """Gives the target one core and everything else another (two others, where there are more)."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return Placement(frozenset(cores), frozenset(cores), pinned=False)
    return Placement(frozenset(cores[-1:]), frozenset(cores[:-1][:2]), pinned=True)


@contextmanager
def on_cores(cores: frozenset[int]) -> Generator[None]:
    """Moves this process, so that what it starts meanwhile begins there with every thread it will have."""
    home = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, home)


def start(argv: list[str], folder: Path, cores: frozenset[int], env: dict[str, str] | None = None) -> "Process":
    """Starts a command in a session of its own, on the given cores; what it prints goes to a file."""
    log = folder / "output.log"
    with on_cores(cores), log.open("wb") as output:
        child = subprocess.Popen(
            argv,
            cwd=folder,
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Process(child, log)


class Process:
    """A command that runs, with everything that it starts."""

    def __init__(self, child: "subprocess.Popen[bytes]", log: Path) -> None:
        """Keeps the child and where it prints."""
        self._child = child
        self._log = log
        self.pid = child.pid

    @property
    def running(self) -> bool:
        """Says whether the first process still lives."""
        return self._child.poll() is None

    def last_words(self) -> str:
        """Returns the end of what it printed, on one line."""
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return " | ".join(line.strip() for line in lines[-3:])[-300:]

    def stop(self, patience: float = 6.0) -> None:
        """Asks it to end, then ends every process that it left."""
        before = {pid: read_stat(pid) for pid in tree(self.pid)}
        if self.running:
            self._child.terminate()
            try:
                self._child.wait(patience)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        for pid, stat in before.items():
            now = read_stat(pid)
            # The start time tells the process from a later one that was given its number.
            if now and stat and now.started == stat.started:
                _kill(pid)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
