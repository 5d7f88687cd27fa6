"""The shape of what limits say of themselves."""

from pydantic import ConfigDict, Field, model_validator

from gatepost_gateway.domain.limits import address_of
from gatepost_gateway.settings.fields import Count, Id, LimitId, LimitScope, Seconds, Shape, Subject

BY_SCOPE = ("global", "per_org", "per_project", "per_proxy", "per_key", "per_user", "per_ip")
"""The limits of `rate_limits`, whose names are their ids."""


class ReachShape(Shape):
    """Whom a limit is for. Without `match`: every subject of the scope apart."""

    id: LimitId
    scope: LimitScope
    match: Subject | None = None
    project: Id | None = None


class RatesShape(Shape):
    """Most requests and tokens in any 60 seconds, and most calls under way at once."""

    rpm: Count | None = None
    tpm: Count | None = None
    max_parallel_requests: Count | None = None


class SomeRatesShape(RatesShape):
    @model_validator(mode="after")
    def _some(self) -> "SomeRatesShape":
        if self.rpm is None and self.tpm is None and self.max_parallel_requests is None:
            raise ValueError("a limit without a number is none: give `rpm`, `tpm` or `max_parallel_requests`")
        return self


class RateLimitsShape(Shape):
    """On each subject of a scope apart; `global`: on all calls together."""

    model_config = ConfigDict(serialize_by_alias=True)

    everybody: SomeRatesShape | None = Field(default=None, alias="global")
    per_org: SomeRatesShape | None = None
    per_project: SomeRatesShape | None = None
    per_proxy: SomeRatesShape | None = None
    per_key: SomeRatesShape | None = None
    per_user: SomeRatesShape | None = None
    per_ip: SomeRatesShape | None = None


class LimitShape(ReachShape, SomeRatesShape):
    @model_validator(mode="after")
    def _reaches(self) -> "LimitShape":
        if self.id in BY_SCOPE:
            raise ValueError(f"the id `{self.id}` is that of a limit in `rate_limits`: choose another one")
        if self.scope == "global" and self.match is not None:
            raise ValueError("a limit on `global` has no `match`: it stands on all calls together")
        if self.scope == "ip" and self.match is not None and address_of(self.match) is None:
            raise ValueError("`match` must be an address, such as 203.0.113.7, or a /64 of IPv6")
        return self


class LoopsShape(Shape):
    enabled: bool | None = None
    repeats: int | None = Field(default=None, ge=2, le=1000)
    seconds: Seconds | None = None
    except_keys: list[Id] = Field(default=[])
