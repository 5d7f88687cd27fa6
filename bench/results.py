"""What a result file holds. It is read again by later versions: fields are added, never renamed."""

from pathlib import Path

import msgspec


class Machine(msgspec.Struct):
    """The facts that figures depend on."""

    cpu_model: str
    cores: int
    memory_gb: int
    kernel: str
    system: str
    python: str
    placement: str


class TargetFacts(msgspec.Struct):
    """One target: what it is, or why there are no figures."""

    name: str
    version: str = ""
    skipped: str = ""
    failed: dict[str, str] = {}
    idle_core: float = 0.0


class Share(msgspec.Struct):
    """What one process of a target used."""

    process: str
    cpu_us: float


class Run(msgspec.Struct):
    """One target in one cell, once."""

    target: str
    mode: str
    clients: int
    round: int
    calls: int
    errors: int
    calls_per_second: float
    cpu_us: float
    p50_us: float
    p99_us: float
    foreign_cores: float
    note: str = ""
    shares: list[Share] = []
    first_event_p50_us: float = 0.0
    first_event_p99_us: float = 0.0
    lateness_p50_us: float = 0.0
    lateness_p99_us: float = 0.0
    driver_cpu_us: float = 0.0


class Memory(msgspec.Struct):
    """The memory of all processes of a target after so many calls."""

    target: str
    calls: int
    rss_mb: float
    pss_mb: float
    processes: int


class AdminRun(msgspec.Struct):
    """Calls of one client, with or without admin work beside them."""

    placement: str
    admin: bool
    round: int
    calls: int
    errors: int
    p50_us: float
    p99_us: float
    foreign_cores: float
    lists: int = 0
    writes: int = 0
    admin_errors: int = 0
    note: str = ""


class Result(msgspec.Struct):
    """One run of the benchmark."""

    date: str
    commit: str
    machine: Machine
    seconds: float
    rounds: int
    targets: list[TargetFacts] = []
    runs: list[Run] = []
    memory: list[Memory] = []
    admin: list[AdminRun] = []


def read_result(path: Path) -> Result:
    """Reads a result file."""
    return msgspec.json.decode(path.read_bytes(), type=Result)


def write_result(path: Path, result: Result) -> None:
    """Writes a result file, indented, so that a difference can be read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
