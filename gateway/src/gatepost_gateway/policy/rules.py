"""What a rule is. One instance in a chain is one rule, with a name and a mode; the engine carries modes out.

Two sorts, by what they look at. A `TextRule` says which findings matter in which texts, and nothing else: the engine
finds, redacts and blocks for it, on whole texts and on streams alike. A `CallRule` looks at the facts of a call.
"""

from enum import StrEnum
from typing import Protocol, runtime_checkable

from msgspec import Struct

from gatepost_gateway.domain.findings import Detector, Finding, Leaf, Place
from gatepost_gateway.domain.governance import Effect, Mode, Phase
from gatepost_gateway.domain.review import Inquiry
from gatepost_gateway.domain.routing import DataPolicy
from gatepost_gateway.policy.facts import Facts


class NotRun(Exception):
    """A rule could not say anything, and what it stands for lets the call pass then. Its words go into the record."""


class Reach(StrEnum):
    """How much of an answer a rule must see before it can say anything: what decides how a stream is held back."""

    NOTHING = "nothing"
    """It judges requests only."""
    TOOL_CALLS = "tool_calls"
    """Each tool call of the model, whole, and nothing else of the answer."""
    SPAN = "span"
    """Texts, through detectors whose spans are bounded."""
    WHOLE = "whole"
    """All of it: the call is buffered."""


class Label(Struct, frozen=True):
    """Which instance speaks."""

    name: str
    kind: str
    mode: Mode = Mode.ENFORCE
    buffered: bool = False
    """Answers are judged when all of them is there, though the rule could judge them while they come."""


class Vote(Struct, frozen=True):
    """What one rule says. `reason` may be shown to the caller and never holds the caller's text."""

    effect: Effect
    reason: str = ""
    code: str | None = None
    """The reason in one word, for records: `blocked_tool`."""
    signals: tuple[str, ...] = ()
    """`pii`, `secret`, `injection`: what routing may act on."""
    tier: str | None = None
    max_tokens: int | None = None
    demands: DataPolicy | None = None
    """What the places must declare that the call may go to."""
    retention_days: int | None = None
    """How long the call's record is to be kept, at least."""
    placeholder: bool = False
    """What is redacted gets a placeholder that is undone in the answer, for the caller only."""
    threshold: float | None = None
    """What a finding had to score for this; None: all count."""
    rationale: str | None = None
    """A judge's reasons, masked, or why there are none: for the record alone."""
    redact: tuple[Detector, ...] = ()
    """What a call rule that says REDACT wants replaced in every text of its side, each by its kind: `[EMAIL]`."""


@runtime_checkable
class TextRule(Protocol):
    """`places` empty: every text."""

    @property
    def label(self) -> Label: ...
    @property
    def phases(self) -> frozenset[Phase]: ...
    @property
    def places(self) -> frozenset[Place]: ...
    @property
    def detectors(self) -> tuple[Detector, ...]: ...

    def weigh(self, finding: Finding) -> Vote:
        """What one finding means: ALLOW lets it stand and is recorded, REDACT replaces it."""
        ...

    def replacement(self, finding: Finding, found: str) -> str:
        """What stands in place of `found`. Depends on nothing but the two, so that every cut of a text reads alike."""
        ...


@runtime_checkable
class CallRule(Protocol):
    @property
    def label(self) -> Label: ...
    @property
    def phases(self) -> frozenset[Phase]: ...
    @property
    def reach(self) -> Reach: ...

    def judge(self, facts: Facts) -> Vote | None:
        """None: nothing to say against it. An exception denies, in the name of the rule."""
        ...


@runtime_checkable
class AskingRule(CallRule, Protocol):
    """A rule that asks a judge outside. It is asked for its question when the others have spoken and none blocks; the
    answer stands in `facts.elsewhere` when it judges.
    """

    def inquiry(self, facts: Facts, leaves: tuple[Leaf, ...]) -> Inquiry | None:
        """Its question about these texts, from which the other rules have redacted what they redact; None: it has none,
        and nothing to say. Raises NotRun, or NoVerdict where it may not ask.
        """
        ...


Rule = TextRule | CallRule


def reach_of(rule: Rule) -> Reach:
    """How much of an answer `rule` must see."""
    if Phase.RESPONSE not in rule.phases:
        return Reach.NOTHING
    if isinstance(rule, TextRule):
        return Reach.WHOLE if any(detector.span is None for detector in rule.detectors) else Reach.SPAN
    return rule.reach
