"""What the two processes say to each other."""

from msgspec import Struct

from gatepost_gateway.domain.records import Closed, Opened
from gatepost_gateway.domain.snapshot import SnapshotDocument


class Start(Struct):
    """The control plane's first answer: everything that a data plane needs to begin."""

    snapshot: SnapshotDocument
    settled: dict[str, int]
    open_holds: list[Opened]
    sessions: list[tuple[str, str, int, int]]
    """(id, owner, last turn, microseconds of the last turn)."""
    folded: int
    """The journal segment that the records have reached: new segments get higher numbers."""
    secret: bytes
    """Keys the marks that this deployment makes: session ids, hashes of passed-through bearers."""
    local_token: str = ""
    """An admin key for the commands of this machine, good for this run."""
    notices: list[str] = []
    """Lines to show once: the keys of a first start."""
    marks: list[tuple[bytes, str, int]] = []
    """What leads to the sessions: (mark, session id, microseconds of its last turn)."""
    tripped: list[str] = []
    """The accounts that a spend cap closed in this hour."""


class Correcting(Struct):
    """A call that a crash left open, settled at `before`, did cost `after`. `entry` says so in the journal."""

    entry: Closed
    before: int
    after: int


class HttpAsk(Struct, array_like=True):
    """A request that the control plane is to answer."""

    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


class HttpReply(Struct, array_like=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Admission(Struct, array_like=True):
    """A step that an approval may admit."""

    escalation_id: str
    step_id: str


class Lookup(Struct, array_like=True):
    """Conversation state by kind and id."""

    kind: str
    id: str
