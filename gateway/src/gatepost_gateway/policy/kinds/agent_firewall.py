"""`agent-firewall`: the tools that an agent may have, and may call.

At the request gate it looks at the tools that are declared and at the calls in the history, at the response gate at the
calls that the model asks for, each whole before it is let out.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.globs import Globs
from gatepost_gateway.policy.kinds.kind import CHATS, Instance, Kind, Toolbox
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote

_LONGEST = 100


class FirewallSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Shell patterns. A blocked name is blocked in either case; with `allowed_tools` every other name is blocked."""

    allowed_tools: tuple[str, ...] = ()
    blocked_tools: tuple[str, ...] = ()
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

    def judge(self, facts: Facts) -> Vote | None:
        if facts.phase is Phase.REQUEST:
            called = (call.name for call in facts.request.calls)
            return self._first((*facts.request.tools, *called))
        return self._first(call.name for call in facts.answer.calls)

    def _first(self, names: Iterable[str]) -> Vote | None:
        for name in names:
            blocked = self._blocked.match(name)
            if blocked or (self._allowed and not self._allowed.match(name)):
                words = self._message or f"the tool `{name[:_LONGEST]}` is not allowed here"
                return Vote(self._effect, words, "blocked_tool" if blocked else "tool_not_allowed")
        return None


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: FirewallSettings = instance.settings
    if not said.allowed_tools and not said.blocked_tools:
        raise Unloadable((), "neither `allowed_tools` nor `blocked_tools` is there: such a rule stops nothing")
    return AgentFirewall(instance)


AGENT_FIREWALL = Kind(
    "agent-firewall",
    FirewallSettings,
    load,
    {Phase.REQUEST: frozenset({Operation.CHAT, Operation.COUNT, Operation.ACTION}), Phase.RESPONSE: CHATS},
)
