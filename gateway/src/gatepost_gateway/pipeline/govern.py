"""The end of stage 5: what policies in Rego say of a call whose targets are known, and of its answer.

A policy that reads where a call would go is asked for every target; the targets that it refuses are left out.
"""

from collections.abc import Sequence

from gatepost_gateway.dialects.rewriting import rewrite_request
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.errors import Code, GatewayError
from gatepost_gateway.domain.governance import Effect, Phase, Ruling
from gatepost_gateway.domain.rego import Evaluator
from gatepost_gateway.pipeline.call import Call, Plan, Target
from gatepost_gateway.pipeline.judge import facts_of, note, refuse
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.rego.register import Register
from gatepost_gateway.policy.rego.rule import RegoRule

Rules = Sequence[RegoRule]
_PASSES = frozenset({Effect.ALLOW, Effect.REDACT})


async def govern(call: Call, evaluator: Evaluator) -> None:
    """Puts the policies' decisions into the record and carries them out: targets are left out, the request is redacted.
    A call without a plan, which goes nowhere, is asked about once.

    Raises Refused when no target is left, GatewayFault (503) when a policy gives no answer.
    """
    policies, principal = call.snapshot.policies, call.principal
    assert principal is not None
    if policies is None:
        return
    assert isinstance(policies, Register)
    found = policies.requests(principal.project, principal.proxy)
    if found is None:
        return
    engine, rules = found
    plan, asked = call.plan, call.asked
    assert asked is not None
    targets: Sequence[Target | None] = plan.targets if plan is not None else (None,)
    asking = targets if any(rule.document.per_target for rule in rules) else targets[:1]
    rulings = [await _ask(call, engine, rules, (number, target), evaluator) for number, target in enumerate(asking, 1)]
    for ruling in rulings:
        note(call, ruling)
    may_pass = _PASSES if call.admitted is None else _PASSES | {Effect.ESCALATE}
    passed = [number for number, ruling in enumerate(rulings) if ruling.effect in may_pass]
    if not passed:
        refuse(call, rulings[0], Code.INPUT_BLOCKED)
    if plan is not None and len(passed) < len(rulings):
        call.plan = Plan(tuple(plan.targets[number] for number in passed))
    call.asked = await _redacted(call, engine, rules, [(targets[n], n + 1, rulings[n]) for n in passed], evaluator)


async def _ask(call: Call, engine: Engine, rules: Rules, at: tuple[int, Target | None], evaluator: Evaluator) -> Ruling:
    number, target = at
    facts = facts_of(call)
    facts.target, facts.attempt = target.entry if target is not None else None, number
    await prepare(rules, facts, evaluator)
    try:
        return engine.judge(facts)
    except GatewayError as error:
        call.record.decisions += engine.not_run(Phase.REQUEST, error.hint or error.public)
        raise


async def _redacted(
    call: Call, engine: Engine, rules: Rules, passed: Sequence[tuple[Target | None, int, Ruling]], evaluator: Evaluator
) -> Asked:
    """The request without what any of its targets must not see."""
    asked = call.asked
    assert asked is not None
    first: Ruling | None = None
    for target, number, ruling in passed:
        changes = ruling.changes
        if not changes or (first is not None and changes == first.changes):
            continue
        if first is not None:
            # Another target wants other things taken out of a text that has changed since.
            call.asked = asked
            changes = (await _ask(call, engine, rules, (number, target), evaluator)).changes
        first = first or ruling
        asked = rewrite_request(asked, changes)
    return asked


async def prepare(rules: Rules, facts: Facts, evaluator: Evaluator) -> None:
    """Asks the policies that may not be asked on the loop."""
    for rule in rules:
        if rule.away:
            await rule.prepare(facts, evaluator)


def attempt_of(call: Call) -> int:
    """Which of its targets answered, counted from 1."""
    targets = call.plan.targets if call.plan is not None else ()
    return next((number for number, one in enumerate(targets, 1) if one is call.target), 1)
