"""`agent-firewall`: the tools that an agent may have, and may call, how often, and for how much.

At the request gate it looks at the tools that are declared and at the calls in the history, at the response gate at the
calls that the model asks for, each whole before it is let out.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct, field, structs

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.action_limits import ALERT, RATE_CODES, ActionLimits, Limits, TransactionLimits
from gatepost_gateway.policy.kinds.globs import Globs
from gatepost_gateway.policy.kinds.kill_switches import Halting, KillSwitches
from gatepost_gateway.policy.kinds.kind import CHATS, Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.tool_access import ToolAccess, check_header, role_of, tools_of
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote

_LONGEST = 100


class RoleTools(Struct, frozen=True, forbid_unknown_fields=True):
    """What a role may use; None: everything that is not denied."""

    allowed: tuple[str, ...] | None = None
    denied: tuple[str, ...] = ()


class FirewallTools(Struct, frozen=True, forbid_unknown_fields=True):
    roles: dict[str, RoleTools] = field(default_factory=dict[str, RoleTools])


class Monitoring(Struct, frozen=True, forbid_unknown_fields=True):
    """What is an alert: a mark on the decision, and a count in the metrics. `alert_threshold_percent`: of a limit."""

    alert_on_denied_action: bool = False
    alert_on_rate_limit: bool = False
    alert_threshold_percent: float | None = None


class FirewallSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Shell patterns. A blocked name is blocked in either case; with `allowed_tools` every other name is blocked."""

    allowed_tools: tuple[str, ...] = ()
    blocked_tools: tuple[str, ...] = ()
    tools: FirewallTools = FirewallTools()
    role_header: str = "X-User-Role"
    max_actions_per_session: int | None = None
    rate_limits: dict[str, int] = field(default_factory=dict[str, int])
    transaction_limits: TransactionLimits | None = None
    kill_switches: KillSwitches = KillSwitches()
    monitoring: Monitoring = Monitoring()
    action: Literal["block", "escalate"] = "block"
    message: str = ""


class AgentFirewall:
    """Implements `CallRule`."""

    reach = Reach.TOOL_CALLS

    def __init__(self, instance: Instance, toolbox: Toolbox) -> None:
        said: FirewallSettings = instance.settings
        self.label: Label = instance.label
        self.phases: frozenset[Phase] = instance.phases
        self._allowed = Globs(said.allowed_tools)
        self._blocked = Globs(said.blocked_tools, fold=True)
        self._effect = Effect(said.action)
        self._message = said.message
        self._header = said.role_header
        self._roles = {name: ToolAccess(role.allowed, role.denied) for name, role in said.tools.roles.items()}
        limits = Limits(said.max_actions_per_session, said.rate_limits, said.transaction_limits)
        share = said.monitoring.alert_threshold_percent
        self._limits = ActionLimits(self.label.name, limits, share) if limits else None
        self._halting = Halting(self.label.name, said.kill_switches, toolbox) if said.kill_switches else None
        self._alerts = said.monitoring

    def judge(self, facts: Facts) -> Vote | None:
        vote = self._judge(facts)
        if vote is None or vote.effect is Effect.ALLOW:
            return vote
        limited = vote.code in RATE_CODES
        alerts = self._alerts.alert_on_rate_limit if limited else self._alerts.alert_on_denied_action
        return structs.replace(vote, signals=(ALERT,)) if alerts else vote

    def _judge(self, facts: Facts) -> Vote | None:
        if facts.phase is Phase.REQUEST:
            halted = self._halting.halted(facts) if self._halting is not None else None
            return halted or self._first(tools_of(facts)) or self._by_role(facts)
        vote = self._first(tools_of(facts)) or self._by_role(facts)
        calls = facts.answer.calls[facts.judged_calls :]
        if vote is None and self._halting is not None:
            vote = self._halting.act(facts, calls)
        return vote if vote is not None or self._limits is None else self._limits.judge(facts, calls)

    def _by_role(self, facts: Facts) -> Vote | None:
        """A role that is not known may use no tool."""
        if not self._roles:
            return None
        names = tuple(tools_of(facts))
        role = role_of(facts, self._header, self._roles)
        denied = role.denied(names) if role is not None else next((name[:_LONGEST] for name in names), None)
        if denied is None:
            return None
        return Vote(self._effect, self._message or f"this role may not use the tool `{denied}`", "tool_not_allowed")

    def _first(self, names: Iterable[str]) -> Vote | None:
        for name in names:
            blocked = self._blocked.match(name)
            if blocked or (self._allowed and not self._allowed.match(name)):
                words = self._message or f"the tool `{name[:_LONGEST]}` is not allowed here"
                return Vote(self._effect, words, "blocked_tool" if blocked else "tool_not_allowed")
        return None


def load(instance: Instance, toolbox: Toolbox) -> Rule:
    said: FirewallSettings = instance.settings
    share = said.monitoring.alert_threshold_percent
    if share is not None and not 0 < share < 100:
        raise Unloadable(("monitoring", "alert_threshold_percent"), "a threshold is more than 0 and less than 100")
    check_header("role_header", said.role_header)
    named = said.allowed_tools or said.blocked_tools or said.tools.roles or said.kill_switches
    if not named and not Limits(said.max_actions_per_session, said.rate_limits, said.transaction_limits):
        raise Unloadable(
            (), "no tool is allowed or blocked, no limit and no switch is there: such a rule stops nothing"
        )
    if not named and Phase.RESPONSE not in instance.phases:
        raise Unloadable((), "actions are counted when they go out: limits need the response gate")
    switches = said.kill_switches
    if (switches.halt_on_pii_in_action or switches.halt_on_suspicious_pattern) and len(instance.phases) < len(Phase):
        raise Unloadable(
            (), "what an action halts is seen at the response gate, and stopped at both: leave `phases` out"
        )
    return AgentFirewall(instance, toolbox)


AGENT_FIREWALL = Kind(
    "agent-firewall",
    FirewallSettings,
    load,
    {Phase.REQUEST: frozenset({Operation.CHAT, Operation.COUNT, Operation.ACTION}), Phase.RESPONSE: CHATS},
)
