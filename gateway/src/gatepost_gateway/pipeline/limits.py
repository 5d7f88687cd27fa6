"""Rate limits: what a call asks of those that it meets, at two doors, and what it leaves there.

At the first door, before a byte of the body is read, its requests and its slots are counted; at the second, when the
model is known, its tokens, and what stands on a user whom only the body names. Each door is one decision about all
limits, and what a call took at the first it gives back when the second refuses it.
"""

from functools import partial

from gatepost_gateway.domain.errors import Arithmetic, Code, LimitExceeded
from gatepost_gateway.domain.limits import Ask, ScopedRates, Taken, Unit, Window, account_end
from gatepost_gateway.domain.ports import Rates
from gatepost_gateway.pipeline.call import Call
from gatepost_gateway.pipeline.subjects import subject_of

_Share = tuple[ScopedRates, str, Unit]
"""One limit as a call meets it: whose, on which subject, in which unit."""


async def count_request(rates: Rates, call: Call) -> None:
    """The first door. Raises LimitExceeded (429)."""
    if call.snapshot.rates:
        await _take(rates, call, None)


async def count_tokens(rates: Rates, call: Call, tokens: int | None) -> None:
    """The second door; `tokens`: the most that the call can use, None: it uses none. Raises LimitExceeded (429)."""
    if call.snapshot.rates:
        await _take(rates, call, tokens)


def release(rates: Rates, call: Call) -> None:
    """The call is over: its slots are free."""
    for account in call.slots:
        rates.release(account)
    call.slots = ()


def give_tokens_back(rates: Rates, call: Call, used: int = 0) -> None:
    """What the call took and did not use."""
    for account, amount, at in call.tokens_taken:
        rates.give_back(account, max(0, amount - used), at)
    call.tokens_taken = ()


async def _take(rates: Rates, call: Call, tokens: int | None) -> None:
    shares: list[_Share] = []
    asks: list[Ask] = []
    met: list[str] = []
    assert call.project is not None
    project = call.project.id
    for limit, subject in call.snapshot.rates.met(partial(subject_of, call), project):
        end, said = account_end(limit, subject, project), limit.rates
        if (name := limit.id + end) not in call.met:
            met.append(name)
            if said.rpm is not None:
                shares.append((limit, subject, Unit.REQUESTS))
                asks.append(Ask(f"{limit.id}:requests{end}", said.rpm))
            if said.parallel is not None:
                shares.append((limit, subject, Unit.PARALLEL))
                asks.append(Ask(f"{limit.id}:parallel{end}", said.parallel, 1, True))
        if tokens is not None and said.tpm is not None:
            shares.append((limit, subject, Unit.TOKENS))
            asks.append(Ask(f"{limit.id}:tokens{end}", said.tpm, tokens))
    call.met += tuple(met)
    if asks:
        taken = await rates.take(tuple(asks))
        if not taken.admitted:
            _refuse(rates, call, shares, taken)
        _keep(call, shares, taken)


def _keep(call: Call, shares: list[_Share], taken: Taken) -> None:
    windows: list[Window] = []
    for placed, (_, _, unit), window in zip(taken.asks, shares, taken.windows, strict=True):
        if unit is Unit.PARALLEL:
            call.slots += (placed.account,)
            continue
        windows.append(window)
        if unit is Unit.TOKENS:
            call.tokens_taken += ((placed.account, placed.amount, taken.at),)
        else:
            call.counted += ((placed.account, taken.at),)
    call.windows += tuple(windows)


def _refuse(rates: Rates, call: Call, shares: list[_Share], taken: Taken) -> None:
    """Names the limit that has to be waited for longest. Those that would have admitted the call have lost nothing."""
    for account, at in call.counted:
        rates.give_back(account, 1, at)
    call.counted = ()
    said = [one for one in zip(shares, taken.asks, taken.windows, strict=True) if not one[2].admitted]
    share, ask, window = max(said, key=lambda one: one[2].retry_after)
    call.windows = (window,)
    limit, _, unit = share
    raise LimitExceeded(
        _words(share, ask, window),
        code=Code.RATE_LIMITED,
        status=429,
        arithmetic=Arithmetic(
            ask.account,
            window.limit,
            window.limit - window.remaining,
            0,
            ask.amount,
            scope=limit.reach.label,
            unit=unit.value,
        ),
        retry_after=window.retry_after,
    )


def _words(share: _Share, ask: Ask, window: Window) -> str:
    limit, subject, unit = share
    who = "all callers together" if limit.reach.label == "global" else f"{limit.reach.label} `{subject[:100]}`"
    by = "" if limit.own else f" (limit `{limit.id}`)"
    wait = f"try again in {max(1, round(window.retry_after))} s"
    if unit is Unit.PARALLEL:
        return f"{who} may have {ask.limit} calls under way at once{by}, and they are: wait for one of them to end"
    if unit is Unit.REQUESTS:
        return f"{who} may make {ask.limit} requests a minute{by}: {wait}"
    return (
        f"{who} may use {ask.limit} tokens a minute{by}; {window.remaining} are left and this call may need"
        f" {ask.amount}: {wait}, or set a smaller `max_tokens`"
    )
