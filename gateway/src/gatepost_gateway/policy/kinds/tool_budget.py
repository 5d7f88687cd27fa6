"""`tool-budget`: how often a session may call a tool, and with how much.

Counted as `agent-firewall` counts: when a call goes out.
"""

from msgspec import Struct

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Called
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.counting import Account
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.action_limits import SESSION_SECONDS
from gatepost_gateway.policy.kinds.deciding import Verdict
from gatepost_gateway.policy.kinds.kind import CHATS, Instance, Kind, Toolbox
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote

BYTES_PER_TOKEN = 4
"""What a token of arguments is taken for."""


class ToolBudgetEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """`max_tokens`: of the arguments of all calls, estimated."""

    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost_usd: float | None = None


class ToolBudgetSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """By the exact name of a tool."""

    budgets: dict[str, ToolBudgetEntry]
    action: Verdict = "block"
    message: str = ""


class ToolBudget:
    """Implements `CallRule`."""

    reach = Reach.TOOL_CALLS

    def __init__(self, instance: Instance) -> None:
        said: ToolBudgetSettings = instance.settings
        self.label: Label = instance.label
        self.phases: frozenset[Phase] = instance.phases
        self._said = said

    def judge(self, facts: Facts) -> Vote | None:
        for call in facts.answer.calls[facts.judged_calls :]:
            if (words := self._over(facts, call)) is not None:
                return Vote(Effect(self._said.action), self._said.message or words, "tool_budget_exceeded")
        return None

    def _over(self, facts: Facts, call: Called) -> str | None:
        budget = self._said.budgets.get(call.name)
        if budget is None:
            return None
        tokens = -(-len(call.arguments.encode("utf-8", "replace")) // BYTES_PER_TOKEN)
        for unit, most, amount in (("calls", budget.max_calls, 1), ("tokens", budget.max_tokens, tokens)):
            account = self._account(facts, call.name, unit)
            if most is not None and facts.counting.so_far(account) + amount > most:
                return f"the tool `{call.name}` has used up its {most} {unit} of this session"
            facts.counting.add(account, amount)
        return None

    def _account(self, facts: Facts, tool: str, unit: str) -> Account:
        principal = facts.setting.principal
        session = facts.setting.session_id or principal.key_id
        scope = f"{principal.project}/{principal.proxy or ''}/{self.label.name}"
        return f"{scope}/budget/{session}/{unit}/{tool}", SESSION_SECONDS


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: ToolBudgetSettings = instance.settings
    if not said.budgets:
        raise Unloadable(("budgets",), "`budgets` is empty: such a rule stops nothing")
    for tool, budget in said.budgets.items():
        if budget.max_cost_usd is not None:
            raise Unloadable(("budgets", tool, "max_cost_usd"), "what a tool costs is not known here: say `max_calls`")
        limits = [limit for limit in (budget.max_calls, budget.max_tokens) if limit is not None]
        if not limits or min(limits) < 1:
            raise Unloadable(("budgets", tool), "a budget has `max_calls` or `max_tokens`, at least 1")
    return ToolBudget(instance)


TOOL_BUDGET = Kind("tool-budget", ToolBudgetSettings, load, {Phase.RESPONSE: CHATS})
