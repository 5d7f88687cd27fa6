"""`human-oversight`: no answer goes out before a person has seen it."""

from msgspec import Struct

from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.deciding import Verdict
from gatepost_gateway.policy.kinds.globs import Globs
from gatepost_gateway.policy.kinds.kind import TEXTS, Instance, Kind, Toolbox
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote


class OversightSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`models`: shell patterns for the model that answered, by id or identifier; empty: all."""

    action: Verdict = "escalate"
    models: tuple[str, ...] = ()
    message: str = ""


class HumanOversight:
    """Implements `CallRule`."""

    reach = Reach.WHOLE

    def __init__(self, instance: Instance) -> None:
        said: OversightSettings = instance.settings
        self.label: Label = instance.label
        self.phases: frozenset[Phase] = instance.phases
        self._models = Globs(said.models)
        self._vote = Vote(
            Effect(said.action), said.message or "a person must see this answer before it goes out", "human_oversight"
        )

    def judge(self, facts: Facts) -> Vote | None:
        if not self._models:
            return self._vote
        entry = facts.target
        names = (facts.asked.model,) if entry is None else (entry.id, entry.identifier)
        return self._vote if any(self._models.match(name) for name in names) else None


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    return HumanOversight(instance)


HUMAN_OVERSIGHT = Kind("human-oversight", OversightSettings, load, {Phase.RESPONSE: TEXTS[Phase.RESPONSE]})
