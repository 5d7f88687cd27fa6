"""`rbac`: what a role may use: tools, models, data of a sensitivity.

The role is what the application says in a header. The application holds the key and is believed; a caller that can set
headers of its own must not be able to set this one.
"""

from enum import IntEnum
from typing import Literal

from msgspec import Struct, field

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.globs import Globs
from gatepost_gateway.policy.kinds.kind import CHATS, EVERYTHING, Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.tool_access import ToolAccess, check_header, header, role_of, tools_of
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote


class Sensitivity(IntEnum):
    """How much may come to light, least first."""

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    RESTRICTED = 3


_LEVELS = {level.name.lower(): level for level in Sensitivity}
Level = Literal["public", "internal", "confidential", "restricted"]


class RoleSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Shell patterns. None: everything that is not denied."""

    allowed_tools: tuple[str, ...] | None = None
    denied_tools: tuple[str, ...] = ()
    allowed_models: tuple[str, ...] | None = None


class DataAccess(Struct, frozen=True, forbid_unknown_fields=True):
    max_sensitivity: Level


class MinimumNecessary(Struct, frozen=True, forbid_unknown_fields=True):
    enabled: bool = False
    allowed_phi_roles: tuple[str, ...] = ()


class RbacSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`require_auth`: every call has a key here. How sensitive a call is, its header says."""

    deny_if_missing: tuple[str, ...] = ("X-User-ID",)
    require_auth: bool = True
    role_header: str = "X-User-Role"
    sensitivity_header: str = "X-Data-Sensitivity"
    roles: dict[str, RoleSettings] = field(default_factory=dict[str, RoleSettings])
    data_access: dict[str, DataAccess] = field(default_factory=dict[str, DataAccess])
    minimum_necessary: MinimumNecessary = MinimumNecessary()
    message: str = ""


class _Role:
    """`most` None: no ceiling is declared for any role."""

    def __init__(self, said: RoleSettings, most: Sensitivity | None) -> None:
        self.tools = ToolAccess(said.allowed_tools, said.denied_tools)
        self.models = None if said.allowed_models is None else Globs(said.allowed_models)
        self.most = most


class Rbac:
    """Implements `CallRule`."""

    reach = Reach.TOOL_CALLS

    def __init__(self, instance: Instance, phases: frozenset[Phase]) -> None:
        said: RbacSettings = instance.settings
        self.label: Label = instance.label
        self.phases = phases
        self._said = said
        self._roles = {
            name: _Role(said.roles.get(name, RoleSettings()), _ceiling(said, name))
            for name in (*said.roles, *said.data_access)
        }

    def judge(self, facts: Facts) -> Vote | None:
        found = self._request(facts) if facts.phase is Phase.REQUEST else self._tools(facts)
        if found is None:
            return None
        words, code = found
        return Vote(Effect.BLOCK, self._said.message or words, code)

    def _request(self, facts: Facts) -> tuple[str, str] | None:
        for name in self._said.deny_if_missing:
            if not header(facts, name):
                return f"header `{name}` is missing", "identity_missing"
        if not self._roles:
            return None
        role = self._role(facts)
        if role is None:
            return f"header `{self._said.role_header}` names no role that is known here", "role_unknown"
        if role.models is not None and not role.models.match(facts.asked.model):
            return "this role may not call this model", "model_not_allowed"
        return self._sensitive(facts, role) or self._tools(facts)

    def _sensitive(self, facts: Facts, role: _Role) -> tuple[str, str] | None:
        if role.most is None:
            return None
        name = self._said.sensitivity_header
        level = _LEVELS.get(header(facts, name).lower())
        if level is None:
            return (
                f"header `{name}` does not say how sensitive this is: one of {', '.join(_LEVELS)}",
                "sensitivity_unknown",
            )
        if level > role.most:
            return f"this role may see what is {role.most.name.lower()}, and no more", "sensitivity_exceeded"
        return None

    def _tools(self, facts: Facts) -> tuple[str, str] | None:
        role = self._role(facts)
        if role is None:
            return None
        name = role.tools.denied(tools_of(facts))
        return None if name is None else (f"this role may not use the tool `{name}`", "tool_not_allowed")

    def _role(self, facts: Facts) -> _Role | None:
        return role_of(facts, self._said.role_header, self._roles)


def _ceiling(said: RbacSettings, role: str) -> Sensitivity | None:
    """Where any role has a ceiling, one that is not named may see what is public."""
    if not said.data_access:
        return None
    access = said.data_access.get(role)
    return Sensitivity.PUBLIC if access is None else _LEVELS[access.max_sensitivity]


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: RbacSettings = instance.settings
    for number, name in enumerate(said.deny_if_missing):
        try:
            check_header("deny_if_missing", name)
        except Unloadable as error:
            raise Unloadable(("deny_if_missing", number), error.message) from None
    check_header("role_header", said.role_header)
    check_header("sensitivity_header", said.sensitivity_header)
    if not said.require_auth:
        raise Unloadable(("require_auth",), "every call has a key here: it cannot be switched off")
    if said.minimum_necessary.enabled:
        words = "health data are not told apart by role here: block them with `pii-detector` and `healthcare_mode`"
        raise Unloadable(("minimum_necessary", "enabled"), words)
    if not said.deny_if_missing and not said.roles and not said.data_access:
        raise Unloadable((), "no header is asked for and no role is there: such a rule stops nothing")
    tools = any(role.allowed_tools is not None or role.denied_tools for role in said.roles.values())
    return Rbac(instance, instance.phases if tools else instance.phases & {Phase.REQUEST})


RBAC = Kind("rbac", RbacSettings, load, {Phase.REQUEST: EVERYTHING, Phase.RESPONSE: CHATS})
