"""`model-allowlist`: the models that callers may name."""

from msgspec import Struct

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.globs import Globs
from gatepost_gateway.policy.kinds.kind import EVERYTHING, Instance, Kind, Toolbox
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote


class AllowlistSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Shell patterns for the name that a caller says: an id, an identifier, or a tier."""

    models: tuple[str, ...]
    message: str = ""


class ModelAllowlist:
    """Implements `CallRule`."""

    reach = Reach.NOTHING

    def __init__(self, instance: Instance) -> None:
        said: AllowlistSettings = instance.settings
        self.label: Label = instance.label
        self.phases: frozenset[Phase] = instance.phases
        self._allowed = Globs(said.models)
        self._message = said.message

    def judge(self, facts: Facts) -> Vote | None:
        if self._allowed.match(facts.asked.model):
            return None
        return Vote(Effect.BLOCK, self._message or "this model is not allowed here", "model_not_allowed")


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: AllowlistSettings = instance.settings
    if not said.models:
        raise Unloadable(("models",), "`models` is empty: no call could be made")
    return ModelAllowlist(instance)


MODEL_ALLOWLIST = Kind("model-allowlist", AllowlistSettings, load, {Phase.REQUEST: EVERYTHING - {Operation.ACTION}})
