"""The SDK's questions to policy: would this be let through, where would it go, what would it cost."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct, field

from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.governance import Decision, Principal
from gatepost_gateway.domain.money import NANO
from gatepost_gateway.domain.ports import TraceState
from gatepost_gateway.edge.http import BodyLimits, Request, Send, respond_json
from gatepost_gateway.pipeline.call import Call, Inbound
from gatepost_gateway.pipeline.exchange import Exchange
from gatepost_gateway.pipeline.executions import default_model
from gatepost_gateway.pipeline.traces import Traces
from gatepost_gateway.pipeline.verdict import Judged, Simulated, Verdicts

NAME = "native"


class Question(Struct, forbid_unknown_fields=True):
    """The body of `POST /api/v1/checks` and `POST /api/v1/simulate`: what would be said to which model."""

    input: str | list[dict[str, Any]]
    trace_id: str | None = None
    parent_step_id: str | None = None
    model: str | None = None
    tools: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    max_tokens: int | None = None


_question = msgspec.json.Decoder(Question)


class VerdictSurface:
    """`who` turns a request into its principal."""

    def __init__(
        self,
        exchange: Exchange,
        verdicts: Verdicts,
        traces: Traces,
        who: Callable[[Request], Principal],
        limits: BodyLimits,
    ) -> None:
        self._exchange = exchange
        self._verdicts = verdicts
        self._traces = traces
        self._who = who
        self._limits = limits

    async def check(self, request: Request, send: Send) -> None:
        """POST /api/v1/checks"""
        principal = self._who(request)
        asked = _read(await request.body(self._limits))
        if asked.metadata:
            raise CallerError(
                "`metadata` belongs to the trace: create one with it", code=Code.VALIDATION_FAILED, status=422
            )
        state = await self._traces.enter(asked.trace_id, principal.project) if asked.trace_id is not None else None
        call = self._call(request, asked, principal, state)
        try:
            judged = await self._verdicts.check(call)
        finally:
            if state is not None:
                self._traces.leave(state, call.record)
        await respond_json(send, 200, checked(judged), list(call.ids))

    async def simulate(self, request: Request, send: Send) -> None:
        """POST /api/v1/simulate"""
        principal = self._who(request)
        asked = _read(await request.body(self._limits))
        state = await self._traces.find(asked.trace_id, principal.project) if asked.trace_id is not None else None
        call = self._call(request, asked, principal, state)
        page = simulated(await self._verdicts.simulate(call))
        await respond_json(send, 200, page, [(b"x-request-id", request.request_id.encode())])

    def _call(self, request: Request, asked: Question, principal: Principal, trace: TraceState | None) -> Call:
        snapshot = self._exchange.snapshot()
        messages = [{"role": "user", "content": asked.input}] if isinstance(asked.input, str) else asked.input
        model = asked.model or default_model(snapshot, snapshot.projects[principal.project])
        body: dict[str, Any] = {"model": model, "messages": messages}
        if asked.tools:
            body["tools"] = asked.tools
        if asked.max_tokens is not None:
            body["max_tokens"] = asked.max_tokens
        return self._exchange.open(
            Inbound(
                NAME,
                Operation.CHAT,
                request.headers,
                msgspec.json.encode(body),
                request.request_id,
                request.presented(),
                trace_id=asked.trace_id,
                metadata=trace.metadata if trace is not None else "{}",
                parent_step_id=asked.parent_step_id,
                by_default=not asked.model,
            )
        )


def checked(judged: Judged) -> dict[str, Any]:
    """What the request gate said."""
    record, blocked, signals = judged.call.record, judged.blocked, judged.signals()
    return {
        "allowed": blocked is None,
        "trace_id": record.trace_id,
        "step_id": record.step_id,
        "reason": blocked.public if blocked is not None else None,
        "code": blocked.code.value if blocked is not None else None,
        "policy_name": blocked.rule if blocked is not None else None,
        "policy_violated": judged.violated(),
        "pii_detected": "pii" in signals,
        "injection_attempt": "injection" in signals,
        "secret_leaked": "secret" in signals,
        "risk_score": record.risk,
        "findings": [finding for one in judged.decisions for finding in _findings(one)],
        "checks": [decision(one) for one in judged.decisions],
    }


def simulated(said: Simulated) -> dict[str, Any]:
    """What would happen. Costs in dollars."""
    blocked, route = said.judged.blocked, said.route
    targets = said.plan.targets if said.plan is not None else ()
    return {
        "status": "resolved" if blocked is None else "blocked",
        "allowed": blocked is None,
        "reason": blocked.public if blocked is not None else None,
        "policy_name": blocked.rule if blocked is not None else None,
        "model": route.model if route is not None else None,
        "provider": targets[0].entry.provider.value if targets else None,
        "tier": route.tier if route is not None else None,
        "source": route.source.value if route is not None else None,
        "rationale": route.rationale if route is not None else None,
        "fallbacks": [target.entry.id for target in targets[1:]],
        "estimated_cost": _dollars(said.estimate),
        "worst_case_cost": _dollars(said.worst),
        "risk_score": said.judged.call.record.risk,
        "decisions": [decision(one) for one in said.judged.decisions],
    }


def decision(one: Decision) -> dict[str, Any]:
    """One rule's word."""
    return {
        "rule": one.rule,
        "kind": one.kind,
        "phase": one.phase,
        "mode": one.mode.value,
        "verdict": one.effect.value if one.effect is not None else None,
        "reason": one.reason,
        "code": one.code,
        "findings": one.found,
        "latency_ms": one.micros / 1000,
        "not_run": one.not_run,
    }


def _findings(one: Decision) -> list[dict[str, Any]]:
    return [{"rule": one.rule, **msgspec.structs.asdict(mark)} for mark in one.marks]


def _dollars(amount: int | None) -> float | None:
    """For show: what is charged is counted in integers."""
    return None if amount is None else amount / NANO


def _read(body: bytes) -> Question:
    try:
        return _question.decode(body)
    except msgspec.ValidationError as error:
        raise CallerError(f"the request body is not valid: {error}", code=Code.VALIDATION_FAILED, status=422) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CallerError(f"the request body is not JSON: {error}", code=Code.INVALID_JSON) from None
