"""One call on its way: what came in, where the answer goes, and the one mutable thing that the stages share."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import ceil
from typing import Protocol

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects.transcript import Transcript
from gatepost_gateway.dialects.transcript_stream import Words
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.endpoints import Permit
from gatepost_gateway.domain.governance import Hold, Principal
from gatepost_gateway.domain.limits import Purse, Window
from gatepost_gateway.domain.money import Prices, usd
from gatepost_gateway.domain.ports import Headers, StreamReader, Summary, UpstreamAnswer
from gatepost_gateway.domain.records import Closed
from gatepost_gateway.domain.routing import DataPolicy
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProjectEntry, ProxyEntry, Sealed, Snapshot
from gatepost_gateway.domain.usage import NOTHING
from gatepost_gateway.pipeline.cache import Taken
from gatepost_gateway.policy.counting import Counting
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.gate import Gate
from gatepost_gateway.policy.placeholders import Placeholders

OWN = b"x-gatepost-"
"""How the headers begin that are between callers and the gateway."""


class Presented(Struct, frozen=True):
    """Who a caller says it is: the keys that it showed, where its surface puts them, and the proxy that its path names.

    `beside`: a second key, in `x-api-key`. `path`: what is asked; behind a proxy, what stands behind it. `client`: the
    address that asks, as far as it can be known.
    """

    bearer: Secret | None = None
    beside: Secret | None = None
    proxy: str | None = None
    path: str = ""
    client: Callable[[], str | None] | None = None


class Inbound(Struct, frozen=True):
    """A request as the edge hands it in. Header names are lower case; the last of a repeated name counts."""

    surface: str
    operation: Operation
    headers: Mapping[bytes, bytes]
    body: bytes
    request_id: str
    presented: Presented
    dialect: DialectName = DialectName.OPENAI_CHAT
    model: str | None = None
    """The model, where the format says it in the path and not in the body."""
    stream: bool = False
    """The path asks for a stream."""
    trace_id: str | None = None
    """The trace that the caller names; None: the call gets one of its own."""
    metadata: str = "{}"
    """Of that trace, JSON."""
    parent_step_id: str | None = None
    by_default: bool = False
    """The caller named no model: the one in the body is its project's default."""
    fallbacks: tuple[str, ...] = ()
    """Models that the caller names for when the first does not answer."""
    cache: bool | None = None
    """Whether the caller wants an earlier answer, where the body says so; None: a header may."""


class Target(Struct, frozen=True):
    """One place that can answer: an entry, its prices as they are now, and the credential for it."""

    entry: ModelEntry
    prices: Prices | None
    credential: Sealed | None
    passed: Secret | None = None
    """The caller's own provider key, where the project passes it through."""


class Plan(Struct, frozen=True):
    """Where a call may go, best first."""

    targets: tuple[Target, ...]


class Spent(Struct, frozen=True):
    """How a budget stands, in nano-dollars. `name`: its scope and period; `used`: settled and held."""

    name: str
    limit: int
    settled: int
    used: int


class Outlet(Protocol):
    """Where the answer goes."""

    async def whole(self, status: int, headers: Headers, body: bytes) -> None: ...
    async def begin(self, headers: Headers) -> None:
        """The head of a stream."""
        ...

    def push(self, batch: bytes) -> bool:
        """Sends a batch at once; False: the caller reads slowly, send no more before `drain`."""
        ...

    async def alive(self) -> None:
        """Sends something that says nothing, for a caller who has waited long."""
        ...

    async def drain(self) -> None: ...
    async def end(self, batch: bytes) -> None: ...


class Call:
    """Everything that is known of one call. Stages write it, the journal stage reads it once."""

    __slots__ = (
        "admitted",
        "answer",
        "asked",
        "begun",
        "body",
        "cache_key",
        "cap",
        "closed",
        "counted",
        "counting",
        "credential",
        "demands",
        "earlier",
        "engine",
        "facts",
        "fingerprint",
        "first",
        "forced_cap",
        "forced_tier",
        "gate",
        "hold",
        "inbound",
        "judged",
        "lost",
        "masked_words",
        "met",
        "named",
        "opened",
        "permit",
        "pinned",
        "placeholders",
        "plan",
        "principal",
        "project",
        "proxy",
        "purses",
        "reader",
        "received",
        "record",
        "response_id",
        "retention_days",
        "sent",
        "sent_body",
        "signals",
        "slots",
        "snapshot",
        "spent",
        "started",
        "summary",
        "taken",
        "target",
        "tokens_taken",
        "transcript",
        "windows",
        "words",
    )

    purses: tuple[Purse, ...] | None
    """The budgets that it meets; None before that is known."""
    spent: tuple[Spent, ...]
    """How these stand, as its answer says."""
    windows: tuple[Window, ...]
    """What its rate limits said; of a refusal, the one that refused it."""
    tokens_taken: tuple[tuple[str, int, float], ...]
    """(account, tokens, when) counted against token rates at admission."""
    counted: tuple[tuple[str, float], ...]
    """(account, when) of the request rates that it was counted in."""
    slots: tuple[str, ...]
    """The accounts that it has a slot of."""
    met: tuple[str, ...]
    """The rate limits that know of it, with their subjects."""
    engine: Engine | None
    """The chain that this call meets; None before it is known, and where there is none."""
    facts: Facts | None
    """What the rules saw of it."""
    judged: bool
    """The response gate has spoken."""
    forced_cap: int | None
    """The most output tokens that a ruling gives this call."""
    admitted: str | None
    """The escalation whose approval let this call through."""
    fingerprint: str | None
    """Who asked for what, as a keyed hash: what an approval is matched by."""
    received: Asked | None
    """What the caller asked, before policy changed a word of it."""
    signals: frozenset[str]
    """What the request gate found: `pii`, `secret`, `injection`."""
    forced_tier: str | None
    """The tier that a ruling sends this call to, whatever its caller asked for."""
    demands: tuple[tuple[str, DataPolicy], ...]
    """What rules, by their names, demand of the places that this call may go to."""
    retention_days: int | None
    """How long a rule wants its record kept; None: as its model says."""
    placeholders: Placeholders | None
    """What stands for this caller's own texts in what the provider is told, and says."""
    pinned: str | None
    """The one entry that can go on with what this call continues."""
    cache_key: bytes | None
    """What the same question is known by; None: the cache has nothing to do with this call."""
    taken: Taken | None
    """What a stream said so far, where it is to be kept."""
    words: Words | None
    """What a stream says, for the next turn to be known by."""
    masked_words: Words | None
    """The same before placeholders were undone, where any were given out: what a record may hold."""
    permit: Permit | None
    """Leave to ask the target, while how that ends is open."""

    def __init__(self, inbound: Inbound, snapshot: Snapshot, record: Closed, started: float) -> None:
        self.inbound, self.snapshot, self.record, self.started = inbound, snapshot, record, started
        self.earlier: list[Closed] = []
        """The records of attempts before this one that may be billed: each is a step of its own."""
        self.principal: Principal | None = None
        self.project: ProjectEntry | None = None
        self.proxy: ProxyEntry | None = None
        self.asked: Asked | None = None
        self.signals, self.demands, self.received, self.spent, self.windows = frozenset(), (), None, (), ()
        self.forced_tier = self.forced_cap = self.pinned = self.permit = self.engine = self.facts = self.purses = None
        self.plan: Plan | None = None
        self.hold: Hold | None = None
        self.cap: int | None = None
        """Output tokens that the hold pays for, all choices together; None when nothing bounds them."""
        self.tokens_taken = self.counted = self.slots = self.met = ()
        self.admitted = self.fingerprint = self.cache_key = self.taken = self.retention_days = self.placeholders = None
        self.counting = Counting()
        self.opened = self.closed = self.named = self.sent = False
        """The record is begun; it is done; the caller named its session; a request may have reached a provider."""
        self.begun = False
        """The head of a stream went to the caller."""
        self.target: Target | None = None
        self.credential: Secret | None = None
        """The key that the target was asked with: its words are shown without it."""
        self.answer: UpstreamAnswer | None = None
        self.reader: StreamReader | None = None
        self.lost: tuple[str, ...] = ()
        """What the target's format could not carry of the request."""
        self.first = self.body = self.sent_body = b""
        self.summary: Summary | None = None
        self.judged = False
        self.gate: Gate | None = None
        """What judges the answer while it is streamed."""
        self.response_id: str | None = None
        """The id by which a later Responses call goes on from this answer, when it is complete."""
        self.transcript: Transcript | None = None
        self.words = self.masked_words = None

    def fork(self, step_id: str, at: int, started: float) -> None:
        """Begins the next step of the same call, after one whose record is closed. `at` in microseconds."""
        self.earlier.append(self.record)
        self.record = msgspec.structs.replace(
            self.record,
            step_id=step_id,
            parent_step_id=self.record.step_id,
            at=at,
            attempts=(),
            claims=(),
            held=0,
            settled=0,
            cost=None,
            usage=NOTHING,
            estimated=False,
            error=None,
            message=None,
            lossy=(),
            model=None,
            provider=None,
            prices=None,
            upstream_id=None,
            fingerprint=None,
            finish=(),
            tool_calls=(),
            tripped=None,
            model_said=None,
        )
        self.started = started
        self.tokens_taken = ()
        self.hold = self.target = self.summary = None
        self.opened = self.sent = self.closed = False

    def note_losses(self) -> None:
        """Puts into the record what translation has lost so far, both ways, each name once."""
        said = self.summary.lossy if self.summary is not None else ()
        self.record.lossy = tuple(dict.fromkeys((*self.lost, *said))) if self.lost or said else ()

    @property
    def ids(self) -> list[tuple[bytes, bytes]]:
        """The headers that every answer carries, errors included."""
        record = self.record
        headers = [
            (b"x-request-id", self.inbound.request_id.encode()),
            (b"x-gatepost-trace-id", record.trace_id.encode()),
        ]
        if record.session_id is not None:
            headers.append((b"x-gatepost-session-id", record.session_id.encode()))
        if record.warnings:
            headers.append((b"x-gatepost-warnings", "; ".join(record.warnings).encode("ascii", "replace")))
        if record.lossy:
            headers.append((b"x-gatepost-lossy", ", ".join(record.lossy).encode("ascii", "replace")))
        if self.cache_key is not None:
            headers.append((b"x-gatepost-cached", b"true" if record.cached else b"false"))
        if self.target is not None:
            entry = self.target.entry
            headers += (
                (b"x-gatepost-model", entry.id.encode()),
                (b"x-gatepost-provider", entry.provider.value.encode()),
                (b"x-gatepost-attempts", str(self.attempts).encode()),
                (b"x-gatepost-fallback", b"true" if self.fallback_used else b"false"),
            )
            if record.route is not None and record.route.tier is not None:
                headers.append((b"x-gatepost-tier", record.route.tier.encode()))
        prefixes = self.snapshot.document.header_prefixes
        if prefixes:
            headers += _aliased(headers, prefixes)
        if self.windows:
            headers += self.rate_headers
        return [*headers, *self.budget_headers] if self.spent else headers

    @property
    def rate_headers(self) -> list[tuple[bytes, bytes]]:
        """Of the limit that is nearest to its end; `reset`: seconds until more of it comes free."""
        windows = self.windows
        tightest = windows[0] if len(windows) == 1 else min(windows, key=lambda one: one.remaining / one.limit)
        return [
            (b"x-ratelimit-limit", b"%d" % tightest.limit),
            (b"x-ratelimit-remaining", b"%d" % tightest.remaining),
            (b"x-ratelimit-reset", b"%d" % ceil(tightest.reset)),
        ]

    @property
    def budget_headers(self) -> list[tuple[bytes, bytes]]:
        """What is left of each budget, in dollars; of several of one scope and period, the one with least left."""
        nearest: dict[str, Spent] = {}
        for one in self.spent:
            known = nearest.get(one.name)
            if known is None or one.limit - one.used < known.limit - known.used:
                nearest[one.name] = one
        headers: list[tuple[bytes, bytes]] = []
        for name, one in nearest.items():
            limit, spend, remaining = _budget_names(name)
            headers += (
                (limit, _limit(one.limit)),
                (spend, usd(one.settled).encode()),
                (remaining, usd(one.limit - one.used).encode()),
            )
        return headers

    @property
    def attempts(self) -> int:
        """How many requests went out to providers, those of earlier steps included."""
        return len(self.record.attempts) + sum(len(one.attempts) for one in self.earlier)

    @property
    def fallback_used(self) -> bool:
        """Whether another entry was asked than the one that was chosen first."""
        route = self.record.route
        return self.target is not None and route is not None and route.model != self.target.entry.id


@lru_cache(maxsize=256)
def _budget_names(name: str) -> tuple[bytes, bytes, bytes]:
    limit, spend, remaining = (f"x-budget-{name}-{word}".encode() for word in ("limit", "spend", "remaining"))
    return limit, spend, remaining


@lru_cache(maxsize=256)
def _limit(amount: int) -> bytes:
    return usd(amount).encode()


def _aliased(headers: Headers, prefixes: tuple[str, ...]) -> list[tuple[bytes, bytes]]:
    """Our own answer headers under the prefixes of other systems: their clients read what they always read."""
    ours = [(name[len(OWN) :], value) for name, value in headers if name.startswith(OWN)]
    return [(prefix.encode("latin-1").lower() + name, value) for prefix in prefixes for name, value in ours]
