"""Stage 10: what was used becomes money, the hold is settled, the record is handed in. On every way out, once."""

import re
from collections.abc import Awaitable
from typing import Any, cast

import msgspec

from gatepost_gateway.dialects.envelope import opened
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.money import NANO, Prices
from gatepost_gateway.domain.ports import Ledger, Rates, Recorder
from gatepost_gateway.domain.records import Opened, Outcome
from gatepost_gateway.domain.snapshot import ModelEntry
from gatepost_gateway.domain.usage import NOTHING, Usage
from gatepost_gateway.pipeline.bodies import stored_of
from gatepost_gateway.pipeline.call import Call
from gatepost_gateway.pipeline.limits import give_tokens_back
from gatepost_gateway.pipeline.pricing import images_of, price_of, silent
from gatepost_gateway.pipeline.reserve import input_bound, note_spent, output_bound

IN_FLIGHT_TOKENS = 256
"""Output tokens that a provider may have made, and will bill, beyond what arrived before a stream was left."""
MOST_TOKENS = 1_000_000_000
MOST_COST = 1_000_000 * NANO
"""A million dollars."""
_THINKS_UNSEEN = re.compile(
    r"(?:.*[/.:])?(?:o\d|gpt-[5-9]|gemini-(?:[3-9]|2\.[5-9])|grok-[3-9])|.*(?:reason|think)", re.IGNORECASE
)
"""Models that bill reasoning which their stream does not show: what arrived says little of what was made."""
_ASKS = frozenset({"reasoning_effort", "reasoning", "thinking", "output_config"})
"""Members by which a caller, in any format, has a model think: what is billed may be more than what is shown."""
_CALLERS_OWN = frozenset({"function", "input_schema", "functionDeclarations", "function_declarations"})
"""Members of a tool that the caller runs, in the formats that count a stream's input at its beginning."""
_LONGEST = 200
"""Characters that a provider's own words may have in a record."""


class Journal:
    """The stage that opens and closes the record of a call."""

    def __init__(self, recorder: Recorder, ledger: Ledger, rates: Rates, clock: Clock) -> None:
        self._recorder = recorder
        self._ledger = ledger
        self._rates = rates
        self._clock = clock

    async def open(self, call: Call) -> None:
        """No record, no call: returns when the hold and the intent are written."""
        record, principal = call.record, call.principal
        assert principal is not None
        opened = Opened(
            step_id=record.step_id,
            trace_id=record.trace_id,
            at=record.at,
            org=principal.org,
            project=principal.project,
            key_id=principal.key_id,
            model=record.model_asked or "",
            operation=record.operation,
            surface=record.surface,
            claims=record.claims,
            held=record.held,
            session_id=record.session_id,
            implicit=record.implicit,
            request_id=record.request_id,
            user=record.user,
            proxy=record.proxy,
            turn=record.turn,
            parent_step_id=record.parent_step_id,
        )
        self._recorder.append(opened)
        call.opened = True
        await self._recorder.durable()

    def durable(self) -> Awaitable[None]:
        """Returns when all that was handed in is written."""
        return self._recorder.durable()

    def close(self, call: Call, outcome: Outcome, status: int, error: GatewayError | None = None) -> None:
        """Prices the call, settles its hold and hands the record in. A second close is none."""
        if call.closed:
            return
        call.closed = True
        record = call.record
        record.outcome, record.status = outcome, status
        if error is not None:
            record.error, record.message = error.code.value, error.public
        record.micros = int((self._clock.monotonic() - call.started) * 1_000_000)
        self._describe(call)
        self._price(call)
        if call.hold is not None:
            self._ledger.settle(call.hold, record.settled)
            note_spent(self._ledger, call)
        give_tokens_back(self._rates, call, record.usage.total)
        if (stored := stored_of(call)) is not None:
            self._recorder.append(stored)
        self._recorder.append(record)

    def _describe(self, call: Call) -> None:
        record, summary = call.record, call.summary
        if call.target is not None:
            entry = call.target.entry
            record.model, record.provider = entry.id, entry.provider.value
            record.retention_days = entry.data_retention_days
        if call.retention_days is not None:
            record.retention_days = call.retention_days
        if summary is not None:
            call.note_losses()
            record.model_said = _short(summary.model)
            record.upstream_id, record.fingerprint = _short(summary.upstream_id), _short(summary.fingerprint)
            record.finish = tuple(reason[:_LONGEST] for reason in summary.finish)
            record.tool_calls = tuple(name[:_LONGEST] for name in summary.tool_calls)

    def _price(self, call: Call) -> None:
        """Exact from the provider's own usage; else an estimate between what was seen and the hold, marked as such."""
        record = call.record
        if not call.sent or call.target is None:
            return
        assert call.asked is not None
        prices = price_of(call.target, call.purses or (), call.asked)
        said = call.summary.usage if call.summary is not None else None
        if said is not None and _nonsense(said, prices):
            record.warnings += ("the provider reported more than any call uses: what it used is estimated",)
            said = None
        usage = said
        if usage is None or _unfinished(call) or silent(call.target, call.asked, usage):
            # Servers that repeat a growing usage have not said the last of it when a stream stops.
            usage = self._estimate(call, said or NOTHING)
            record.estimated = usage is not NOTHING
        record.usage = usage
        if prices is None:
            return
        record.prices = prices
        cost = min(prices.cost(usage), MOST_COST)
        if record.estimated and call.hold is not None:
            cost = min(cost, record.held)
        elif cost > record.held and call.hold is not None:
            record.warnings += ("the provider billed more than the worst case that was set aside",)
        record.cost = record.settled = cost

    def _estimate(self, call: Call, so_far: Usage) -> Usage:
        """What a call without a last usage report may have cost: nothing where the provider refused it unserved."""
        asked, project, target = call.asked, call.project, call.target
        assert asked is not None
        assert project is not None
        assert target is not None
        if call.summary is None and _refused(call):
            return NOTHING
        most = output_bound(target.entry, asked, project) * asked.choices
        seen = max(call.summary.text_bytes, so_far.output) if call.summary is not None else 0
        whole = call.summary is not None and len(call.summary.finish) >= asked.choices
        if not seen or thinks_unseen(target.entry, call.summary.model if call.summary else None, asked):
            output = most
        else:
            output = min(most, seen if whole else seen + IN_FLIGHT_TOKENS)
        if so_far.total > so_far.output and not _loops_unseen(asked):
            return msgspec.structs.replace(so_far, output=output, reasoning=0, images=images_of(asked), exact=False)
        return Usage(input=input_bound(asked), output=output, images=images_of(asked), exact=False)


def _nonsense(usage: Usage, prices: Prices | None) -> bool:
    """Whether no call ever uses so much: such a number is a mistake, and would use up any budget at one blow."""
    return usage.total > MOST_TOKENS or (prices is not None and prices.cost(usage) > MOST_COST)


def _refused(call: Call) -> bool:
    """Whether every attempt was refused by its provider, or never reached it."""
    return all(
        not one.served and (one.error is not None or (one.status is not None and one.status >= 300))
        for one in call.record.attempts
    )


def _unfinished(call: Call) -> bool:
    """Whether a stream was left, or stopped, before any choice of it had ended."""
    return call.reader is not None and not call.reader.ended and not call.reader.summary.finish


def _loops_unseen(asked: Asked) -> bool:
    """Whether the provider may run tools of its own: each of their results is input that was not counted at first."""
    if "mcp_servers" in asked.fields or "tools" not in asked.fields:
        return "mcp_servers" in asked.fields
    tools = opened(asked.fields["tools"])
    listed = cast("list[Any]", tools) if isinstance(tools, list) else [None]
    return not all(isinstance(one, dict) and _CALLERS_OWN.intersection(cast("dict[str, Any]", one)) for one in listed)


def _short(text: str | None) -> str | None:
    return text[:_LONGEST] if text is not None else None


def thinks_unseen(entry: ModelEntry, model: str | None, asked: Asked) -> bool:
    """Whether a model bills reasoning that does not pass through its stream; the entry itself may say.

    `model`: what the provider calls itself; the name of an entry may hide it.
    """
    said = entry.additional_config.get("hidden_reasoning")
    if said is not None:
        return bool(said)
    asks = not _ASKS.isdisjoint(asked.fields)
    return asks or any(_THINKS_UNSEEN.match(name) for name in (entry.identifier, model or ""))
