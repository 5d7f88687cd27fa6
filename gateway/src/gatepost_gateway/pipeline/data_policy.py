"""Where data may go: only to entries whose declared terms meet the demands. What is not said is not met.

A project demands, and so do rules of kind `data-routing-policy`: each of them leaves out what does not meet it.
"""

from collections.abc import Iterator

from gatepost_gateway.domain.errors import Code, Refused
from gatepost_gateway.domain.governance import Decision, Effect, Mode, Phase
from gatepost_gateway.domain.routing import DataPolicy
from gatepost_gateway.domain.snapshot import ModelEntry
from gatepost_gateway.pipeline.call import Call

RULE = "data-routing-policy"


def unmet(demands: DataPolicy, entry: ModelEntry) -> str | None:
    """The demand that an entry does not meet, in words; None: it meets them all."""
    terms = entry.data_terms
    if demands.private_only and entry.is_public:
        return "it is public"
    if demands.zero_retention and terms.zero_retention is not True:
        return "it does not declare zero retention"
    if demands.no_training and terms.training is not False:
        return "it does not declare that it trains on nothing"
    if demands.regions and not _within(terms.region, demands.regions):
        return f"its region is {terms.region}" if terms.region else "it declares no region"
    if demands.max_retention_days is not None and terms.zero_retention is not True:
        return _kept(terms.retention_days, demands.max_retention_days)
    return None


def _kept(days: int | None, most: int) -> str | None:
    if days is None:
        return "it does not declare how long it keeps data"
    return f"it keeps data for {days} days" if days > most else None


def _within(region: str | None, allowed: tuple[str, ...]) -> bool:
    """`eu` allows `eu` and what is in it, such as `eu-west-1`."""
    said = (region or "").lower()
    return any(said == one.lower() or said.startswith(one.lower() + "-") for one in allowed)


def demands_on(call: Call) -> Iterator[tuple[str, DataPolicy]]:
    """What is demanded of the places that a call may go to, and in whose name."""
    if call.project is not None and call.project.data_policy is not None:
        yield RULE, call.project.data_policy
    yield from call.demands


def admit(
    call: Call, rule: str, demands: DataPolicy, entries: list[ModelEntry]
) -> tuple[list[ModelEntry], tuple[str, ...]]:
    """The entries that the data may go to, and what was left out; the decision goes into the record.

    `rule`: in whose name. Raises Refused when nothing is left.
    """
    reasons = {entry.id: unmet(demands, entry) for entry in entries}
    left = [entry for entry in entries if reasons[entry.id] is None]
    out = tuple(f"{name}: {reason}" for name, reason in reasons.items() if reason is not None)
    effect = Effect.ALLOW if left else Effect.BLOCK
    words = "; ".join(out)[:500] or None
    call.record.decisions += (Decision(rule, RULE, Phase.REQUEST, Mode.ENFORCE, effect, reason=words),)
    if not left:
        raise Refused(
            f"no model that this call could go to meets the data policy: {words}",
            rule=rule,
            code=Code.INPUT_BLOCKED,
        )
    return left, out
