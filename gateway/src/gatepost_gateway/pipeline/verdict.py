"""The shorter stories: a request is judged and recorded, or only thought through; no model is called.

A check is a step like any other: identified, bound, judged, recorded before it is answered. A simulation leaves nothing
behind: no record, no hold, no count of any limit.
"""

from msgspec import Struct

from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.errors import CallerError, GatewayError, Refused
from gatepost_gateway.domain.governance import Decision, Effect, Mode
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.records import Outcome, StepKind
from gatepost_gateway.domain.routing import Route
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.pipeline.bind import bind
from gatepost_gateway.pipeline.call import Call, Plan
from gatepost_gateway.pipeline.decode import decode
from gatepost_gateway.pipeline.exchange import Stages
from gatepost_gateway.pipeline.govern import govern
from gatepost_gateway.pipeline.identify import identify
from gatepost_gateway.pipeline.judge import judge, note_unjudged
from gatepost_gateway.pipeline.limits import release
from gatepost_gateway.pipeline.pricing import images_of, price_of
from gatepost_gateway.pipeline.reserve import input_bound, output_bound
from gatepost_gateway.pipeline.subjects import purses_of

BYTES_PER_TOKEN = 4
"""What a token of a request is taken for in an estimate; a hold counts every byte."""
USUAL_OUTPUT = 512
"""Output tokens that an estimate expects, where the cap is not smaller."""


class Judged(Struct, frozen=True):
    """What the request gate says. `blocked`: why it may not go on."""

    call: Call
    blocked: Refused | None = None

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return self.call.record.decisions

    def signals(self) -> frozenset[str]:
        """What was found, by rules of either mode: `pii`, `secret`, `injection`."""
        return frozenset(signal for decision in self.decisions for signal in decision.signals)

    def violated(self) -> bool:
        """Whether a rule that is enforced said no."""
        strong = (Effect.BLOCK, Effect.ESCALATE)
        return any(one.effect in strong and one.mode is Mode.ENFORCE for one in self.decisions)


class Simulated(Struct, frozen=True):
    """What would happen. Costs in nano-dollars; None: the price is not known."""

    judged: Judged
    route: Route | None = None
    plan: Plan | None = None
    estimate: int | None = None
    worst: int | None = None


class Verdicts:
    """Judges without calling a model."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    async def check(self, call: Call, kind: StepKind = StepKind.CHECK, *, waits: bool = False) -> Judged:
        """Judges a request as the request gate would, and records it. Raises what the stages raise, but no block.

        `waits`: what is escalated waits for a person, and passes once when it is approved.
        """
        stages, record = self._stages, call.record
        record.kind = kind
        blocked: Refused | None = None
        try:
            call.principal = principal = identify(call.snapshot, call.inbound.presented, record.at, stages.salt)
            await bind(call, principal, stages.sessions, stages.rates)
            call.asked = decode(call.inbound)
            if waits:
                stages.escalations.admit(call)
            await judge(stages.engines, call, stages.reviewers)
            self._plan(call)
            await govern(call, stages.evaluator)
            await stages.escalations.use(call)
        except Refused as refusal:
            blocked = refusal
            if waits:
                stages.escalations.hold(call, refusal)
        except GatewayError as error:
            stages.journal.close(call, Outcome.REFUSED, error.status, error)
            await stages.journal.durable()
            raise
        finally:
            release(stages.rates, call)
        note_unjudged(call, "no model was called")
        outcome = Outcome.BLOCKED if blocked is not None else Outcome.ANSWERED
        stages.journal.close(call, outcome, 200, blocked)
        await stages.journal.durable()
        return Judged(call, blocked)

    def _plan(self, call: Call) -> None:
        """Where the call would go, for policies that ask; an action goes nowhere, nor does what no model serves.

        Raises Refused when the project's data may go to no place.
        """
        if call.asked is None or call.asked.operation is Operation.ACTION or call.snapshot.policies is None:
            return
        try:
            call.plan = self._stages.planner.plan(call, _passed(call))
        except CallerError:
            call.plan = None
        call.record.route = None  # nothing was sent

    async def simulate(self, call: Call) -> Simulated:
        """Raises what the stages raise: 401, 400, 404 for an unknown model, 422 for what no target can do."""
        stages, record = self._stages, call.record
        call.principal = principal = identify(call.snapshot, call.inbound.presented, record.at, stages.salt)
        call.project = project = call.snapshot.projects[principal.project]
        record.org, record.project, record.proxy = principal.org, principal.project, principal.proxy
        call.asked = decode(call.inbound)
        record.model_asked = call.asked.model
        try:
            await judge(stages.engines, call, stages.reviewers)
        except Refused as blocked:
            return Simulated(Judged(call, blocked))
        call.plan = stages.planner.plan(call, _passed(call))
        try:
            await govern(call, stages.evaluator)
        except Refused as blocked:
            return Simulated(Judged(call, blocked))
        plan, asked = call.plan, call.asked
        costs: list[tuple[int, int]] = []
        purses = purses_of(call)
        for target in plan.targets:
            prices = price_of(target, purses, asked)
            if prices is not None:
                bound = output_bound(target.entry, asked, project) * asked.choices
                tokens, images = input_bound(asked), images_of(asked)
                costs.append((_expected(prices, len(asked.body), bound, images), prices.ceiling(tokens, bound, images)))
        first = price_of(plan.targets[0], purses, asked)
        worst = max(one for _, one in costs) if len(costs) == len(plan.targets) else None
        return Simulated(Judged(call), record.route, plan, costs[0][0] if first is not None else None, worst)


def _passed(call: Call) -> Secret | None:
    """The caller's own provider key, where it was admitted by it."""
    assert call.principal is not None
    return call.inbound.presented.bearer if call.principal.passed_through else None


def _expected(prices: Prices, size: int, bound: int, images: int) -> int:
    """What such a call usually costs at the first target."""
    usage = Usage(input=-(-size // BYTES_PER_TOKEN), output=min(bound, USUAL_OUTPUT), images=images)
    return prices.cost(usage)
