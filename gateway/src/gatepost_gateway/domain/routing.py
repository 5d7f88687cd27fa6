"""How a model is chosen: tiers, strategies, what a project demands of its data, and what came of it."""

from enum import StrEnum

from msgspec import Struct, field


class Tier(StrEnum):
    """What a call needs. The first three are a ladder; `secure` stands beside it, for what must stay private."""

    SIMPLE = "simple"
    MEDIUM = "medium"
    COMPLEX = "complex"
    SECURE = "secure"


LADDER = (Tier.SIMPLE, Tier.MEDIUM, Tier.COMPLEX)
AUTO = "auto"
"""The name of no model: the complexity rule chooses the tier."""
TIER = "tier:"
"""How the name of a tier begins where a model's name may stand."""


class Strategy(StrEnum):
    """Which of several candidates is asked first; the others are asked when it fails."""

    ORDERED = "ordered"
    WEIGHTED = "weighted"
    ROUND_ROBIN = "round_robin"
    LOWEST_LATENCY = "lowest_latency"
    LOWEST_COST = "lowest_cost"


class ModelPolicy(StrEnum):
    """What a model's name in a request is worth: it is called; it is not heard; it is refused."""

    HONOUR = "honour"
    OVERRIDE = "override"
    TIER = "tier"


class Routing(Struct, frozen=True):
    """`weights` by entry id, for the weighted strategy: an id that is not named weighs 1, a weight of 0 goes last."""

    strategy: Strategy = Strategy.ORDERED
    weights: dict[str, int] = field(default_factory=dict[str, int])


class Source(StrEnum):
    """Who chose: the caller by a model's name, the complexity rule, the caller by a tier's name, the gateway (a ruling,
    or the project's `model_policy`), the project's default, or the answer that this call continues.
    """

    EXPLICIT = "explicit"
    AUTO = "auto"
    TIER = "tier"
    FORCED = "forced"
    DEFAULT = "default"
    PINNED = "pinned"


class Route(Struct, frozen=True, array_like=True):
    """Why a call went where it went. `model` is the entry that was chosen first; `passed_over`: what was left out."""

    model: str
    source: Source
    rationale: str
    tier: str | None = None
    strategy: str | None = None
    passed_over: tuple[str, ...] = ()


class BreakerState(StrEnum):
    """Asked as usual; left alone; asked by one call, whose fate decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerRules(Struct, frozen=True):
    """When an endpoint is left alone: after `failures` in a row, or a `share` of at least `calls` within `window`
    seconds. For `open` seconds, doubled by each failed probe, lengthened by its own Retry-After, at most `longest`.
    """

    failures: int = 5
    share: float = 0.5
    calls: int = 20
    window: float = 30.0
    open: float = 30.0
    longest: float = 300.0
    probe: float = 1.0
    """Seconds after which to come back while another call is the probe."""


class DataPolicy(Struct, frozen=True):
    """What a project, or a rule, demands of every place that data goes to. `regions` empty: anywhere."""

    zero_retention: bool = False
    no_training: bool = False
    regions: tuple[str, ...] = ()
    private_only: bool = False
    max_retention_days: int | None = None
    """How long a provider may keep what it was sent; None: as long as it likes."""


class DataTerms(Struct, frozen=True):
    """What an operator declares of an entry. None: not said, and so not met."""

    zero_retention: bool | None = None
    training: bool | None = None
    region: str | None = None
    retention_days: int | None = None
    """How long the provider keeps what it was sent."""
