"""`entity-list-filter`: persons, companies, places that an operator lists, by all the names they have."""

from msgspec import Struct

from gatepost_gateway.detect.keywords import keywords
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.policy.kinds.kind import Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.texts import Action, vote_of
from gatepost_gateway.policy.kinds.weighed import Weighed
from gatepost_gateway.policy.rules import Rule

ENTITY = "ENTITY"


class Entity(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    aliases: tuple[str, ...] = ()


class EntitySettings(Struct, frozen=True, forbid_unknown_fields=True):
    entities: tuple[Entity, ...]
    action: Action = Action.BLOCK
    replacement: str = "[ENTITY]"
    message: str = ""
    places: tuple[Place, ...] = ()


def load(instance: Instance, toolbox: Toolbox) -> Rule:
    said: EntitySettings = instance.settings
    names = tuple(name for entity in said.entities for name in (entity.name, *entity.aliases))
    if not names:
        raise Unloadable(("entities",), "`entities` is empty: such a rule finds nothing")
    for number, entity in enumerate(said.entities):
        if not all(name.strip() for name in (entity.name, *entity.aliases)):
            raise Unloadable(("entities", number), "a name is empty: it would be found everywhere")
    detector = toolbox.detector(("entities", names), lambda: keywords("entities", ENTITY, names, whole_words=True))
    vote = vote_of(said.action, said.message or "it names what is on a list", "entity")
    return Weighed(instance, (detector,), vote, 0.5).standing(said.places, lambda _, __: said.replacement)


ENTITY_LIST_FILTER = Kind("entity-list-filter", EntitySettings, load)
