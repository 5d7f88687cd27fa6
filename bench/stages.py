"""What each stage of a call costs, beside its budget: no sockets, an upstream that answers at once, a real journal.

    python bench/stages.py [--calls 20000]

A stage over its budget is marked; the sum is what the ten stages add to two sockets.
"""

import argparse
import hashlib
import inspect
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.ports import Headers, UpstreamAnswer, UpstreamRequest
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import (
    Budget,
    KeyEntry,
    KeyKind,
    ModelEntry,
    ProjectEntry,
    ProviderKind,
    RateLimits,
    Snapshot,
    SnapshotDocument,
    Timeouts,
)
from gatepost_gateway.ledger import (
    MemoryBreakers,
    MemoryCounters,
    MemoryLedger,
    MemoryLoops,
    MemoryPace,
    MemoryRates,
    MemorySessions,
)
from gatepost_gateway.link.evaluation import EvaluationPool
from gatepost_gateway.pipeline import exchange
from gatepost_gateway.pipeline.cache import AnswerCache
from gatepost_gateway.pipeline.call import Inbound, Presented
from gatepost_gateway.pipeline.dispatch import Dispatcher, Outside
from gatepost_gateway.pipeline.escalations import Escalations
from gatepost_gateway.pipeline.exchange import Exchange, Stages
from gatepost_gateway.pipeline.journal import Journal as JournalStage
from gatepost_gateway.pipeline.judge import engine_of
from gatepost_gateway.pipeline.plan import Planner
from gatepost_gateway.pipeline.recall import Recall
from gatepost_gateway.pipeline.responses import Responses
from gatepost_gateway.pipeline.sessions import Sessions
from gatepost_gateway.pipeline.strategies import Sight, Turns
from gatepost_gateway.pipeline.tool_notes import ToolNotes
from gatepost_gateway.providers import PROVIDERS
from gatepost_gateway.storage.journal import Journal
from gatepost_gateway.storage.vault import Vault

KEY = "gp_bench_secretsecretsecretsecret"
BUDGETS = {
    "open": 5.0,
    "identify": 3.0,
    "bind": 8.0,
    "decode": 6.0,
    "follow": 8.0,
    "check_loop": 1.0,
    "escalations": 1.0,
    "responses": 1.0,
    "judge": 1.0,
    "plan": 4.0,
    "govern": 0.5,
    "reserve": 10.0,
    "recall": 0.5,
    "journal.open": 6.0,
    "dispatch": 20.0,
    "watch": 0.5,
    "tools": 1.0,
    "remember": 12.0,
    "journal.close": 14.0,
    "headers": 2.0,
}
"""Microseconds a call."""
STAGES: tuple[tuple[Any, str, str], ...] = (
    (Exchange, "open", "open"),
    (exchange, "identify", "identify"),
    (exchange, "bind", "bind"),
    (exchange, "decode", "decode"),
    (exchange, "follow", "follow"),
    (exchange, "check_loop", "check_loop"),
    (Escalations, "admit", "escalations"),
    (Responses, "follow", "responses"),
    (exchange, "judge", "judge"),
    (Planner, "plan", "plan"),
    (exchange, "govern", "govern"),
    (exchange, "reserve", "reserve"),
    (Recall, "find", "recall"),
    (Escalations, "use", "escalations"),
    (JournalStage, "open", "journal.open"),
    (Dispatcher, "reach", "dispatch"),
    (exchange, "watch_whole", "watch"),
    (Responses, "keep", "responses"),
    (ToolNotes, "note", "tools"),
    (exchange, "remember", "remember"),
    (JournalStage, "close", "journal.close"),
    (JournalStage, "durable", "journal.close"),
    (Recall, "keep", "recall"),
    (exchange, "_headers", "headers"),
    (Escalations, "give_back", "escalations"),
)
"""(where the story finds it, its name there, the stage)."""

REPLY = msgspec.json.encode(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-bench",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * 250}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 210, "completion_tokens": 250, "total_tokens": 460},
    }
)
BODY = msgspec.json.encode(
    {"model": "gpt-bench", "max_tokens": 400, "messages": [{"role": "user", "content": "a question " * 85}]}
)


class AtOnce:
    """Implements `ports.Transport`: the answer is there already."""

    async def open(self, request: UpstreamRequest, timeouts: Timeouts, provider: str) -> UpstreamAnswer:  # noqa: ARG002
        return Given()


class NothingKept:
    """Implements `ports.Archive` for a gateway that has just begun."""

    async def trace(self, trace_id: str) -> None:  # noqa: ARG002 - the port's shape
        return None

    async def kept(self, kind: str, id: str) -> None:  # noqa: ARG002 - the port's shape
        return None


class Given:
    status = 200
    headers: Headers = ((b"content-type", b"application/json"), (b"x-request-id", b"req_1"))

    async def read(self) -> bytes:
        return b""

    async def read_all(self, limit: int) -> bytes:  # noqa: ARG002
        return REPLY

    def close(self) -> None:
        """Nothing is open."""


def snapshot() -> Snapshot:
    project = ProjectEntry(
        "default",
        "default",
        budgets=(Budget("daily", Period.DAILY, 10**15), Budget("monthly", Period.MONTHLY, 10**16)),
        rate_limits=RateLimits(rpm=10**9, tpm=10**12),
    )
    key = KeyEntry("bench", KeyKind.RUNTIME, "bench", hashlib.sha256(KEY.encode()).digest(), "default", "default")
    model = ModelEntry(
        "gpt-bench", "gpt-bench", ProviderKind.OPENAI, "http://127.0.0.1:1/v1", prices=Prices(150_000_000, 600_000_000)
    )
    return Snapshot(SnapshotDocument(1, 1, (key,), (project,), (model,)))


class Bench:
    """One house, and the time that was spent in each of its rooms."""

    def __init__(self, folder: Path) -> None:
        self.clock = SystemClock()
        self.snapshot = snapshot()
        self.ledger = MemoryLedger()
        self.rates, self.sessions = MemoryRates(self.clock), Sessions(b"bench", MemorySessions())
        self.recorder = Journal.open(folder, clock=self.clock)
        self.journal = JournalStage(self.recorder, self.ledger, self.rates, self.clock)
        sight = Sight(MemoryBreakers(self.clock), MemoryPace(self.clock), Turns())
        self.dispatcher = Dispatcher(Outside(AtOnce(), Vault([b"\0" * 32])), PROVIDERS, sight, self.clock)
        self.recall, self.planner = Recall(AnswerCache(), self.clock), Planner(PROVIDERS, sight)
        self.exchange = Exchange(
            Stages(
                snapshot=lambda: self.snapshot,
                planner=self.planner,
                dispatcher=self.dispatcher,
                journal=self.journal,
                ledger=self.ledger,
                rates=self.rates,
                loops=MemoryLoops(self.clock),
                counters=MemoryCounters(self.clock),
                sessions=self.sessions,
                responses=Responses(self.recorder, NothingKept(), Vault([b"\0" * 32])),
                engines=engine_of,
                escalations=Escalations(self.recorder, self.clock, b"salt"),
                evaluator=EvaluationPool(()),
                recall=self.recall,
                tools=ToolNotes(Vault([b"\0" * 32])),
                clock=self.clock,
                salt=b"salt",
            )
        )
        self.headers = {
            b"host": b"127.0.0.1:41002",
            b"authorization": b"Bearer " + KEY.encode(),
            b"content-type": b"application/json",
            b"user-agent": b"OpenAI/Python 3.52.0",
            b"x-stainless-lang": b"python",
            b"x-stainless-os": b"Linux",
            b"accept": b"application/json",
        }

    async def one(self) -> None:
        """A call through `Exchange`, as the edge hands it in."""
        inbound = Inbound("openai", Operation.CHAT, self.headers, BODY, "req-1", Presented(Secret(KEY)))
        await self.exchange.run(self.exchange.open(inbound), Nowhere())


class Nowhere:
    """Implements the whole answer's part of `call.Outlet`: the edge is not measured here."""

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:  # noqa: ARG002 - the protocol's shape
        assert status == 200, body


class Laps:
    """The time inside each stage, less that inside the stages that it calls itself."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(BUDGETS, 0)
        self._inner = 0

    def add(self, stage: str, began: int, outer: int) -> None:
        whole = time.process_time_ns() - began
        self.spent[stage] += whole - self._inner
        self._inner = outer + whole

    def sync(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            outer, self._inner = self._inner, 0
            began = time.process_time_ns()
            try:
                return work(*given, **named)
            finally:
                self.add(stage, began, outer)

        return timed

    def waiting(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        async def timed(*given: Any, **named: Any) -> Any:
            outer, self._inner = self._inner, 0
            began = time.process_time_ns()
            try:
                return await work(*given, **named)
            finally:
                self.add(stage, began, outer)

        return timed


@contextmanager
def watched(laps: Laps) -> Generator[None]:
    """Puts a clock on every stage that `Exchange` calls, where it calls it: a stage that is missing here fails."""
    with ExitStack() as stack:
        for place, name, stage in STAGES:
            work = getattr(place, name)
            timed = laps.waiting if inspect.iscoroutinefunction(work) else laps.sync
            stack.callback(setattr, place, name, work)
            setattr(place, name, timed(stage, work))
        yield


async def measure(calls: int, folder: Path) -> dict[str, float]:
    """Microseconds a call and stage, one call after the other: a write of the journal is shared with no other call."""
    bench, laps = Bench(folder), Laps()
    for _ in range(calls // 10):
        await bench.one()
    began = time.process_time_ns()
    for _ in range(calls):
        await bench.one()
    whole = (time.process_time_ns() - began) / calls / 1000
    with watched(laps):
        for _ in range(calls):
            await bench.one()
    bench.recorder.close()
    return {**{stage: spent / calls / 1000 for stage, spent in laps.spent.items()}, "whole": whole}


def table(figures: dict[str, float], say: Callable[[str], None]) -> None:
    say(f"{'stage':16}{'us a call':>10}{'budget':>8}")
    for stage, micros in figures.items():
        if stage == "whole":
            continue
        over = "  over" if micros > BUDGETS[stage] else ""
        say(f"{stage:16}{micros:10.2f}{BUDGETS[stage]:8.1f}{over}")
    stages = sum(micros for stage, micros in figures.items() if stage != "whole")
    say(f"{'sum':16}{stages:10.2f}{sum(BUDGETS.values()):8.1f}")
    say(f"{'a call, CPU':16}{figures['whole']:10.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    calls: int = parser.parse_args().calls
    with tempfile.TemporaryDirectory() as folder:
        table(uvloop.run(measure(calls, Path(folder))), print)


if __name__ == "__main__":
    main()
