"""`/api/v1/limits`: every rate limit that is in force, whoever declared it."""

from msgspec import Struct

from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House
from gatepost_gateway.domain.limits import RateLimits, ScopedRates


class Limit(Struct, frozen=True, kw_only=True):
    """`match` null: it stands on each of its scope apart; `project` null: in every one."""

    id: str
    scope: str
    match: str | None
    project: str | None
    rate_limits: RateLimits
    managed_by: str


class LimitPage(Struct, frozen=True):
    items: list[Limit]


async def index(house: House, asked: Asked) -> Answer:  # noqa: ARG001
    document = house.configuration.document.file
    declared = {*document.rate_limits, *(one.id for one in document.limits)}
    declared |= {f"project:{one.id}" for one in document.projects} | {f"proxy:{one.id}" for one in document.proxies}
    return Answer(LimitPage([_view(one, declared) for one in house.snapshot.document.all_rates]))


def _view(limit: ScopedRates, declared: set[str]) -> Limit:
    reach = limit.reach
    return Limit(
        id=limit.id,
        scope=reach.label,
        match=reach.match,
        project=reach.project,
        rate_limits=limit.rates,
        managed_by="file" if limit.id in declared else "api",
    )


ENDPOINTS = (Endpoint("GET", "/api/v1/limits", index, Access.ADMIN, "List the rate limits", answer=LimitPage),)
