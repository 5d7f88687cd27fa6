"""What a person decides: the states of an escalation, and the verdicts that the data plane acts on."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

ADMITS_MICROS = 15 * 60 * 1_000_000
"""How long an approval admits the identical request, and a denial turns it away."""
LIFE_MICROS = 24 * 3600 * 1_000_000
"""How long an escalation waits for a person where the configuration says nothing."""


class State(StrEnum):
    """Where an escalation stands. EXPIRED is never written: it is what is left undecided after its end."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    APPROVED = "approved"
    DENIED = "denied"
    RESOLVED = "resolved"
    EXPIRED = "expired"


WAITING = frozenset({State.QUEUED, State.CLAIMED})

TURNS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.CLAIMED: frozenset({State.QUEUED}),
        State.APPROVED: WAITING,
        State.DENIED: WAITING,
        State.RESOLVED: frozenset({*WAITING, State.APPROVED, State.DENIED, State.EXPIRED}),
    }
)
"""A state, and the ones that it may follow."""


class HumanVerdict(Struct, frozen=True, array_like=True):
    """A decision that still holds: the request with this fingerprint is admitted once, or turned away, until `until`
    (microseconds).
    """

    escalation_id: str
    fingerprint: str
    approved: bool
    until: int
