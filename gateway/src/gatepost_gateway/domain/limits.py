"""Budgets and rates: whose they are, and the account that a call has with each.

A limit stands on one subject (`match`), or on every subject of its scope apart. What callers name themselves, users and
metadata, is counted within one project: nobody uses up the share of another project's user by taking his name.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Network, ip_network
from typing import Generic, TypeVar

from msgspec import Struct, field

from gatepost_gateway.domain import clock
from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.named import Named

WINDOW = 60.0
"""Seconds that rates look back."""
MOST_SUBJECTS = 10_000
"""Accounts that one rate limit, or one budget in one period, may have, a subject each; the subjects after that share
one.
"""
SLOT_RETRY = 1.0
"""Seconds that a caller is told to wait for a slot: when one comes free is not known."""
LONGEST_SUBJECT = 100
"""Characters of a subject in an account's name; a longer one stands there as a hash."""


class Scope(Named):
    """What a limit stands on."""

    ORG = "org"
    PROJECT = "project"
    PROXY = "proxy"
    KEY = "key"
    USER = "user"
    METADATA = "metadata"
    IP = "ip"
    GLOBAL = "global"


_NAMED_BY_CALLERS = frozenset({Scope.USER, Scope.METADATA})


class Budget(Struct, frozen=True):
    """`limit` in nano-dollars a period. `fallback` prices a model of unknown price; else it is refused."""

    id: str
    period: Period
    limit: int
    fallback: Prices | None = None


class RateLimits(Struct, frozen=True):
    """Most pieces in any window of 60 seconds, and most calls at once; None: no limit."""

    rpm: int | None = None
    tpm: int | None = None
    parallel: int | None = field(default=None, name="max_parallel_requests")


class Reach(Struct, frozen=True):
    """Whom a limit is for. `name`: of the metadata. `match` None: every subject apart. `project` None: in every one."""

    scope: Scope
    name: str = ""
    match: str | None = None
    project: str | None = None

    @property
    def label(self) -> str:
        """`user`, `metadata:team`."""
        return f"{self.scope.value}:{self.name}" if self.name else self.scope.value


class ScopedBudget(Struct, frozen=True):
    """Budgets of one declaration, a period each. Their ids are `<id>/<period>`."""

    reach: Reach
    budgets: tuple[Budget, ...]


class ScopedRates(Struct, frozen=True):
    """Rates of one declaration. `own`: they stand on their subject itself, with no id that anybody gave them."""

    id: str
    reach: Reach
    rates: RateLimits
    own: bool = False


class Unit(Named):
    """What a rate limit counts. The first two in any 60 seconds, the last one at any instant."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    PARALLEL = "parallel"


def own_rates(scope: Scope, subject: str, rates: RateLimits) -> ScopedRates:
    """The rates that a project, a proxy or a key has of its own. No declared id has a colon."""
    return ScopedRates(f"{scope.value}:{subject}", Reach(scope, match=subject), rates, own=True)


class Ask(Struct, frozen=True):
    """What a call asks of one limit. `slot`: held until it is released; else it counts for 60 seconds."""

    account: str
    limit: int
    amount: int = 1
    slot: bool = False


class Window(Struct, frozen=True):
    """A rate limit's answer. `reset` and `retry_after` in seconds."""

    admitted: bool
    limit: int
    remaining: int
    reset: float
    retry_after: float = 0.0


class Taken(Struct, frozen=True):
    """One decision about several limits. `asks`: where they count; `windows`: what each limit says, in their order."""

    admitted: bool
    asks: tuple[Ask, ...]
    windows: tuple[Window, ...]
    at: float
    """When it was counted: `give_back` finds it by that."""


class LoopRules(Struct, frozen=True):
    """A call that comes for the `repeats`th time in a row within `seconds`, in one trace or session, is a loop.

    `except_keys`: ids of keys that may repeat themselves.
    """

    enabled: bool = True
    repeats: int = 5
    seconds: float = 60.0
    except_keys: tuple[str, ...] = ()


T = TypeVar("T", ScopedBudget, ScopedRates)
Who = Callable[[Scope, str], str | None]
"""The subject of a call in a scope, where it has one; the second word is the name of a metadata."""


class Index(Generic[T]):
    """Limits by whom they are for: a call looks at its own, however many there are."""

    def __init__(self, limits: Iterable[T]) -> None:
        self._exact: dict[tuple[Scope, str, str], list[T]] = {}
        self._each: dict[tuple[Scope, str], list[T]] = {}
        for limit in limits:
            scope, name, match = limit.reach.scope, limit.reach.name, limit.reach.match
            self._each.setdefault((scope, name), [])
            if match is None:
                self._each[scope, name].append(limit)
            else:
                self._exact.setdefault((scope, name, match), []).append(limit)

    def __bool__(self) -> bool:
        return bool(self._each)

    def met(self, who: Who, project: str) -> Iterator[tuple[T, str]]:
        """The limits that a call of `project` meets, each with its subject."""
        for (scope, name), each in self._each.items():
            subject = who(scope, name)
            if subject is None:
                continue
            exact = self._exact.get((scope, name, subject))
            for limit in [*each, *exact] if exact else each:
                if limit.reach.project in (None, project):
                    yield limit, subject


class Purse(Struct, frozen=True):
    """A budget as one call meets it. `account`: without its period. `scope`: as answers name it."""

    budget: Budget
    account: str
    scope: str

    def account_at(self, now: int) -> str:
        """The account's name in the period of `now` (microseconds)."""
        return f"{self.account}@{period_of(self.budget.period, now)}"


def period_of(period: Period, now: int) -> str:
    """The name of the period that a moment (microseconds) is in."""
    if period is Period.DAILY:
        return clock.day(now)
    return clock.month(now) if period is Period.MONTHLY else clock.hour(now)


def period_ends(period: Period, now: int) -> int:
    """When, in microseconds, the period of `now` is over."""
    if period is Period.MONTHLY:
        return clock.next_month(now)
    length = clock.DAY_MICROS if period is Period.DAILY else clock.HOUR_MICROS
    return (now // length + 1) * length


def purses(own: Iterable[Budget], index: Index[ScopedBudget], who: Who, project: str) -> tuple[Purse, ...]:
    """The budgets that a call meets: `own` of its project, then those that stand on its subjects."""
    found = [Purse(budget, budget.id, Scope.PROJECT.value) for budget in own]
    if index:
        for limit, subject in index.met(who, project):
            found += [
                Purse(budget, account(budget.id, limit.reach, subject, project), scope_word(limit.reach))
                for budget in limit.budgets
            ]
    return tuple(found)


def scope_word(reach: Reach) -> str:
    """A scope as headers name it: `user`, `metadata-team`."""
    return reach.label.replace(":", "-").lower()


def account(limit: str, reach: Reach, subject: str, project: str) -> str:
    """`per-user/daily in default for user ann`: ids have no spaces, so no two limits share an account."""
    within = f" in {project}" if reach.scope in _NAMED_BY_CALLERS else ""
    return f"{limit}{within} for {reach.label} {shown(subject)}"


def account_end(limit: ScopedRates, subject: str, project: str) -> str:
    """How the names of a rate limit's accounts end, behind its id and the unit: `per_user:requests in p for user ann`.

    One that has a single account is called by its id alone: `project:p:tokens`.
    """
    reach = limit.reach
    one = reach.scope is Scope.GLOBAL or (reach.match is not None and reach.scope not in _NAMED_BY_CALLERS)
    return "" if one else account("", reach, subject, project)


def address_of(text: str) -> str | None:
    """An address as limits count it: a caller has a whole /64 of IPv6 for itself. None: it is none."""
    try:
        address = ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(address, IPv4Network):
        return str(address.network_address) if address.prefixlen == 32 else None
    if (mapped := address.network_address.ipv4_mapped) is not None:
        return str(mapped)
    return str(address.supernet(new_prefix=64)) if address.prefixlen >= 64 else None


def shown(subject: str) -> str:
    """A subject as it stands in an account's name: one that is long, unprintable or looks like it is a hash."""
    if len(subject) <= LONGEST_SUBJECT and subject.isprintable() and subject and not subject.startswith("#"):
        return subject
    return "#" + hashlib.blake2b(subject.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def group_of(account: str) -> str | None:
    """What an account's limit and scope are called, where it is one of many of a kind: `per-user/daily in p for user`.

    `account`: without its period. None: it stands alone.
    """
    head, found, rest = account.partition(" for ")
    scope, one_of_many, _ = rest.partition(" ")
    return f"{head} for {scope}" if found and one_of_many else None
