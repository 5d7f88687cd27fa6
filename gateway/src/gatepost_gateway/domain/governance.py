"""Who calls, what they may spend, and what was decided."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from gatepost_gateway.domain.named import Named
from gatepost_gateway.domain.routing import DataPolicy


class Principal(Struct, frozen=True):
    """Who a call belongs to. `key_id` is safe to show; `user` is filled in by `bind`."""

    key_id: str
    org: str
    project: str
    proxy: str | None = None
    user: str | None = None
    passed_through: bool = False
    """The bearer is the caller's own provider key: it goes to one provider family and is never stored."""


class Unit(StrEnum):
    """What a limit counts."""

    NANO_USD = "nano_usd"
    REQUESTS = "requests"
    TOKENS = "tokens"


class Period(Named):
    """The calendar period of a budget, in UTC. HOURLY: of a key's spend cap."""

    HOURLY = "hourly"
    DAILY = "daily"
    MONTHLY = "monthly"


class Claim(Struct, frozen=True, array_like=True):
    """A share of one limit: `account` is `<budget id>@<period>`, such as `default/daily@2026-11-20`."""

    account: str
    limit: int
    amount: int


class Hold(Struct, frozen=True, array_like=True):
    """Money set aside for one call, all of its claims or none. Every hold is settled exactly once."""

    id: str
    claims: tuple[Claim, ...]


class Became(Struct, frozen=True, array_like=True):
    """What the journal says that a hold was settled at. `presumed`: nobody knows what the call cost."""

    amount: int
    presumed: bool


class Refusal(Struct, frozen=True):
    """Why a hold was not given: at `account`, settled + held + asked would be over limit, or the account is `closed`.

    `index`: which of the claims it was.
    """

    account: str
    limit: int
    settled: int
    held: int
    asked: int
    closed: bool = False
    index: int = 0


class Effect(StrEnum):
    """The verdict of a ruling, strongest last."""

    ALLOW = "allow"
    REDACT = "redact"
    ESCALATE = "escalate"
    BLOCK = "block"


class Mode(StrEnum):
    """Whether a rule's verdict is carried out, or only recorded as what it would have been."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


class Phase(Named):
    """The two gates."""

    REQUEST = "request"
    RESPONSE = "response"


class Mark(Struct, frozen=True, array_like=True):
    """One thing that a rule found, without the thing: where it stands, a few characters of it, a keyed hash of it.

    `start` and `end` count characters of the text at `path`.
    """

    place: str
    path: str
    start: int
    end: int
    kind: str
    masked: str
    digest: str
    effect: Effect
    score: float = 1.0
    """How sure the detector was."""
    threshold: float | None = None
    """How sure the rule wanted it to be."""


class Decision(Struct, frozen=True, array_like=True):
    """What one rule instance said about one call. `not_run` says why it said nothing."""

    rule: str
    kind: str
    phase: str
    mode: Mode
    effect: Effect | None
    micros: int = 0
    reason: str | None = None
    not_run: str | None = None
    code: str | None = None
    """The reason in one word: `blocked_tool`."""
    marks: tuple[Mark, ...] = ()
    found: int = 0
    """How many things it found; `marks` shows the first of them."""
    signals: tuple[str, ...] = ()
    rationale: str | None = None
    """A judge's reasons, masked, or why there are none."""


class Ruling(Struct, frozen=True):
    """The engine's word: the strongest enforced effect, and every decision that led to it."""

    effect: Effect
    decisions: tuple[Decision, ...] = ()
    rule: str | None = None
    reason: str | None = None
    code: str | None = None
    changes: Mapping[tuple[str | int, ...], str] = {}
    """The redacted texts, by their path in the body."""
    signals: frozenset[str] = frozenset()
    tier: str | None = None
    """Where the call must go."""
    max_tokens: int | None = None
    """The most output tokens that it may have."""
    risk: float = 0.0
    """From 0 to 1, by what was found, enforced or not."""
    demands: tuple[tuple[str, DataPolicy], ...] = ()
    """What rules, by their names, demand of the places that the call may go to."""
    retention_days: int | None = None
    """How long its record is to be kept."""


ALLOWED = Ruling(Effect.ALLOW)
