"""Stage 4, the request gate: what policy says of the request before anything is planned or spent."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
from msgspec import structs

from gatepost_gateway.dialects.leaves import open_request
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.rewriting import rewrite_request
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.errors import CallerError, Code, GatewayError, Refused
from gatepost_gateway.domain.findings import Texts
from gatepost_gateway.domain.governance import Effect, Phase, Ruling
from gatepost_gateway.domain.review import Inquiry, Reviewers
from gatepost_gateway.pipeline.call import Call
from gatepost_gateway.policy.chains import NO_CHAINS, Chains
from gatepost_gateway.policy.engine import Engine, Steps
from gatepost_gateway.policy.facts import Facts, Setting
from gatepost_gateway.policy.rego.register import Register
from gatepost_gateway.policy.verdict import POLICY_ERROR, least

Engines = Callable[[Call], Engine]
"""The chain that a call meets."""
Ask = Callable[[tuple[Inquiry, ...]], Awaitable[None]]


def engine_of(call: Call) -> Engine:
    """By the configuration that the call began with."""
    chains = call.snapshot.chains or NO_CHAINS
    assert isinstance(chains, Chains)
    assert call.principal is not None
    assert call.asked is not None
    project, proxy = call.principal.project, call.principal.proxy
    chain = chains.engine(project, proxy, call.asked.operation)
    policies = call.snapshot.policies
    return policies.joined(chain, project, proxy) if isinstance(policies, Register) else chain


async def judge(engines: Engines, call: Call, reviewers: Reviewers) -> None:
    """Puts the ruling into the record and carries it out: the request goes on redacted, capped, or to another tier.

    Raises Refused when it must not go on, CallerError (400) when a rule cannot read it, GatewayFault (503) when it must
    not go on without a judge who does not answer.
    """
    engine = engines(call)
    if engine.idle:
        return
    call.engine = engine
    call.facts = facts = facts_of(call)
    facts.counting, facts.placeholders = call.counting, call.placeholders
    try:
        ruling = await through(engine.judging(facts), asking(call, facts, reviewers))
    except GatewayError as error:
        if error.code is Code.POLICY_UNAVAILABLE:
            call.record.decisions += engine.not_run(Phase.REQUEST, error.hint or error.public)
        raise
    call.placeholders = facts.placeholders
    note(call, ruling)
    refuse(call, ruling, Code.INPUT_BLOCKED)
    asked = call.asked
    assert asked is not None
    if ruling.changes:
        asked = rewrite_request(asked, ruling.changes)
    if ruling.max_tokens is not None:
        call.forced_cap = least(asked.max_output, ruling.max_tokens)
        asked = structs.replace(asked, max_output=call.forced_cap)
    call.asked = asked
    call.signals |= ruling.signals
    call.forced_tier = ruling.tier or call.forced_tier
    call.demands += ruling.demands


async def unasked(inquiries: tuple[Inquiry, ...]) -> None:
    """Where no judge outside is asked: their rules find no answer in the facts."""


async def through(steps: Steps, ask: Ask = unasked) -> Ruling:
    """The ruling at the end of `steps`. However long the texts, other calls go on between them."""
    try:
        while True:
            step = next(steps)
            if step is None:
                await asyncio.sleep(0)
            elif isinstance(step, tuple):
                await ask(step)
            else:
                await asyncio.wait((asyncio.wrap_future(step.found),), timeout=step.left())
    except StopIteration as done:
        return done.value
    finally:
        steps.close()


def asking(call: Call, facts: Facts, reviewers: Reviewers) -> Ask:
    """Puts what judges outside say into the facts."""

    async def ask(inquiries: tuple[Inquiry, ...]) -> None:
        facts.elsewhere.update(await reviewers.ask(call.snapshot, inquiries))

    return ask


def facts_of(call: Call) -> Facts:
    """What the rules may ask about a call, before any of it is read."""
    principal, project, asked, record = call.principal, call.project, call.asked, call.record
    assert principal is not None
    assert project is not None
    assert asked is not None
    setting = Setting(
        principal,
        project,
        record.surface,
        call.inbound.headers,
        record.properties or {},
        partial(msgspec.json.decode, call.inbound.metadata, type=dict[str, Any]),
        record.session_id,
        record.turn or 1,
        record.at,
        record.session_path,
    )
    before = call.facts
    if before is not None and before.asked is asked:
        return Facts(Phase.REQUEST, setting, asked, lambda: before.request)
    return Facts(Phase.REQUEST, setting, asked, lambda: _opened(asked))


def _opened(asked: Asked) -> Texts:
    try:
        return open_request(asked)
    except Malformed as error:
        raise CallerError(f"the request cannot be judged: {error}") from None


def note(call: Call, ruling: Ruling) -> None:
    """Every rule leaves its decision in the record."""
    call.record.decisions += ruling.decisions
    call.record.risk = max(call.record.risk, ruling.risk)
    if ruling.retention_days is not None:
        call.retention_days = max(call.retention_days or 0, ruling.retention_days)


def refuse(call: Call, ruling: Ruling, code: Code) -> None:
    """Raises Refused when the ruling is to block, or to escalate a call that nobody has approved.

    `code`: what a block is called at this gate.
    """
    if ruling.effect not in (Effect.BLOCK, Effect.ESCALATE):
        return
    if ruling.effect is Effect.ESCALATE and call.admitted is not None:
        return
    rule = ruling.rule or "policy"
    if ruling.code == POLICY_ERROR:
        code = Code.POLICY_ERROR
    elif ruling.effect is Effect.ESCALATE:
        code = Code.ESCALATION_REQUIRED
    raise Refused(ruling.reason or f"blocked by `{rule}`", rule=rule, code=code)


def note_unjudged(call: Call, why: str) -> None:
    """The call ended before the response gate: its rules are recorded as not run, never as passed. Where a stream broke
    off it is recorded what they said of what had come.
    """
    if call.engine is None or call.judged:
        return
    call.judged = True
    if call.gate is not None:
        note(call, call.gate.ruling())
    else:
        call.record.decisions += call.engine.not_run(Phase.RESPONSE, why)
