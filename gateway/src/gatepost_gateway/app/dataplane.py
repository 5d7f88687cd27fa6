"""The data plane put together: what serves calls, from the edge down to the ledger."""

import asyncio
import hmac
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from gatepost_gateway.app.roles import aws_chain
from gatepost_gateway.domain.clock import Clock, day, hour, month
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.mcp import McpLimits
from gatepost_gateway.domain.ports import Approvals, Archive, Ledger, Rates, Recorder, SessionStore, Vault
from gatepost_gateway.domain.records import BreakerTurned
from gatepost_gateway.domain.routing import BreakerState
from gatepost_gateway.domain.snapshot import Snapshot, SnapshotDocument
from gatepost_gateway.edge.asgi import ControlPlane, Edge, Surfaces, gatekeeper
from gatepost_gateway.edge.forwarded import networks
from gatepost_gateway.edge.http import BodyLimits
from gatepost_gateway.edge.idempotency import Idempotency
from gatepost_gateway.edge.reporting import Reporter
from gatepost_gateway.edge.surfaces.actions import ActionSurface
from gatepost_gateway.edge.surfaces.anthropic import AnthropicSurface
from gatepost_gateway.edge.surfaces.gemini import GeminiSurface
from gatepost_gateway.edge.surfaces.native import NativeSurface
from gatepost_gateway.edge.surfaces.native_executions import ExecutionSurface
from gatepost_gateway.edge.surfaces.native_making import MakingSurface
from gatepost_gateway.edge.surfaces.openai import OpenAISurface
from gatepost_gateway.edge.surfaces.operator import OperatorSurface, Scraping
from gatepost_gateway.edge.surfaces.simple import SimpleSurface
from gatepost_gateway.edge.surfaces.verdicts import VerdictSurface
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
from gatepost_gateway.mcp import McpServers
from gatepost_gateway.pipeline import bodies
from gatepost_gateway.pipeline.cache import AnswerCache
from gatepost_gateway.pipeline.dispatch import Dispatcher, Outside
from gatepost_gateway.pipeline.escalations import Escalations
from gatepost_gateway.pipeline.exchange import Exchange, Stages
from gatepost_gateway.pipeline.executions import Executions
from gatepost_gateway.pipeline.journal import Journal
from gatepost_gateway.pipeline.judge import engine_of
from gatepost_gateway.pipeline.making import Making
from gatepost_gateway.pipeline.pending import Pending
from gatepost_gateway.pipeline.plan import Planner
from gatepost_gateway.pipeline.recall import Recall
from gatepost_gateway.pipeline.responses import Responses
from gatepost_gateway.pipeline.review import JudgesOutside
from gatepost_gateway.pipeline.rounds import Seams
from gatepost_gateway.pipeline.sessions import Sessions
from gatepost_gateway.pipeline.strategies import Sight, Turns
from gatepost_gateway.pipeline.tool_notes import ToolNotes
from gatepost_gateway.pipeline.tool_steps import ToolSteps
from gatepost_gateway.pipeline.traces import Traces
from gatepost_gateway.pipeline.verdict import Verdicts
from gatepost_gateway.policy.chains import Chains
from gatepost_gateway.policy.rego.register import Register, register_of
from gatepost_gateway.providers import PROVIDERS
from gatepost_gateway.providers.sandbox import SCHEME, SandboxTransport
from gatepost_gateway.settings.environment import read_plain
from gatepost_gateway.storage.counters import CountedRecorder, Counters
from gatepost_gateway.storage.exposition import CONTENT_TYPE, Labels, counted, gauges
from gatepost_gateway.transport import Client, Egress, client_context
from gatepost_gateway.transport.upstream import UpstreamTransport
from gatepost_gateway.version import VERSION

if TYPE_CHECKING:
    from gatepost_gateway.app.state import SharedState


class Foundation(Struct):
    """What a data plane stands on: the seams, as the composition root chose them."""

    recorder: Recorder
    vault: Vault
    archive: Archive
    control: ControlPlane
    clock: Clock
    shared: "SharedState | None" = None
    """None: all of it is in this process."""
    approvals: Approvals | None = None
    """None: no other gateway acts on the same ones."""
    journal_bytes: Callable[[], int] = int
    """What the journal takes on disk."""


class Beginning(Struct):
    """What a data plane begins with."""

    snapshot: SnapshotDocument
    settled: Mapping[str, int]
    sessions: Sequence[tuple[str, str, int, int]]
    secret: bytes
    marks: Sequence[tuple[bytes, str, int]] = ()
    """Marks that lead to sessions: (mark, session id, microseconds)."""
    tripped: Sequence[str] = ()
    """The accounts that a spend cap has closed."""


class Bounds(Struct, frozen=True):
    """What comes in and goes out is held to this. `egress` and `trusted_proxies` are networks in CIDR notation."""

    body: BodyLimits = BodyLimits()
    egress: Sequence[str] = ()
    trusted_proxies: Sequence[str] = ()
    mcp: McpLimits = McpLimits()


log = logging.getLogger("gatepost")
_EVALUATOR = ("-m", "gatepost_gateway.app.evaluator")

Condition = Callable[[], dict[str, str]]
"""The parts' own words on how they are."""


class DataPlane:
    """`edge` is the ASGI application; `publish` swaps the snapshot."""

    def __init__(self, base: Foundation, begin: Beginning, bounds: Bounds, condition: Condition) -> None:
        bodies.prepare(begin.snapshot)
        self._marks_key = hmac.digest(begin.secret, b"policy marks", "sha256")
        chains = Chains(begin.snapshot.rules, self._marks_key)
        self._snapshot = Snapshot(begin.snapshot, chains, register_of(begin.snapshot, self._marks_key))
        self.evaluations = EvaluationPool(_EVALUATOR, read_plain())
        self._condition = condition
        self._born = time.monotonic()
        self._clock = base.clock
        self._periods: deque[frozenset[str]] = deque(maxlen=60)
        self.draining = False
        egress, context = Egress.of(*bounds.egress), client_context()
        self.client = Client(egress=egress, ssl_context=context)
        self.tool_servers = McpServers(egress, context, bounds.mcp)
        shared = self._shared = base.shared
        self.ledger: Ledger = shared.ledger if shared is not None else MemoryLedger(begin.settled, begin.tripped)
        self.rates: Rates = shared.rates if shared is not None else MemoryRates(base.clock)
        self.breakers = MemoryBreakers(base.clock, partial(_turned, base.recorder, base.clock))
        self.sight = Sight(self.breakers, MemoryPace(base.clock), Turns())
        self.cache = AnswerCache()
        self.sessions: SessionStore = (
            shared.sessions if shared is not None else MemorySessions(begin.sessions, begin.marks)
        )
        self.counters = Counters(lambda model: model in self._snapshot.models)
        self._journal_bytes = base.journal_bytes
        base = structs.replace(base, recorder=CountedRecorder(base.recorder, self.counters.take))
        self.edge = self._edge(base, begin, bounds)

    def _edge(self, base: Foundation, begin: Beginning, bounds: Bounds) -> Edge:
        stages = self._stages(base, begin)
        exchange, verdicts = Exchange(stages), Verdicts(stages)
        traces = Traces(base.recorder, base.archive, base.clock)
        steps = ToolSteps(exchange, stages, base.vault)
        seams = Seams(exchange, steps, self.tool_servers, base.clock, bounds.mcp)
        executions = Executions(seams, traces, Pending(base.recorder, base.archive, base.vault))
        once = Idempotency(base.clock)
        who = gatekeeper(self.snapshot, base.clock, begin.secret)
        reporter = Reporter(networks(bounds.trusted_proxies))
        return Edge(
            Surfaces(
                openai=OpenAISurface(exchange, self.snapshot, who, bounds.body, reporter),
                anthropic=AnthropicSurface(exchange, bounds.body, reporter),
                gemini=GeminiSurface(exchange, bounds.body, reporter),
                native=NativeSurface(traces, self.snapshot, who, once, bounds.body),
                executions=ExecutionSurface(executions, self.snapshot, who, once, bounds.body, reporter),
                making=MakingSurface(Making(exchange, traces), self.snapshot, who, once, bounds.body),
                verdicts=VerdictSurface(exchange, verdicts, traces, who, bounds.body),
                actions=ActionSurface(exchange, verdicts, who, bounds.body),
                operator=OperatorSurface(self.health, Scraping(self.exposition, self.snapshot, base.clock.micros)),
                simple=SimpleSurface(exchange, who, bounds.body, reporter),
            ),
            base.control,
            bounds.body,
            reporter,
        )

    def _stages(self, base: Foundation, begin: Beginning) -> Stages:
        transport = UpstreamTransport(self.client, {SCHEME: SandboxTransport()})
        outside = Outside(transport, base.vault, aws_chain(base.clock))
        return Stages(
            snapshot=self.snapshot,
            planner=Planner(PROVIDERS, self.sight),
            dispatcher=Dispatcher(outside, PROVIDERS, self.sight, base.clock),
            journal=Journal(base.recorder, self.ledger, self.rates, base.clock),
            ledger=self.ledger,
            rates=self.rates,
            loops=self._shared.loops if self._shared is not None else MemoryLoops(base.clock),
            counters=self._shared.counters if self._shared is not None else MemoryCounters(base.clock),
            sessions=Sessions(begin.secret, self.sessions),
            responses=Responses(base.recorder, base.archive, base.vault),
            engines=engine_of,
            escalations=Escalations(base.recorder, base.clock, begin.secret, base.approvals),
            evaluator=self.evaluations,
            recall=Recall(self.cache, base.clock),
            tools=ToolNotes(base.vault),
            clock=base.clock,
            salt=begin.secret,
            reviewers=JudgesOutside(transport, base.vault),
        )

    def snapshot(self) -> Snapshot:
        """What is true now."""
        return self._snapshot

    async def publish(self, document: SnapshotDocument) -> None:
        """Calls that begin from here on see the new snapshot; those in flight keep theirs. An older one is ignored.

        Rules are compiled in a thread first, so that no call waits for them. The control plane compiled them before.
        """
        chains = self._snapshot.chains
        if document.rules != self._snapshot.document.rules:
            chains = await asyncio.to_thread(Chains, document.rules, self._marks_key)
        policies = self._snapshot.policies
        assert policies is None or isinstance(policies, Register)
        policies = await asyncio.to_thread(register_of, document, self._marks_key, policies)
        await asyncio.to_thread(bodies.prepare, document)
        held = self._snapshot.document
        if (document.version, document.identity_seq) >= (held.version, held.identity_seq):
            self._snapshot = Snapshot(document, chains, policies)
            self.warm()

    def warm(self) -> None:
        """Lets the policies that are evaluated elsewhere be compiled there, before the first call asks."""
        policies = self._snapshot.policies
        if isinstance(policies, Register):
            for rule in policies.rules.values():
                if rule.away:
                    self.evaluations.prepare(rule.entry)

    def health(self) -> dict[str, Any]:
        """Each part in a word, and whether calls are taken."""
        parts = self._condition()
        return {
            "ready": parts.get("journal") == "ok" and not self.draining,
            "parts": parts,
            "uptime_seconds": round(time.monotonic() - self._born, 3),
            "config_version": self._snapshot.version,
            "open_holds": self.ledger.open_holds(),
            "providers": providers_of(self.breakers.states()),
        }

    def exposition(self) -> tuple[bytes, bytes]:
        """What was counted and how things stand, for Prometheus."""
        parts = self._condition()
        ready = parts.get("journal") == "ok" and not self.draining
        breakers: dict[Labels, float] = {}
        for endpoint, state in self.breakers.states().items():
            labels = (("provider", endpoint.partition(" ")[0]), ("state", state.value))
            breakers[labels] = breakers.get(labels, 0) + 1
        now = gauges(
            {
                "gatepost_info": ("The version that runs.", {(("version", VERSION),): 1}),
                "gatepost_ready": ("Whether calls are taken.", float(ready)),
                "gatepost_uptime_seconds": ("Since this process began.", time.monotonic() - self._born),
                "gatepost_config_version": ("The version of the configuration.", self._snapshot.version),
                "gatepost_open_holds": ("Calls that money is set aside for.", self.ledger.open_holds()),
                "gatepost_journal_bytes": ("What the journal takes on disk.", self._journal_bytes()),
                "gatepost_cache_entries": ("Answers that may be given again.", self.cache.entries),
                "gatepost_cache_bytes": ("What they take in memory.", self.cache.held),
                "gatepost_breaker_endpoints": ("Endpoints by the state of their breaker.", breakers),
            }
        )
        return CONTENT_TYPE, (counted(self.counters) + now).encode()

    async def tidy(self) -> None:
        """Lets go of what has expired. Cheap, and called once a minute."""
        now = self._clock.micros()
        self._periods.append(frozenset({hour(now), day(now), month(now)}))
        # A clock that was put forward and back finds what was spent where it left it.
        self.ledger.forget(frozenset(period for known in self._periods for period in known))
        self.cache.sweep(self._clock.monotonic())
        await self.sessions.sweep(now)
        await (self._shared if self._shared is not None else self.rates).sweep()


def _turned(recorder: Recorder, clock: Clock, endpoint: str, state: BreakerState, seconds: float, why: str) -> None:
    """A breaker opened or closed, for those who want to hear of it."""
    try:
        recorder.append(BreakerTurned(endpoint, clock.micros(), state.value, round(seconds), why))
    except GatewayError:
        # The calls themselves say that the journal is away; of this they know nothing.
        log.warning("that the breaker of %s is %s could not be recorded", endpoint, state.value, exc_info=True)


def providers_of(states: Mapping[str, BreakerState]) -> dict[str, dict[str, Any]]:
    """How the breakers stand, a provider family each: addresses are nobody's business who only asks how it is."""
    order = (BreakerState.CLOSED, BreakerState.HALF_OPEN, BreakerState.OPEN)
    found: dict[str, list[BreakerState]] = {}
    for endpoint, state in states.items():
        found.setdefault(endpoint.partition(" ")[0], []).append(state)
    return {
        provider: {
            "state": max(all_of_it, key=order.index).value,
            "endpoints": len(all_of_it),
            "open": sum(state is not BreakerState.CLOSED for state in all_of_it),
        }
        for provider, all_of_it in sorted(found.items())
    }
