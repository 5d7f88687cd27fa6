"""Records that were filled without a journal, and a control plane over them."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from gatepost_gateway.control.records import FoldedRecords, TraceSource
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.governance import Claim, Decision, Effect, Mode
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.records import Attempt, Closed, Entry, Outcome
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.storage import batch
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.segments import Position

from .house import make

AT = 1_800_000_000_000_000
PRICES = Prices(1_000_000_000, 2_000_000_000, 500_000_000, None, None)


def call(number: int, **more: Any) -> Closed:
    fields: dict[str, Any] = {
        "step_id": f"step-{number}",
        "trace_id": f"trace-{number}",
        "at": AT + number,
        "surface": "openai",
        "org": "default",
        "project": "default",
        "key_id": "runt1me",
        "model_asked": "m",
        "model": "m",
        "provider": "sandbox",
        "outcome": Outcome.ANSWERED,
        "status": 200,
        "micros": 1500,
        "first_micros": 700,
        "usage": Usage(10, 5, 2, 0, 1, 0),
        "prices": PRICES,
        "cost": 21_000,
        "claims": (Claim("default/daily@2027-01-15", 1_000_000_000, 50_000),),
        "held": 50_000,
        "settled": 21_000,
        "attempts": (Attempt("m", "sandbox", 900, 200, None, None, "up-1"),),
        "decisions": (Decision("r", "pii", "request", Mode.OBSERVE, Effect.ALLOW, 12),),
        "session_id": "session-1",
        "turn": number,
        "user": "u",
        "properties": {"team": "a"},
        "config_version": 3,
    }
    return Closed(**{**fields, **more})


def run(folder: Path, entries: list[Entry], story: Any, text: str | None = None, **more: Any) -> None:
    (folder / "data").mkdir(mode=0o700)
    with Records(folder / "data" / "records.db") as records:
        payloads = [msgspec.msgpack.encode(one) for one in entries]
        records.fold(lambda: [(batch.decode(one), one) for one in payloads], Position(1, 1))
        source: TraceSource = Told(records, folder / "data")

        async def go() -> None:
            plane = make(folder, text, records=source, **more)
            try:
                await story(plane)
            finally:
                plane.close()

        asyncio.run(go())


class Noon(SystemClock):
    """A clock that stands where the records are."""

    def micros(self) -> int:
        return AT + 1_000_000


class Still(Folder):
    def fold_to_end(self) -> Any:
        return None


class Told(FoldedRecords):
    """Records that were filled without a journal."""

    def __init__(self, records: Records, folder: Path) -> None:
        super().__init__(Still(folder / "journal", records), records, Noon())
