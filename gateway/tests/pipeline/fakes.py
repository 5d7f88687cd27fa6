"""The house on one table: real stages, a recorder that keeps entries, a transport that a test scripts."""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.limits import LoopRules
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.ports import Found, UpstreamAnswer, UpstreamRequest
from gatepost_gateway.domain.records import Closed, Entry, Kept, Opened
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import (
    Budget,
    KeyEntry,
    KeyKind,
    ModelEntry,
    ProjectEntry,
    ProviderKind,
    Sealed,
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
from gatepost_gateway.pipeline.cache import AnswerCache
from gatepost_gateway.pipeline.call import Inbound, Presented
from gatepost_gateway.pipeline.dispatch import Dispatcher, Outside
from gatepost_gateway.pipeline.escalations import Escalations
from gatepost_gateway.pipeline.exchange import Exchange, Stages
from gatepost_gateway.pipeline.journal import Journal
from gatepost_gateway.pipeline.judge import engine_of
from gatepost_gateway.pipeline.plan import Planner
from gatepost_gateway.pipeline.recall import Recall
from gatepost_gateway.pipeline.responses import Responses
from gatepost_gateway.pipeline.sessions import Sessions
from gatepost_gateway.pipeline.strategies import Sight, Turns
from gatepost_gateway.pipeline.tool_notes import ToolNotes
from gatepost_gateway.policy.chains import Chains
from gatepost_gateway.policy.rego.register import register_of
from gatepost_gateway.providers import PROVIDERS
from gatepost_gateway.providers.sandbox import SandboxTransport

KEY = "gp_k1_secretsecretsecret"
PRICES = Prices(input=1_000_000_000, output=2_000_000_000)
"""A dollar a million input tokens is a thousand nano-dollars a token; these are 1000 and 2000 a token."""


class KeptRecorder:
    """Implements `ports.Recorder` in memory."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.fail: Exception | None = None

    def append(self, entry: Entry) -> None:
        if self.fail is not None:
            raise self.fail
        self.entries.append(msgspec.msgpack.decode(msgspec.msgpack.encode(entry), type=Entry))

    async def durable(self) -> None:
        if self.fail is not None:
            raise self.fail

    @property
    def closed(self) -> list[Closed]:
        return [entry for entry in self.entries if isinstance(entry, Closed)]

    @property
    def opened(self) -> list[Opened]:
        return [entry for entry in self.entries if isinstance(entry, Opened)]


class PlainVault:
    """Implements `ports.Vault` without a cipher: for tests that are not about secrets."""

    def open(self, sealed: Sealed) -> Secret:
        return Secret(sealed.box.decode())

    def seal_state(self, kind: str, id: str, plain: bytes) -> bytes:
        return f"{kind}/{id}/".encode() + plain

    def open_state(self, kind: str, id: str, box: bytes) -> bytes:
        return box.removeprefix(f"{kind}/{id}/".encode())


class NoArchive:
    async def trace(self, trace_id: str) -> None:
        return None

    async def kept(self, kind: str, id: str) -> None:
        return None


class KeptArchive(NoArchive):
    """Implements `ports.Archive` over what a recorder was given: what another process would remember."""

    def __init__(self, recorder: KeptRecorder) -> None:
        self._recorder = recorder

    async def kept(self, kind: str, id: str) -> Any:
        for one in reversed(self._recorder.entries):
            if isinstance(one, Kept) and (one.kind, one.id) == (kind, id):
                return Found(one.project, one.box, one.expires_at)
        return None


class Answer:
    """Implements `ports.UpstreamAnswer` from pieces; a piece that is an exception is raised, a callable awaited."""

    def __init__(self, status: int, pieces: list[Any], headers: list[tuple[bytes, bytes]] | None = None) -> None:
        self.status = status
        self.headers = headers or []
        self.pieces = list(pieces)
        self.closed = False

    async def read(self) -> bytes:
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if isinstance(piece, BaseException):
            raise piece
        if callable(piece):
            return await piece()
        return piece

    async def pump(self, sink: Any) -> bool:
        while data := await self.read():
            if not sink(data):
                return False
        return True

    async def read_all(self, limit: int) -> bytes:
        whole = b""
        while piece := await self.read():
            whole += piece
        return whole

    def close(self) -> None:
        self.closed = True


class ScriptedTransport:
    """Implements `ports.Transport`: answers in order, keeps what was asked. An exception in the script is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[UpstreamRequest] = []
        self.given: list[Answer] = []

    async def open(self, request: UpstreamRequest, timeouts: Timeouts, provider: str) -> UpstreamAnswer:
        if request.origin.scheme == "sandbox":
            return await SandboxTransport().open(request, timeouts, provider)
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        if callable(answer):
            answer = await answer()
        self.given.append(answer)
        return answer


class Outlet:
    """Implements `Outlet`: keeps what a caller would have got."""

    def __init__(self, recorder: KeptRecorder) -> None:
        self.recorder = recorder
        self.status: int | None = None
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.batches: list[bytes] = []
        self.done = False
        self.records_at_end = 0

    async def whole(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body, self.done = status, dict(headers), body, True
        self.records_at_end = len(self.recorder.closed)

    async def begin(self, headers: Any) -> None:
        self.status, self.headers = 200, dict(headers)

    async def write(self, batch: bytes) -> None:
        self.batches.append(batch)

    def push(self, batch: bytes) -> bool:
        self.batches.append(batch)
        return True

    async def alive(self) -> None:
        self.batches.append(b": keep-alive\n\n")

    async def drain(self) -> None:
        return

    async def end(self, batch: bytes) -> None:
        self.batches.append(batch)
        self.body, self.done = b"".join(self.batches), True
        self.records_at_end = len(self.recorder.closed)


def entry(id: str = "m", **fields: Any) -> ModelEntry:
    defaults: dict[str, Any] = {
        "identifier": id,
        "provider": ProviderKind.OPENAI,
        "base_url": "http://provider.test/v1",
        "prices": PRICES,
        "max_output": 100,
        "credential": Sealed("k", b"sk-provider-key"),
    }
    return ModelEntry(id=id, **{**defaults, **fields})


SANDBOX = entry(
    "sandbox/echo", provider=ProviderKind.SANDBOX, base_url="sandbox://local", credential=None, prices=Prices(0, 0)
)


_OF_ALL = ("pass_through_project", "retries", "header_prefixes", "tiers", "routing", "breaker", "proxies", "rates")


def snapshot_of(*models: ModelEntry, budgets: tuple[Budget, ...] = (), **more: Any) -> Snapshot:
    document = {name: more.pop(name) for name in _OF_ALL if name in more}
    fallbacks = more.pop("fallbacks", {})
    if "document_tiers" in more:
        document["tiers"], own = more.pop("document_tiers"), document["tiers"]
        more["tiers"] = own
    keys = more.pop("keys", ())
    rules = more.pop("rules", ())
    scoped = more.pop("budgets_of_all", ())
    document["loops"] = more.pop("loops", LoopRules())
    key = KeyEntry("k1", KeyKind.RUNTIME, "test", hashlib.sha256(KEY.encode()).digest(), "org", "p")
    project = ProjectEntry("p", "org", budgets=budgets, **more)
    whole = SnapshotDocument(
        version=7,
        identity_seq=1,
        keys=(key, *keys),
        projects=(project,),
        models=(*models, SANDBOX),
        fallbacks=fallbacks,
        rules=rules,
        budgets=scoped,
        **document,
    )
    return Snapshot(whole, Chains(rules, b"key"), register_of(whole, b"key"))


def daily(limit: int, **more: Any) -> Budget:
    return Budget("p/daily", Period.DAILY, limit, **more)


class Ruled:
    """An engine that gives the ruling it was told to, at the request gate."""

    idle = False

    def __init__(self, ruling: Any) -> None:
        self._ruling = ruling

    def judging(self, facts: Any) -> Any:
        yield
        return self._ruling(facts)

    def judges(self, phase: Any) -> bool:
        return False

    def not_run(self, phase: Any, why: str) -> tuple[()]:
        return ()


class Elsewhere:
    """Implements `domain.rego.Evaluator`: gives the answers that it was given, in order."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.asked: list[Any] = []

    async def evaluate(self, entry: Any, document: bytes) -> bytes:
        self.asked.append(msgspec.json.decode(document))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def prepare(self, entry: Any) -> None:
        pass


class House:
    """A whole exchange over fakes."""

    def __init__(self, snapshot: Snapshot, transport: Any = None, engine: Any = None, approvals: Any = None) -> None:
        self.snapshot = snapshot
        self.recorder = KeptRecorder()
        self.ledger = MemoryLedger()
        self.clock = SystemClock()
        self.rates = MemoryRates(self.clock)
        self.breakers = MemoryBreakers(self.clock)
        self.pace = MemoryPace(self.clock)
        self.sight = Sight(self.breakers, self.pace, Turns())
        self.transport = transport or ScriptedTransport()
        self.cache = AnswerCache()
        self.sleeps: list[float] = []
        self.elsewhere = Elsewhere()
        self.archive = KeptArchive(self.recorder)
        self.sessions = Sessions(b"key", MemorySessions())

        async def sleep(seconds: float) -> None:
            self.sleeps.append(seconds)

        self.stages = Stages(
            snapshot=lambda: self.snapshot,
            planner=Planner(PROVIDERS, self.sight),
            dispatcher=Dispatcher(Outside(self.transport, PlainVault()), PROVIDERS, self.sight, self.clock, sleep),
            journal=Journal(self.recorder, self.ledger, self.rates, self.clock),
            ledger=self.ledger,
            rates=self.rates,
            loops=MemoryLoops(self.clock),
            counters=MemoryCounters(self.clock),
            sessions=self.sessions,
            responses=Responses(self.recorder, self.archive, PlainVault()),
            engines=engine_of if engine is None else lambda _: Ruled(engine),
            escalations=Escalations(self.recorder, self.clock, b"salt", approvals),
            evaluator=self.elsewhere,
            recall=Recall(self.cache, self.clock),
            tools=ToolNotes(PlainVault()),
            clock=self.clock,
            salt=b"salt",
        )
        self.exchange = Exchange(self.stages)

    def inbound(self, body: Any, headers: dict[bytes, bytes] | None = None, key: str = KEY, **more: Any) -> Inbound:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return Inbound("openai", Operation.CHAT, headers or {}, raw, "req-1", Presented(Secret(key)), **more)

    async def call(self, body: Any, **more: Any) -> Outlet:
        outlet = Outlet(self.recorder)
        call = self.exchange.open(self.inbound(body, **more))
        await self.exchange.run(call, outlet)
        return outlet

    @property
    def record(self) -> Closed:
        return self.recorder.closed[-1]


def run(work: Callable[[], Coroutine[Any, Any, Any]] | Coroutine[Any, Any, Any]) -> Any:
    import asyncio

    return asyncio.run(work if asyncio.iscoroutine(work) else work())


def chat(text: str = "hello", model: str = "m", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def completion(text: str = "hi", *, prompt: int = 3, output: int = 2, **more: Any) -> bytes:
    return msgspec.json.encode(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "m-2024",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output},
            **more,
        }
    )


def events(*words: str, usage: bool = True, done: bool = True) -> list[bytes]:
    """A stream as a provider sends it, one event a piece."""
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m-2024"}
    first = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    pieces: list[dict[str, Any]] = [{**base, "choices": [first]}]
    pieces += [{**base, "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]} for word in words]
    pieces.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if usage:
        counted = {"prompt_tokens": 3, "completion_tokens": len(words), "total_tokens": 3 + len(words)}
        pieces.append({**base, "choices": [], "usage": counted})
    out = [b"data: " + msgspec.json.encode(piece) + b"\n\n" for piece in pieces]
    return [*out, b"data: [DONE]\n\n"] if done else out
