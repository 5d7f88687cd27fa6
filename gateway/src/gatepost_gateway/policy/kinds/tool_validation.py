"""`tool-validation`: tools that are declared, with arguments that fit their schemas.

At the request gate it looks at the calls in the history, at the response gate at each call that the model asks for,
whole, before it is let out.
"""

from typing import Any

from msgspec import Struct, field

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.findings import Called
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.argument_schemas import ArgumentSchema
from gatepost_gateway.policy.kinds.deciding import Verdict
from gatepost_gateway.policy.kinds.kind import CHATS, Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.reviewing import KeyRef
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote

_LONGEST = 100


class SemanticValidation(Struct, frozen=True, forbid_unknown_fields=True):
    """It cannot be switched on; what else it says is checked for its shape."""

    enabled: bool = False
    endpoint: str = ""
    model: str = ""
    secret_key_ref: KeyRef | None = None
    timeout_ms: int | None = None


class ToolSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Exact names. With neither `declared_tools` nor `schemas` the tools of the request itself are declared."""

    declared_tools: tuple[str, ...] = ()
    schemas: dict[str, Any] = field(default_factory=dict[str, Any])
    allow_undeclared: bool = False
    semantic_validation: SemanticValidation = SemanticValidation()
    action: Verdict = "block"
    message: str = ""


class ToolValidation:
    """Implements `CallRule`."""

    reach = Reach.TOOL_CALLS

    def __init__(self, instance: Instance, schemas: dict[str, ArgumentSchema]) -> None:
        said: ToolSettings = instance.settings
        self.label: Label = instance.label
        self.phases: frozenset[Phase] = instance.phases
        self._said = said
        self._schemas = schemas
        self._declared = frozenset((*said.declared_tools, *schemas))

    def judge(self, facts: Facts) -> Vote | None:
        answered = facts.phase is Phase.RESPONSE
        calls = facts.answer.calls if answered else facts.request.calls
        if not answered and (found := self._offered(facts)) is not None:
            return self._vote(*found)
        for call in calls:
            # What a request declares binds its answer: its history may know of tools that it offers no more.
            known = not answered and not self._declared
            found = (None if known else self._undeclared(call.name, facts)) or self._misfit(call)
            if found is not None:
                return self._vote(*found)
        return None

    def _offered(self, facts: Facts) -> tuple[str, str] | None:
        """A tool that the request declares to the model, and that is not declared here."""
        for name in facts.request.tools if self._declared else ():
            if found := self._undeclared(name, facts):
                return found
        return None

    def _undeclared(self, name: str, facts: Facts) -> tuple[str, str] | None:
        if self._said.allow_undeclared or name in (self._declared or facts.request.tools):
            return None
        return f"the tool `{name[:_LONGEST]}` is not declared", "tool_undeclared"

    def _misfit(self, call: Called) -> tuple[str, str] | None:
        schema = self._schemas.get(call.name)
        why = schema.misfit(call.arguments) if schema is not None else None
        return None if why is None else (f"the arguments of `{call.name}`: {why}", "tool_arguments")

    def _vote(self, words: str, code: str) -> Vote:
        return Vote(Effect(self._said.action), self._said.message or words, code)


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: ToolSettings = instance.settings
    if said.semantic_validation.enabled:
        words = "whether arguments make sense is not judged here: `external-moderation` asks a service of yours"
        raise Unloadable(("semantic_validation", "enabled"), words)
    if said.allow_undeclared and not said.schemas:
        raise Unloadable((), "`allow_undeclared` without `schemas` stops nothing")
    return ToolValidation(
        instance, {name: ArgumentSchema(schema, ("schemas", name)) for name, schema in said.schemas.items()}
    )


TOOL_VALIDATION = Kind(
    "tool-validation",
    ToolSettings,
    load,
    {Phase.REQUEST: frozenset({Operation.CHAT, Operation.COUNT}), Phase.RESPONSE: CHATS},
)
