"""Entries to write, and processes to kill."""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.governance import Claim, Decision, Effect, Mode
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.records import Attempt, Closed, Entry, Logged, Opened, Outcome, TraceOpened, TraceSealed
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.storage import segments
from gatepost_gateway.storage.batch import Folding, decode
from gatepost_gateway.storage.database import Database, Dialect, Sql
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.journal import Journal, JournalSettings
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.rows import Filters
from gatepost_gateway.storage.segments import HEADER_BYTES

HOMES: list[Callable[[Path], Path | Database]] = []
"""Where records are, instead of in the file: the last one counts."""
NOW = 1_795_185_000_000_000
"""2026-11-20, in microseconds."""
FACETS_SAID = {
    Dialect.SQLITE: Sql("SELECT alone, project, name, value, at, trace_id FROM step_facets"),
    Dialect.POSTGRES: Sql(
        "SELECT alone, project, name, value, at, trace_id FROM"
        " facets_said((SELECT array_agg(trace_id) FROM steps), 0, 9000000000000000000)"
    ),
}
"""What the facets should be, as the steps say."""
DAILY = Claim("default/daily@2026-11-20", 20_000_000_000, 100_000)
MONTHLY = Claim("default/monthly@2026-11", 300_000_000_000, 100_000)


def at_time(micros):
    """A step id made at that time (microseconds)."""
    stamp = f"{micros // 1000:012x}"
    return f"{stamp[:8]}-{stamp[8:]}-7{ids.new()[15:]}"


def opened(step_id: str | None = None, **said: Any) -> Opened:
    base: dict[str, Any] = {
        "step_id": step_id or ids.new(),
        "trace_id": ids.new(),
        "at": NOW,
        "org": "acme",
        "project": "default",
        "key_id": "k1",
        "model": "small",
        "operation": "chat",
        "surface": "openai",
        "claims": (DAILY, MONTHLY),
        "held": 100_000,
    }
    return Opened(**(base | said))


def closed(step_id: str | None = None, **said: Any) -> Closed:
    base: dict[str, Any] = {
        "step_id": step_id or ids.new(),
        "trace_id": ids.new(),
        "at": NOW,
        "surface": "openai",
        "org": "acme",
        "project": "default",
        "key_id": "k1",
        "model_asked": "small",
        "model": "small",
        "provider": "openai",
        "outcome": Outcome.ANSWERED,
        "status": 200,
        "micros": 1200,
        "usage": Usage(10, 20),
        "cost": 700,
        "claims": (DAILY, MONTHLY),
        "held": 100_000,
        "settled": 700,
        "attempts": (Attempt("small", "openai", 1100, 200),),
    }
    return Closed(**(base | said))


def full() -> Closed:
    """Every field says something."""
    return closed(
        proxy="bot",
        user="u1",
        parent_step_id=ids.new(),
        implicit=False,
        request_id="r1",
        session_id=ids.new(),
        turn=3,
        session_path="a/b",
        properties={"feature": "x", "höhe": "ü"},
        request_source="cron",
        correlation_id="c1",
        parent_trace_id=ids.new(),
        flow_id=ids.new(),
        stream=True,
        error="upstream_failed",
        message="it broke",
        first_micros=33,
        usage=Usage(1, 2, 3, 4, 5, 6, exact=False),
        prices=Prices(1, 2, 3, None, 5),
        attempts=(Attempt("a", "b", 1, 500, "e", "d", "r"), Attempt("a", "b", 2)),
        decisions=(Decision("pii", "pii-detector", "request", Mode.OBSERVE, Effect.REDACT, 4, "why", None),),
        finish=("stop", "length"),
        upstream_id="up",
        fingerprint="fp",
        tool_calls=("search",),
        config_version=7,
        warnings=("w",),
        retention_days=30,
        estimated=True,
    )


def trace(trace_id: str | None = None, **said: Any) -> TraceOpened:
    base = {"trace_id": trace_id or ids.new(), "at": NOW, "org": "acme", "project": "default", "key_id": "k1"}
    return TraceOpened(**(base | said))


def sealed(trace_id: str, **said: Any) -> TraceSealed:
    base = {"trace_id": trace_id, "at": NOW + 9, "project": "default", "cost": 1400, "micros": 2400, "steps": 2}
    return TraceSealed(**(base | said))


def logged(trace_id: str, **said: Any) -> Logged:
    base: dict[str, Any] = {"step_id": ids.new(), "trace_id": trace_id, "at": NOW, "org": "acme", "project": "default"}
    return Logged(**(base | {"key_id": "k1", "name": "seen", "data": '{"a":1}'} | said))


def write(directory: Path, entries: Iterable[Entry], *, after: int = 0, segment_bytes: int = 1 << 26) -> None:
    """One run of a journal: one turn of the loop an entry."""

    async def run() -> None:
        journal = Journal.open(directory, after=after, settings=JournalSettings(segment_bytes=segment_bytes))
        try:
            for entry in entries:
                journal.append(entry)
                await journal.durable()
        finally:
            journal.close()

    asyncio.run(run())


def said(entries: Iterable[Entry]) -> list[tuple[Folding, bytes]]:
    """Entries as the fold meets them."""
    return [(decode(payload), payload) for payload in map(msgspec.msgpack.encode, entries)]


def records_of(path: Path) -> Records:
    """The records that a file stands for."""
    return Records(HOMES[-1](path) if HOMES else path)


def folded(directory: Path, entries: Iterable[Entry]) -> Records:
    """Records that hold `entries`; whoever asks closes them."""
    write(directory / "journal", entries)
    records = records_of(directory / "records.db")
    Folder(directory / "journal", records).fold_to_end()
    return records


def step_ids(records: Records) -> list[str]:
    """Every step there is, page by page."""
    found: list[str] = []
    cursor = None
    while True:
        page = records.traces(Filters(), limit=200, cursor=cursor)
        for row in page.items:
            detail = records.trace(row.id)
            assert detail is not None
            found += [step.step_id for step in detail.steps]
        cursor = page.next_cursor
        if cursor is None:
            return found


def fork(run: Callable[[], None]) -> int:
    """A child process that runs `run` and ends; its pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        run()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def kill(pid: int) -> int:
    """kill -9; the wait status."""
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def entries_of(directory):
    """What stands in a journal, in its order."""
    found = []
    for number in segments.numbers(directory):
        path = segments.path_of(directory, number)
        head = segments.read_header(path)
        found += segments.read_records(path, HEADER_BYTES, head, 1 << 30).entries
    return found
