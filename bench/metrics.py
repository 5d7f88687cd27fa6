"""How fast questions about a million calls are answered, and what adding them up costs the fold.

    python bench/metrics.py [calls]

Fills a `records.db` in a temporary directory with calls of thirty days, and asks what the pages ask.
"""

import random
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.records import Attempt, Closed, Outcome
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.storage import batch
from gatepost_gateway.storage.metrics import Metrics, pieces, span
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.segments import Position
from gatepost_gateway.storage.tally import DAY, HOUR, Tally

BATCH = 2000
NOW = 1_795_185_000
ATTEMPT = (Attempt("m", "openai", 1000, 200),)


def call(random_: random.Random, at: int) -> Closed:
    return Closed(
        step_id=ids.new(),
        trace_id=ids.new(),
        at=at * 1_000_000,
        surface="openai",
        org="default",
        project="default",
        key_id=f"k{random_.randrange(20)}",
        user=f"user-{int(random_.paretovariate(1)) % 5000}",
        model=f"model-{random_.randrange(12)}",
        provider=random_.choice(("openai", "anthropic", "gemini")),
        outcome=Outcome.ANSWERED,
        status=200,
        micros=int(random_.lognormvariate(13, 1)),
        usage=Usage(900, 300),
        cost=123_456,
        attempts=ATTEMPT,
        properties={"feature": f"f{random_.randrange(30)}", "team": f"t{random_.randrange(50)}"},
    )


def fill(records: Records, count: int) -> tuple[float, float]:
    """(CPU microseconds a call of the whole fold, of the adding up alone)."""
    random_ = random.Random(20261120)
    fold = tallied = 0.0
    for number in range(0, count, BATCH):
        begin = NOW - 30 * DAY + 30 * DAY * number // count
        calls = [call(random_, begin + random_.randrange(60)) for _ in range(min(BATCH, count - number))]
        payloads = [msgspec.msgpack.encode(one) for one in calls]
        started = time.process_time()
        records.fold(lambda: [(batch.decode(one), one) for one in payloads], Position(1, number + BATCH))  # noqa: B023
        fold += time.process_time() - started
        started = time.process_time()
        tally = Tally(("team",))
        for one in calls:
            tally.take(one, {})
        tally.cells()
        tallied += time.process_time() - started
    return fold / count * 1e6, tallied / count * 1e6


def timed(name: str, ask) -> None:
    times = []
    for _ in range(7):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    print(f"{name:34} {times[len(times) // 2]:8.1f} ms   (worst of {len(times)}: {times[-1]:.1f})")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder, Records(Path(folder) / "records.db") as records:
        records.rollups.keys = lambda: ("team",)
        fold, tallied = fill(records, count)
        print(f"{count} calls folded: {fold:.1f} us a call, of which adding up {tallied:.1f}")
        metrics = Metrics(records)
        month = pieces(NOW - 30 * DAY + 17, NOW, NOW)
        timed("totals and quantiles of 30 days", lambda: metrics.totals(["default"], month))
        for name in ("model", "user", "feature", "metadata:team"):
            timed(f"30 days by {name}", lambda name=name: metrics.groups(["default"], month, name))
        timed("30 days hour by hour", lambda: metrics.series(["default"], span(NOW - 30 * DAY, NOW, HOUR, NOW)))
        day = NOW // DAY
        timed("cohorts of 30 days", lambda: metrics.cohorts("default", "", day - 30, day, 1))


if __name__ == "__main__":
    main()
