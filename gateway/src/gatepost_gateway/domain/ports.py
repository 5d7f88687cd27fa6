"""The seams: what the stages ask of the storeys below, and nothing more."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from gatepost_gateway.domain.chat import Asked, Operation
from gatepost_gateway.domain.errors import UpstreamError
from gatepost_gateway.domain.governance import Claim, Hold, Refusal
from gatepost_gateway.domain.limits import Ask, Taken
from gatepost_gateway.domain.records import Entry
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind, Sealed, Timeouts
from gatepost_gateway.domain.usage import Usage

Headers = Sequence[tuple[bytes, bytes]]


class Origin(Struct, frozen=True):
    """Where a connection goes. `private_ok`: the operator vouches for an address in a private range."""

    scheme: str
    host: str
    port: int
    private_ok: bool = False


class UpstreamRequest(Struct, frozen=True):
    """One request to one provider. `target` is the request target (path and query); headers carry the credential."""

    origin: Origin
    target: bytes
    headers: Headers
    body: bytes
    method: bytes = b"POST"
    lossy: tuple[str, ...] = ()
    """Names of what the caller said and the provider's format cannot carry."""
    more: "tuple[UpstreamRequest, ...]" = ()
    """Further requests of the same call, where the provider takes less at once than the caller gave."""


class Answered(Struct, frozen=True):
    """A whole answer of a provider."""

    body: bytes
    headers: Headers = ()


class UpstreamAnswer(Protocol):
    """An answer whose head has arrived."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Headers:
        """Lower-case names."""
        ...

    async def read(self) -> bytes:
        """All that arrived since the last read; b"" exactly at a clean end. Raises UpstreamError otherwise."""
        ...

    async def pump(self, sink: Callable[[bytes], bool]) -> bool:
        """Hands each batch to `sink` as it arrives, until it returns False; True exactly at a clean end.

        `sink` runs in the loop's own callback where a socket is read, and must not raise. Raises as `read` does.
        """
        ...

    async def read_all(self, limit: int) -> bytes:
        """The rest of the body. Raises UpstreamError when it is cut, or longer than `limit` bytes."""
        ...

    def close(self) -> None:
        """Idempotent: at a clean end the connection is kept for the next call, otherwise it is cut at once."""
        ...


class Transport(Protocol):
    """The only thing that opens a connection to a provider."""

    async def open(self, request: UpstreamRequest, timeouts: Timeouts, provider: str) -> UpstreamAnswer:
        """Raises UpstreamError, typed by what went wrong, with the next step decided."""
        ...


class Delta(Struct):
    """What a batch of stream events said, added up."""

    text_bytes: int = 0
    """Bytes of text, reasoning and tool arguments: never fewer than the tokens they cost."""
    content: bool = False
    """Whether anything that a caller would see as the answer has begun."""


class Summary(Struct):
    """What a whole answer said of itself, streamed or not."""

    usage: Usage | None = None
    upstream_id: str | None = None
    fingerprint: str | None = None
    model: str | None = None
    finish: tuple[str, ...] = ()
    tool_calls: tuple[str, ...] = ()
    text_bytes: int = 0
    lossy: tuple[str, ...] = ()
    """Names of what the provider said and the caller's format cannot carry."""


class StreamReader(Protocol):
    """Reads a provider's event stream and hands on whole events in the caller's format."""

    @property
    def summary(self) -> Summary: ...
    @property
    def ended(self) -> bool:
        """The format's own end was seen."""
        ...

    @property
    def spoke(self) -> bool:
        """Anything of the answer itself was seen."""
        ...

    @property
    def tokens(self) -> int:
        """A lower bound of the output tokens so far."""
        ...

    def close(self) -> bytes:
        """The body ended cleanly: what that completes. `ended` says whether it is the end of the answer too."""
        ...

    def feed(self, data: bytes) -> bytes:
        """The events that `data` completes, as they go to the caller. Raises ValueError on garbage."""
        ...


class Provider(Protocol):
    """One family of upstream APIs: addresses, credentials, quirks. Owns no socket."""

    @property
    def operations(self) -> frozenset[Operation]: ...

    def build(
        self, asked: Asked, entry: ModelEntry, credential: Secret | None, extra: Headers, cap: int | None
    ) -> UpstreamRequest:
        """`extra`: the caller's own provider headers that may pass; `cap`: an output cap in tokens to impose."""
        ...

    def read(
        self, asked: Asked, body: bytes, headers: Headers = (), rest: Sequence[Answered] = ()
    ) -> tuple[bytes, Summary]:
        """A whole answer in the caller's format, and what it says of itself. `rest`: the answers to `more`, in order.

        Raises UpstreamError when it is not what the provider's format promises.
        """
        ...

    def reader(self, asked: Asked) -> StreamReader: ...

    def explain(self, status: int, headers: Headers, body: bytes) -> UpstreamError:
        """What a refusal means and what to do next."""
        ...


class CredentialSource(Protocol):
    """Where the credential of an entry comes from, when it is not the one that is stored with it."""

    async def get(self, entry: ModelEntry, stored: Secret | None) -> Secret | None:
        """What to ask with: `stored` where there is one. May wait for who hands it out, and keeps what it got."""
        ...


Providers = Mapping[ProviderKind, Provider]
"""The families, by kind."""


class Ledger(Protocol):
    """What is being spent now. Fails closed: an error here refuses the call."""

    async def reserve(self, hold_id: str, claims: tuple[Claim, ...]) -> Hold | Refusal:
        """All claims or none; in one step, however many ask at once.

        Raises GatewayFault (503, state_unavailable) when that cannot be known now: no hold is left behind.
        """
        ...

    def settle(self, hold: Hold, amount: int) -> None:
        """Replaces the hold by what was really spent. Idempotent by hold id, never waits."""
        ...

    def correct(self, hold: Hold, before: int, after: int) -> None:
        """A hold that a crash left open, and that was settled at `before`, cost `after`. Never waits."""
        ...

    async def close(self, account: str) -> None:
        """No hold that claims on `account` is given any more, until its period is over. What is held stays."""
        ...

    def used(self, account: str) -> tuple[int, int]:
        """(settled, held) of an account, as far as this process knows."""
        ...

    def open_holds(self) -> int:
        """How many calls of this process have money set aside."""
        ...

    def forget(self, periods: frozenset[str]) -> None:
        """Lets go of what is over: periods other than `periods`."""
        ...


class Rates(Protocol):
    """How much came in the last 60 seconds, and how much is under way. Fails closed: GatewayFault (503)."""

    async def take(self, asks: tuple[Ask, ...]) -> Taken:
        """Counts all or nothing: each when, with it, at most its limit falls into any window of 60 seconds, or is under
        way at once. Left by its caller meanwhile, it counts nothing.
        """
        ...

    def give_back(self, account: str, amount: int, at: float) -> None:
        """What was counted too much at `at`, as far as it is still in the window. Never waits."""
        ...

    def release(self, account: str) -> None:
        """A slot is free again. Never waits."""
        ...

    async def sweep(self) -> None:
        """Lets go of what has outlived its time."""
        ...

    async def close(self) -> None: ...


class Loops(Protocol):
    """What each trace or session asked last, and how often in a row. Marks are keyed hashes."""

    async def repeated(self, owner: str, mark: bytes, seconds: float, most: int) -> tuple[int, float]:
        """Counts one more question: how many times in a row it came within `seconds`, no more than `most`, and the
        seconds until that would be one less. Another question in between begins the count again.
        """
        ...


class Counters(Protocol):
    """What rules have counted so far: actions, calls of a tool, amounts. Never waits. Fails closed: GatewayFault (503)
    where what others count may have been missed.
    """

    def so_far(self, account: str, seconds: float) -> int:
        """How much was counted in the last `seconds`."""
        ...

    def add(self, account: str, amount: int, seconds: float) -> None:
        """Counts `amount`, to be remembered for `seconds`. An account always has the same `seconds`."""
        ...


class Recorder(Protocol):
    """The journal. `append` hands an entry in and never waits; `durable` returns when all of it is written."""

    def append(self, entry: Entry) -> None:
        """Raises GatewayFault (503, records_unavailable) when the journal cannot take it."""
        ...

    def durable(self) -> Awaitable[None]:
        """Raises GatewayFault (503, records_unavailable) when the write failed."""
        ...


class Vault(Protocol):
    """Opens what the control plane sealed, and seals conversation state."""

    def open(self, sealed: Sealed) -> Secret:
        """Raises GatewayFault when the master key is not here or the box was tampered with."""
        ...

    def seal_state(self, kind: str, id: str, plain: bytes) -> bytes: ...

    def open_state(self, kind: str, id: str, box: bytes) -> bytes: ...


class Found(Struct, frozen=True):
    """State as the control plane holds it."""

    project: str
    box: bytes
    expires_at: int


class TraceState(Struct):
    """A trace that was created by a caller, as far as the data plane must know it."""

    project: str
    metadata: str = "{}"
    revenue: int | None = None
    sealed: bool = False
    cost: int = 0
    micros: int = 0
    steps: int = 0
    unpriced: int = 0
    running: int = 0
    at: int = 0


class Archive(Protocol):
    """What the control plane remembers of conversations that this process does not. Waits for another process."""

    async def trace(self, trace_id: str) -> TraceState | None: ...

    async def kept(self, kind: str, id: str) -> Found | None: ...


class Approvals(Protocol):
    """What people approved, where several gateways act on it."""

    async def admit(self, escalation_id: str, step_id: str) -> bool:
        """Whether this step is the one that the approval admits; the first that asks is. Raises GatewayFault (503)."""
        ...


SESSION_LIFE = 30 * 60 * 1_000_000
"""Microseconds that a session, and a mark that leads to it, live after their last use."""


class SessionStore(Protocol):
    """The sessions that are going on, and the marks by which a call finds the one that it continues.

    Marks are keyed hashes: nothing of a conversation is in them. Times are microseconds. Fails closed: GatewayFault
    (503, state_unavailable).
    """

    async def turn(self, session_id: str, owner: str, base: int, now: int) -> int | None:
        """Counts one more turn of a session, in one step, and returns its number; None: another owner's, and alive.

        `base`: the turns that a session which is not known here has had.
        """
        ...

    async def adopt(self, mark: bytes, session_id: str, now: int) -> str:
        """The session that `mark` leads to; from now on `session_id` where it led to none."""
        ...

    async def claim(self, mark: bytes, now: int) -> str | None:
        """The session that `mark` leads to. Where several were kept under it, each is given once, the oldest first;
        after that the one that was given last.
        """
        ...

    async def keep(self, marks: Sequence[bytes], session_id: str, now: int) -> None:
        """From now on the marks lead to `session_id`."""
        ...

    async def sweep(self, now: int) -> None:
        """Lets go of what has outlived its time."""
        ...

    async def close(self) -> None: ...
