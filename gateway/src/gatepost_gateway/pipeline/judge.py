"""Stage 4, the request gate: what policy says of the request before anything is planned or spent."""

from collections.abc import Callable

from gatepost_gateway.domain.errors import Code, Refused
from gatepost_gateway.domain.governance import ALLOWED, Effect, Ruling
from gatepost_gateway.pipeline.call import Call

Engine = Callable[[Call], Ruling]
"""A pure function from what is known of a call to a ruling."""


def no_rules(call: Call) -> Ruling:  # noqa: ARG001 - the shape of every engine
    """The engine of a configuration without rules: it allows, and decides nothing that a record could show."""
    return ALLOWED


def judge(engine: Engine, call: Call) -> None:
    """Puts the engine's decisions into the record. Raises Refused when the ruling is not to allow."""
    ruling = engine(call)
    if ruling.decisions:
        call.record.decisions += ruling.decisions
    if ruling.effect is not Effect.ALLOW:
        rule = ruling.rule or "policy"
        code = Code.ESCALATION_REQUIRED if ruling.effect is Effect.ESCALATE else Code.INPUT_BLOCKED
        raise Refused(ruling.reason or f"blocked by `{rule}`", rule=rule, code=code)
