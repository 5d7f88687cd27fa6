"""Stage 6: money is set aside for the most that the call can cost, or the call is refused with the arithmetic.

Tokens never outnumber bytes, so the body's length bounds the input; what bytes do not bound (images, sounds, files) is
bounded a piece. The output is bounded by the caller's cap, by the model's maximum, or by a cap that is then imposed.
"""

from collections.abc import Sequence

from gatepost_gateway.domain.chat import Asked, Operation
from gatepost_gateway.domain.clock import iso
from gatepost_gateway.domain.errors import Arithmetic, Code, LimitExceeded
from gatepost_gateway.domain.governance import Claim, Hold, Period, Refusal
from gatepost_gateway.domain.limits import Purse, period_ends
from gatepost_gateway.domain.money import usd
from gatepost_gateway.domain.ports import Ledger, Rates
from gatepost_gateway.domain.snapshot import ModelEntry, ProjectEntry
from gatepost_gateway.pipeline.call import Call, Plan, Spent, Target
from gatepost_gateway.pipeline.limits import count_tokens, give_tokens_back
from gatepost_gateway.pipeline.pricing import PICTURE_TOKENS, by_tokens, fallback_price, images_of, own_price, price_of
from gatepost_gateway.pipeline.subjects import purses_of

MEDIA_TOKENS = 40_000
"""Tokens that one image, sound or file may cost: above the largest that providers document for one picture."""
FRAME_TOKENS = 64
"""Tokens that a provider's chat template may add beyond the bytes of a very short body."""


_WORDLESS = frozenset({Operation.EMBED, Operation.COUNT})
"""Operations that bill no output."""
_LIST_TIERS = (b"null", b'"auto"', b'"default"', b'"flex"')


def output_bound(entry: ModelEntry, asked: Asked, project: ProjectEntry) -> int:
    """The most output tokens that one choice can have."""
    if asked.operation is Operation.IMAGE:
        return PICTURE_TOKENS if by_tokens(entry) else 0
    if asked.operation in _WORDLESS:
        return 0
    said, most = asked.max_output, entry.max_output
    if said is None:
        said = most if most is not None else project.max_output_default
    elif most is not None and most < said:
        said = most
    return said + asked.predicted


def input_bound(asked: Asked) -> int:
    """The most input tokens that the body can have."""
    return len(asked.body) + FRAME_TOKENS + asked.media * MEDIA_TOKENS + asked.earlier


def imposed_cap(call: Call, entry: ModelEntry) -> int | None:
    """The output cap that must be sent because a ruling or a budget counts on it; None when nothing else is needed."""
    project, asked = call.project, call.asked
    assert project is not None
    assert asked is not None
    if call.purses is None:
        call.purses = purses_of(call)
    if call.forced_cap is not None and asked.operation not in _WORDLESS:
        return call.forced_cap
    capped = asked.max_output is not None or entry.max_output is not None
    if not call.purses or capped or asked.operation in _WORDLESS or asked.operation is Operation.IMAGE:
        return None
    return project.max_output_default


def worst_case(plan: Plan, asked: Asked, purses: Sequence[Purse], bounds: Sequence[int]) -> int:
    """The most that the dearest target can cost, in nano-dollars; `bounds`: each target's most output tokens.

    Raises LimitExceeded (402) for an unknown price that a budget names no fallback for.
    """
    dearest, tokens = 0, input_bound(asked)
    for target, bound in zip(plan.targets, bounds, strict=True):
        prices = price_of(target, purses, asked)
        if own_price(target, asked) is None:
            _check_fallbacks(target, purses, asked)
        assert prices is not None
        dearest = max(dearest, prices.ceiling(tokens, bound, images_of(asked)))
    return dearest


def _check_fallbacks(target: Target, purses: Sequence[Purse], asked: Asked) -> None:
    what = "the price of a picture by" if asked.operation is Operation.IMAGE else "the price of"
    for purse in purses:
        if fallback_price(purse.budget.fallback, asked) is None:
            raise LimitExceeded(
                f"{what} `{target.entry.id}` is not known, and budget `{purse.budget.id}` names no fallback price",
                code=Code.PRICE_UNKNOWN,
                status=402,
            )


def claims_of(purses: Sequence[Purse], amount: int, now: int) -> tuple[Claim, ...]:
    """One claim a budget, in the period of `now` (microseconds)."""
    return tuple([Claim(purse.account_at(now), purse.budget.limit, amount) for purse in purses])


def note_spent(ledger: Ledger, call: Call) -> None:
    """Notes for the answer how the call's budgets stand, in the periods that it was admitted in."""
    found: list[Spent] = []
    for purse, claim in zip(call.purses or (), call.record.claims, strict=False):
        settled, held = ledger.used(claim.account)
        found.append(Spent(f"{purse.scope}-{purse.budget.period.value}", claim.limit, settled, settled + held))
    call.spent = tuple(found)


def unpriced_member(asked: Asked) -> str | None:
    """A member that makes a call cost more than the list price: a dearer tier, sound, searches of the web.

    Nothing here can bound what such a call costs, so no budget can hold it.
    """
    tier = asked.fields.get("service_tier")
    if tier is not None and bytes(tier) not in _LIST_TIERS:
        return "service_tier"
    modalities = asked.fields.get("modalities")
    if modalities is not None and b"audio" in bytes(modalities):
        return "modalities"
    return "web_search_options" if "web_search_options" in asked.fields else asked.unpriced


async def reserve(ledger: Ledger, rates: Rates, call: Call) -> None:
    """Opens the hold and notes it in the record.

    Raises LimitExceeded: 429 for tokens a minute and for a key's cap by the hour, 402 for other money.
    """
    project, asked, plan = call.project, call.asked, call.plan
    assert project is not None
    assert asked is not None
    assert plan is not None
    if asked.operation is Operation.COUNT:
        await count_tokens(rates, call, None)
        return
    if call.purses is None:
        call.purses = purses_of(call)
    bounds = [output_bound(target.entry, asked, project) * asked.choices for target in plan.targets]
    amount = 0
    if call.purses:
        if (member := unpriced_member(asked)) is not None:
            name = call.purses[0].budget.id
            raise LimitExceeded(
                f"what `{member}` costs is not known, and a budget (`{name}`) is in force: leave it out",
                code=Code.PRICE_UNKNOWN,
                status=402,
            )
        amount = worst_case(plan, asked, call.purses, bounds)
    await count_tokens(rates, call, input_bound(asked) + max(bounds))
    if call.purses:
        call.cap = max(bounds)
        await _hold(ledger, rates, call, claims_of(call.purses, amount, call.record.at))
        call.record.held = amount
        if asked.stream:
            # Its head goes out before it is settled; any other answer says how the budgets stand after that.
            note_spent(ledger, call)


async def _hold(ledger: Ledger, rates: Rates, call: Call, claims: tuple[Claim, ...]) -> None:
    # Known before it is asked for: a caller that leaves while the ledger answers leaves no hold behind.
    call.hold = Hold(call.record.step_id, claims)
    granted = await ledger.reserve(call.record.step_id, claims)
    if isinstance(granted, Refusal):
        call.hold = None
        give_tokens_back(rates, call)
        assert call.purses is not None
        purse = call.purses[granted.index]
        if purse.budget.period is not Period.HOURLY:
            raise refusal(granted)
        if trips(granted):
            await ledger.close(granted.account)
            call.record.tripped = granted.account
        raise cap_refusal(granted, paused=granted.closed or trips(granted), now=call.record.at)
    call.hold = granted
    call.record.claims = granted.claims


def refusal(said: Refusal) -> LimitExceeded:
    """A ledger's refusal as an error with its arithmetic."""
    return LimitExceeded(
        f"budget `{said.account}` is used up: limit {usd(said.limit)} USD, settled {usd(said.settled)},"
        f" held {usd(said.held)}, and this call may cost up to {usd(said.asked)}",
        code=Code.BUDGET_EXCEEDED,
        status=402,
        arithmetic=_numbers(said),
    )


def _numbers(said: Refusal) -> Arithmetic:
    return Arithmetic(said.account, said.limit, said.settled, said.held, said.asked, money=True)


def trips(said: Refusal) -> bool:
    """Whether a refusal closes a key's cap for the rest of its hour: what was spent in it leaves no room for a call
    that an unused hour would admit. What others only hold does not close it, nor does a call that never fits.
    """
    return not said.closed and said.asked <= said.limit < said.settled + said.asked


def cap_refusal(said: Refusal, *, paused: bool, now: int) -> LimitExceeded:
    """A refusal by a key's cap of the hour as an error. `now` in microseconds."""
    sums = f"limit {usd(said.limit)} USD, settled {usd(said.settled)}, held {usd(said.held)}, asked {usd(said.asked)}"
    ends = period_ends(Period.HOURLY, now)
    words = f"and the key is paused until {iso(ends)[:19]}Z" if paused else "with what calls under way may cost"
    return LimitExceeded(
        f"the spend cap `{said.account}` is used up, {words}: {sums}",
        code=Code.CIRCUIT_OPEN,
        status=429,
        arithmetic=_numbers(said),
        retry_after=(ends - now) / 1_000_000 if paused else None,
    )
