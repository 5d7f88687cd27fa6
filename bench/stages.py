"""What each stage of a call costs, beside its budget: no sockets, an upstream that answers at once, a real journal.

    python bench/stages.py [--calls 20000]

A stage over its budget is marked; the sum is what the ten stages add to two sockets.
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import uvloop

from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.ports import Headers, UpstreamAnswer, UpstreamRequest
from gatepost_gateway.domain.records import Outcome
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
    MemoryPace,
    MemoryRates,
    MemorySessions,
)
from gatepost_gateway.link.evaluation import EvaluationPool
from gatepost_gateway.pipeline.bind import bind
from gatepost_gateway.pipeline.cache import AnswerCache
from gatepost_gateway.pipeline.call import Call, Inbound, Presented
from gatepost_gateway.pipeline.chain import follow, remember
from gatepost_gateway.pipeline.decode import decode
from gatepost_gateway.pipeline.dispatch import Dispatcher, Outside
from gatepost_gateway.pipeline.escalations import Escalations
from gatepost_gateway.pipeline.exchange import Exchange, Stages
from gatepost_gateway.pipeline.identify import identify
from gatepost_gateway.pipeline.journal import Journal as JournalStage
from gatepost_gateway.pipeline.judge import engine_of, judge
from gatepost_gateway.pipeline.plan import Planner
from gatepost_gateway.pipeline.recall import Recall
from gatepost_gateway.pipeline.reserve import reserve
from gatepost_gateway.pipeline.responses import Responses
from gatepost_gateway.pipeline.sessions import Sessions
from gatepost_gateway.pipeline.strategies import Sight, Turns
from gatepost_gateway.pipeline.tool_notes import ToolNotes
from gatepost_gateway.pipeline.watch import watch
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
    "judge": 1.0,
    "plan": 4.0,
    "reserve": 10.0,
    "recall": 0.5,
    "journal.open": 6.0,
    "dispatch": 20.0,
    "watch": 0.5,
    "remember": 12.0,
    "journal.close": 14.0,
}
"""Microseconds a call."""

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
        self.spent = dict.fromkeys(BUDGETS, 0)
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
        """A call, stage by stage, as `Exchange` runs it."""
        lap = _Lap(self.spent)
        inbound = Inbound("openai", Operation.CHAT, self.headers, BODY, "req-1", Presented(Secret(KEY)))
        call = self.exchange.open(inbound)
        lap("open")
        call.principal = identify(self.snapshot, inbound.presented, call.record.at, b"salt")
        lap("identify")
        await bind(call, call.principal, self.sessions, self.rates)
        lap("bind")
        call.asked = decode(inbound)
        call.record.model_asked = call.asked.model
        lap("decode")
        await follow(call, self.sessions)
        lap("follow")
        judge(engine_of, call)
        lap("judge")
        assert call.project is not None
        call.plan = self.planner.plan(call, None)
        lap("plan")
        await reserve(self.ledger, self.rates, call)
        lap("reserve")
        self.recall.find(call)
        lap("recall")
        await self.journal.open(call)
        lap("journal.open")
        await self.dispatcher.reach(call, _never)
        lap("dispatch")
        watch(call, call.body)
        lap("watch")
        await remember(call, self.sessions, call.body)
        lap("remember")
        self._close(call)
        await self.journal.durable()
        lap("journal.close")

    def _close(self, call: Call) -> None:
        self.journal.close(call, Outcome.ANSWERED, 200)


async def _never(call: Call, failure: Exception) -> None:  # noqa: ARG001 - nothing fails here
    return


class _Lap:
    """Adds the time since the last lap to a stage."""

    def __init__(self, spent: dict[str, int]) -> None:
        self._spent = spent
        self._at = time.perf_counter_ns()

    def __call__(self, stage: str) -> None:
        now = time.perf_counter_ns()
        self._spent[stage] += now - self._at
        self._at = time.perf_counter_ns()


async def measure(calls: int, folder: Path) -> dict[str, float]:
    """Microseconds a call and stage, one call after the other: a write of the journal is shared with no other call."""
    bench = Bench(folder)
    for _ in range(calls // 10):
        await bench.one()
    bench.spent.update(dict.fromkeys(BUDGETS, 0))
    for _ in range(calls):
        await bench.one()
    bench.recorder.close()
    return {stage: spent / calls / 1000 for stage, spent in bench.spent.items()}


def table(figures: dict[str, float], say: Callable[[str], None]) -> None:
    say(f"{'stage':16}{'us a call':>10}{'budget':>8}")
    for stage, micros in figures.items():
        over = "  over" if micros > BUDGETS[stage] else ""
        say(f"{stage:16}{micros:10.2f}{BUDGETS[stage]:8.1f}{over}")
    say(f"{'sum':16}{sum(figures.values()):10.2f}{sum(BUDGETS.values()):8.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000)
    calls: int = parser.parse_args().calls
    with tempfile.TemporaryDirectory() as folder:
        table(uvloop.run(measure(calls, Path(folder))), print)


if __name__ == "__main__":
    main()
