"""What happened, as the journal keeps it: one struct a kind of entry, tagged, readable for ever.

Each struct is encoded as a MessagePack array that begins with its tag. Fields are only ever added at the end, with a
default; none is removed or reused. Times are microseconds since the epoch, durations microseconds, money nano-dollars.
"""

from enum import StrEnum

from msgspec import Struct

from gatepost_gateway.domain.governance import Claim, Decision
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.routing import Route
from gatepost_gateway.domain.usage import NOTHING, Usage


class Outcome(StrEnum):
    """How a call ended. BLOCKED: a policy said no, at either gate. INTERRUPTED: the process died, and the next start
    closed the record.
    """

    ANSWERED = "answered"
    REFUSED = "refused"
    BLOCKED = "blocked"
    FAILED = "failed"
    ABANDONED = "abandoned"
    INTERRUPTED = "interrupted"


class StepKind(StrEnum):
    RUN = "run"
    CHECK = "check"
    TOOL_CALL = "tool_call"
    LOG = "log"
    CORRECTION = "correction"
    """Not a call: what the call `parent_step_id`, which a crash left open, did not cost, as a negative cost."""
    TOOL_RESULT = "tool_result"


class Attempt(Struct, frozen=True, array_like=True):
    """One try at one target. `status` is the provider's own; `error` a code and the provider's words, never a key."""

    model: str
    provider: str
    micros: int
    status: int | None = None
    error: str | None = None
    detail: str | None = None
    request_id: str | None = None
    served: bool = False
    """A failure after which the provider may bill: it was asked, and it did not refuse."""


TOOLS = "tools"
"""The kind under which uses of tools are sealed."""


class ToolPart(StrEnum):
    CALL = "tool_call"
    RESULT = "tool_result"


class ToolUse(Struct, frozen=True, array_like=True):
    """A call with its arguments, or a result. `whole`: nothing of the text was cut off."""

    part: ToolPart
    call_id: str
    name: str
    text: str
    whole: bool = True
    failed: bool = False


class Opened(Struct, frozen=True, array_like=True, tag="o"):
    """Before the first upstream byte: who asks for what, and the money set aside for it."""

    step_id: str
    trace_id: str
    at: int
    org: str
    project: str
    key_id: str
    model: str
    operation: str
    surface: str
    claims: tuple[Claim, ...] = ()
    held: int = 0
    session_id: str | None = None
    implicit: bool = True
    request_id: str | None = None
    user: str | None = None
    proxy: str | None = None
    turn: int | None = None
    parent_step_id: str | None = None


class Closed(Struct, array_like=True, tag="c", kw_only=True):
    """The finished record of one call: written on every way out, also for refusals that never were opened.

    The only mutable struct of a call: the stages fill it in, the journal writes it once.
    """

    step_id: str
    trace_id: str
    at: int
    surface: str
    operation: str = "chat"
    kind: StepKind = StepKind.RUN
    org: str | None = None
    project: str | None = None
    proxy: str | None = None
    key_id: str | None = None
    user: str | None = None
    parent_step_id: str | None = None
    implicit: bool = True
    """The trace was made for this one call and needs no sealing."""
    request_id: str | None = None
    session_id: str | None = None
    turn: int | None = None
    session_path: str | None = None
    properties: dict[str, str] | None = None
    request_source: str | None = None
    correlation_id: str | None = None
    parent_trace_id: str | None = None
    flow_id: str | None = None
    model_asked: str | None = None
    model: str | None = None
    provider: str | None = None
    stream: bool = False
    outcome: Outcome = Outcome.FAILED
    status: int = 500
    error: str | None = None
    message: str | None = None
    micros: int = 0
    first_micros: int | None = None
    usage: Usage = NOTHING
    prices: Prices | None = None
    cost: int | None = None
    """None: the price is not known."""
    claims: tuple[Claim, ...] = ()
    """The hold's claims; each is settled at `settled`."""
    held: int = 0
    settled: int = 0
    attempts: tuple[Attempt, ...] = ()
    decisions: tuple[Decision, ...] = ()
    finish: tuple[str, ...] = ()
    upstream_id: str | None = None
    fingerprint: str | None = None
    tool_calls: tuple[str, ...] = ()
    config_version: int = 0
    warnings: tuple[str, ...] = ()
    retention_days: int | None = None
    estimated: bool = False
    """The cost is an estimate between what was seen and the hold."""
    lossy: tuple[str, ...] = ()
    """What translation between two formats could not carry."""
    route: Route | None = None
    """None: the call ended before it was planned."""
    marks: tuple[bytes, ...] = ()
    """Keyed hashes by which the next turn finds this session again."""
    risk: float = 0.0
    """From 0 to 1: what the rules found in it, enforced or not."""
    tools: bytes = b""
    """Ciphertext of a list of ToolUse, where they are recorded."""
    cached: bool = False
    """The answer was an earlier one: nobody was asked, and it costs nothing."""
    saved: int | None = None
    """What the cached answer would have cost at today's prices; None: it was not cached, or that is not known."""
    tripped: str | None = None
    """The account of a spend cap that this call, refused, closed for the rest of its hour."""
    traceparent: str | None = None
    """The caller's span that this call belongs to, as W3C Trace Context writes it."""
    tracestate: str | None = None
    model_said: str | None = None
    """What the model that answered calls itself."""


class TraceOpened(Struct, frozen=True, array_like=True, tag="t"):
    """A trace that a caller created. `metadata` is JSON text; `revenue` nano-dollars."""

    trace_id: str
    at: int
    org: str
    project: str
    key_id: str
    metadata: str = "{}"
    revenue: int | None = None


class TraceSealed(Struct, frozen=True, array_like=True, tag="s"):
    """No more steps. `cost` is the sum of the known step costs, `unpriced` how many steps have none."""

    trace_id: str
    at: int
    project: str
    cost: int
    micros: int
    steps: int
    unpriced: int = 0


class Logged(Struct, frozen=True, array_like=True, tag="l"):
    """A custom event on a trace. `data` is JSON text."""

    step_id: str
    trace_id: str
    at: int
    org: str
    project: str
    key_id: str
    name: str
    data: str = "{}"
    parent_step_id: str | None = None
    request_id: str | None = None


class Kept(Struct, frozen=True, array_like=True, tag="k"):
    """Conversation state: ciphertext under a kind and an id, until `expires_at`. An empty box takes it away."""

    kind: str
    id: str
    project: str
    expires_at: int
    box: bytes


class Escalated(Struct, frozen=True, array_like=True, tag="e", kw_only=True):
    """A call that a rule held back for a person to decide.

    `fingerprint` is a keyed hash of who asked for what: an approval admits the same again. `reason` is the rule's own
    code. Nobody decides after `expires_at`.
    """

    id: str
    at: int
    expires_at: int
    fingerprint: str
    step_id: str
    trace_id: str
    org: str
    project: str
    key_id: str
    rule: str
    kind: str
    phase: str
    config_version: int
    proxy: str | None = None
    user: str | None = None
    request_id: str | None = None
    session_id: str | None = None
    surface: str = ""
    model: str | None = None
    reason: str | None = None
    message: str | None = None
    severity: str = "medium"


class Admitted(Struct, frozen=True, array_like=True, tag="a"):
    """An approved call goes on: its approval is used up."""

    escalation_id: str
    step_id: str
    at: int


class BreakerTurned(Struct, frozen=True, array_like=True, tag="u"):
    """An endpoint is left alone from now on, for `seconds`, or asked again. `state` is open or closed."""

    endpoint: str
    at: int
    state: str
    seconds: int = 0
    why: str = ""


class Hidden(Struct, frozen=True, array_like=True):
    """A finding that was taken out of a body: in the text at `path`, `count` of one kind, the surest with `score`."""

    side: str
    place: str
    path: str
    kind: str
    detector: str
    score: float
    count: int = 1


class Stored(Struct, frozen=True, array_like=True, tag="b"):
    """What was said in a call, without personal data and secrets, where the project keeps it.

    `request` and `answer` are JSON in the caller's format; b"" where there is none, for the reason beside it.
    `altered` names the texts (side, path) that are not what was said. A stream's answer is the message that it made.
    """

    step_id: str
    trace_id: str
    at: int
    dialect: str = ""
    request: bytes = b""
    answer: bytes = b""
    no_request: str | None = None
    no_answer: str | None = None
    hidden: tuple[Hidden, ...] = ()
    altered: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] | None = None


Entry = Opened | Closed | TraceOpened | TraceSealed | Logged | Kept | Escalated | Admitted | Stored | BreakerTurned
