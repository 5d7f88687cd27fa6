"""How many actions an agent may take, how often, and for how much: counted when they go out, not when they are judged.

An action is a tool call that the model asks for and the gateway lets out.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import msgspec
from msgspec import Struct, field

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Called
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.counting import Account
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.deciding import check_positive
from gatepost_gateway.policy.kinds.globs import Globs
from gatepost_gateway.policy.rules import Vote

SESSION_SECONDS = 24 * 3600.0
"""How long an action of a session is remembered."""
_MINUTE = 60.0
_TWO_DAYS = 2 * 24 * 3600.0
_PARTS = 1_000_000
"""Amounts are counted in millionths."""
_LONGEST = 100
ALERT = "alert"
"""The signal of a decision that somebody wants to hear of."""
RATE_CODES = frozenset({"max_actions", "tool_rate_limited", "transaction_too_large", "daily_total_exceeded"})
"""What limits say, and not lists of tools."""
_MOST_AMOUNT = Decimal(10) ** 15
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class TransactionLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """Of calls of `tools` (shell patterns). The amount is the largest that stands under one of `amount_fields`."""

    max_single_transaction: float | None = None
    max_daily_total: float | None = None
    require_approval_above: float | None = None
    tools: tuple[str, ...] = ("*",)
    amount_fields: tuple[str, ...] = ("amount", "total", "value", "price")


class Limits(Struct, frozen=True):
    """`rates`: calls a minute by the name of a tool; `default` for each that is not named."""

    max_actions_per_session: int | None = None
    rates: dict[str, int] = field(default_factory=dict[str, int])
    transactions: TransactionLimits | None = None

    def __bool__(self) -> bool:
        return self.max_actions_per_session is not None or bool(self.rates) or self.transactions is not None


class ActionLimits:
    """`name`: of the rule, whose counts are its own."""

    def __init__(self, name: str, limits: Limits, alert_percent: float | None = None) -> None:
        """`alert_percent`: from this share of a limit on what counts is an alert. Raises Unloadable."""
        self._share = alert_percent / 100 if alert_percent is not None else None
        check_positive({"max_actions_per_session": limits.max_actions_per_session})
        for tool, most in limits.rates.items():
            if most < 1:
                raise Unloadable(("rate_limits", tool), "a rate is at least 1 a minute")
        self._name = name
        self._limits = limits
        said = limits.transactions
        if said is not None:
            _check(said)
        self._tools = Globs(said.tools) if said is not None else Globs(())

    def judge(self, facts: Facts, calls: tuple[Called, ...]) -> Vote | None:
        """Counts these calls, in their order, until one is too much."""
        near: Vote | None = None
        for call in calls:
            for vote in self._each(facts, call):
                if vote is not None and vote.effect is not Effect.ALLOW:
                    return vote
                near = near or vote
        return near

    def _each(self, facts: Facts, call: Called) -> Iterator[Vote | None]:
        yield self._session(facts)
        yield self._rate(facts, call.name)
        yield self._transaction(facts, call)

    def _account(self, facts: Facts, what: str, seconds: float) -> Account:
        principal = facts.setting.principal
        return f"{principal.project}/{principal.proxy or ''}/{self._name}/{what}", seconds

    def _session(self, facts: Facts) -> Vote | None:
        most = self._limits.max_actions_per_session
        if most is None:
            return None
        session = facts.setting.session_id or facts.setting.principal.key_id
        words = f"this session has taken {most} actions, which is all that it may"
        return self._count(
            facts, (f"session/{session}", SESSION_SECONDS), 1, most, Vote(Effect.BLOCK, words, "max_actions")
        )

    def _rate(self, facts: Facts, tool: str) -> Vote | None:
        most = self._limits.rates.get(tool, self._limits.rates.get("default"))
        if most is None:
            return None
        words = f"the tool `{tool[:_LONGEST]}` was called {most} times in a minute, which is all that it may"
        return self._count(facts, (f"rate/{tool}", _MINUTE), 1, most, Vote(Effect.BLOCK, words, "tool_rate_limited"))

    def _transaction(self, facts: Facts, call: Called) -> Vote | None:
        said = self._limits.transactions
        if said is None or not self._tools.match(call.name):
            return None
        try:
            amount = max(amounts(call.arguments, said.amount_fields), default=None)
        except ValueError as error:
            return Vote(
                Effect.BLOCK, f"the amount of `{call.name[:_LONGEST]}` cannot be read: {error}", "amount_unreadable"
            )
        if amount is None:
            return None
        if said.max_single_transaction is not None and amount > Decimal(str(said.max_single_transaction)):
            words = f"one transaction may move {said.max_single_transaction:g} at most"
            return Vote(Effect.BLOCK, words, "transaction_too_large")
        vote = self._daily(facts, amount, said.max_daily_total)
        if vote is not None and vote.effect is not Effect.ALLOW:
            return vote
        if said.require_approval_above is not None and amount > Decimal(str(said.require_approval_above)):
            words = f"a transaction above {said.require_approval_above:g} needs a person's approval"
            return Vote(Effect.ESCALATE, words, "approval_required")
        return vote

    def _daily(self, facts: Facts, amount: Decimal, most: float | None) -> Vote | None:
        if most is None:
            return None
        day = datetime.fromtimestamp(facts.setting.at / 1_000_000, UTC).date().isoformat()
        vote = Vote(Effect.BLOCK, f"transactions may move {most:g} a day at most", "daily_total_exceeded")
        return self._count(facts, (f"day/{day}", _TWO_DAYS), _parts(amount), _parts(Decimal(str(most))), vote)

    def _count(self, facts: Facts, account: Account, amount: int, most: int, over: Vote) -> Vote | None:
        account = self._account(facts, *account)
        if facts.counting.so_far(account) + amount > most:
            return over
        facts.counting.add(account, amount)
        if self._share is not None and facts.counting.so_far(account) >= self._share * most:
            return Vote(Effect.ALLOW, f"near a limit: {over.reason}", "near_limit", (ALERT,))
        return None


def amounts(arguments: str, names: tuple[str, ...]) -> Iterator[Decimal]:
    """The amounts that arguments name, without their signs. Raises ValueError for one that is no number."""
    try:
        said = _decode(arguments or "{}")
    except (msgspec.DecodeError, RecursionError, UnicodeError, InvalidOperation):
        raise ValueError("the arguments are not JSON") from None
    yield from _amounts(said, frozenset(name.casefold() for name in names))


def _amounts(said: Any, names: frozenset[str]) -> Iterator[Decimal]:
    if isinstance(said, dict):
        for name, value in cast("Mapping[str, Any]", said).items():
            if name.casefold() in names and not isinstance(value, dict | list | None):
                yield _amount(value)
            else:
                yield from _amounts(value, names)
    elif isinstance(said, list):
        for one in cast("list[Any]", said):
            yield from _amounts(one, names)


def _amount(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("it is not a number")  # noqa: TRY004 - to its caller any of these is an amount that is none
    try:
        amount = abs(Decimal(value))
    except InvalidOperation:
        raise ValueError("it is not a number") from None
    if not amount.is_finite() or amount > _MOST_AMOUNT:
        raise ValueError("it is out of all measure")
    return amount


def _parts(amount: Decimal) -> int:
    """Rounded up: a total is never passed by what was rounded away."""
    return -int((-amount * _PARTS).to_integral_value(rounding="ROUND_FLOOR"))


def _check(said: TransactionLimits) -> None:
    limits = {name: getattr(said, name) for name in said.__struct_fields__[:3]}
    for name, limit in limits.items():
        if limit is not None and not 0 < limit <= float(_MOST_AMOUNT):
            raise Unloadable(("transaction_limits", name), f"`{name}` must be more than 0")
    if not any(limit is not None for limit in limits.values()):
        raise Unloadable(("transaction_limits",), "no limit is there")
    if not said.amount_fields:
        raise Unloadable(("transaction_limits", "amount_fields"), "`amount_fields` is empty: no amount could be read")
