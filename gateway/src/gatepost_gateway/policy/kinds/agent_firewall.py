"""`agent-firewall`: the tools that an agent may have, and may call, how often, and for how much.

At the request gate it looks at the tools that are declared and at the calls in the history, at the response gate at the
calls that the model asks for, each whole before it is let out.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct, field

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.action_limits import ActionLimits, Limits, TransactionLimits
from gatepost_gateway.policy.kinds.globs import Globs
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


class FirewallSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Shell patterns. A blocked name is blocked in either case; with `allowed_tools` every other name is blocked."""

    allowed_tools: tuple[str, ...] = ()
    blocked_tools: tuple[str, ...] = ()
    tools: FirewallTools = FirewallTools()
    role_header: str = "X-User-Role"
    max_actions_per_session: int | None = None
    rate_limits: dict[str, int] = field(default_factory=dict[str, int])
    transaction_limits: TransactionLimits | None = None
    action: Literal["block", "escalate"] = "block"
    message: str = ""


class AgentFirewall:
    """Implements `CallRule`."""

    reach = Reach.TOOL_CALLS

    def __init__(self, instance: Instance) -> None:
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
        self._limits = ActionLimits(self.label.name, limits) if limits else None

    def judge(self, facts: Facts) -> Vote | None:
        vote = self._first(tools_of(facts)) or self._by_role(facts)
        if vote is not None or self._limits is None or facts.phase is Phase.REQUEST:
            return vote
        return self._limits.judge(facts, facts.answer.calls[facts.judged_calls :])

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


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: FirewallSettings = instance.settings
    check_header("role_header", said.role_header)
    named = said.allowed_tools or said.blocked_tools or said.tools.roles
    if not named and not Limits(said.max_actions_per_session, said.rate_limits, said.transaction_limits):
        raise Unloadable((), "no tool is allowed or blocked and no limit is there: such a rule stops nothing")
    if not named and Phase.RESPONSE not in instance.phases:
        raise Unloadable((), "actions are counted when they go out: limits need the response gate")
    return AgentFirewall(instance)


AGENT_FIREWALL = Kind(
    "agent-firewall",
    FirewallSettings,
    load,
    {Phase.REQUEST: frozenset({Operation.CHAT, Operation.COUNT, Operation.ACTION}), Phase.RESPONSE: CHATS},
)
