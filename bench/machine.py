"""The facts about the machine, and the name of a result file."""

import datetime as dt
import hashlib
import os
import platform
from pathlib import Path

import msgspec

from bench.procs import Placement
from bench.results import Machine
from bench.targets.target import ROOT, UnavailableError, command_output


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"


def facts(placement: Placement) -> Machine:
    """Reads the facts; nothing in them names the machine or its owner."""
    memory = _field("/proc/meminfo", "MemTotal").split()[0]
    return Machine(
        cpu_model=_field("/proc/cpuinfo", "model name"),
        cores=os.cpu_count() or 1,
        memory_gb=round(int(memory) / 1024 / 1024) if memory.isdigit() else 0,
        kernel=platform.release(),
        system=_system(),
        python=platform.python_version(),
        placement=placement.describe(),
    )


def commit() -> str:
    """Returns the commit that is measured, marked when the tree differs from it."""
    try:
        return command_output(["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=ROOT).strip()
    except UnavailableError:
        return "unknown"


def today() -> str:
    """Returns the date in UTC."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def result_path(date: str, machine: Machine) -> Path:
    """Returns a path that no result has yet, named by the day and the kind of machine."""
    mark = hashlib.sha256(msgspec.json.encode(machine)).hexdigest()[:8]
    folder = ROOT / "bench" / "results"
    path = folder / f"{date}-{mark}.json"
    number = 2
    while path.exists():
        path = folder / f"{date}-{mark}-{number}.json"
        number += 1
    return path
