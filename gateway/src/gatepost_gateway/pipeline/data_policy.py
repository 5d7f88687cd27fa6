"""Where a project's data may go: only to entries whose declared terms meet its demands. What is not said is not met."""

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
    return None


def _within(region: str | None, allowed: tuple[str, ...]) -> bool:
    """`eu` allows `eu` and what is in it, such as `eu-west-1`."""
    said = (region or "").lower()
    return any(said == one.lower() or said.startswith(one.lower() + "-") for one in allowed)


def admit(call: Call, demands: DataPolicy, entries: list[ModelEntry]) -> tuple[list[ModelEntry], tuple[str, ...]]:
    """The entries that the project's data may go to, and what was left out; the decision goes into the record.

    Raises Refused when nothing is left.
    """
    reasons = {entry.id: unmet(demands, entry) for entry in entries}
    left = [entry for entry in entries if reasons[entry.id] is None]
    out = tuple(f"{name}: {reason}" for name, reason in reasons.items() if reason is not None)
    effect = Effect.ALLOW if left else Effect.BLOCK
    words = "; ".join(out)[:500] or None
    call.record.decisions += (Decision(RULE, RULE, Phase.REQUEST, Mode.ENFORCE, effect, reason=words),)
    if not left:
        raise Refused(
            f"no model that this call could go to meets the data policy of this project: {words}",
            rule=RULE,
            code=Code.INPUT_BLOCKED,
        )
    return left, out
