"""`secret-detector`: keys, tokens, passwords, private addresses."""

from msgspec import Struct

from gatepost_gateway.detect import secrets
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.policy.kinds.kind import Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.texts import Action, vote_of
from gatepost_gateway.policy.kinds.weighed import Weighed, check_kinds, check_style, check_threshold
from gatepost_gateway.policy.redaction_styles import RedactionStyle, replacing
from gatepost_gateway.policy.rules import Rule


class SecretSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`kinds` empty: all but `ignore`."""

    action: Action = Action.ALERT
    kinds: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    threshold: float = 0.7
    redaction: RedactionStyle = RedactionStyle()
    message: str = ""
    places: tuple[Place, ...] = ()


def load(instance: Instance, toolbox: Toolbox) -> Rule:
    said: SecretSettings = instance.settings
    check_threshold(said.threshold)
    check_style(said.redaction, secrets.KINDS)
    kinds = check_kinds("kinds", said.kinds, secrets.KINDS)
    if said.ignore:
        kinds -= check_kinds("ignore", said.ignore, secrets.KINDS)
    detector = toolbox.detector(("secrets", kinds), lambda: secrets.secrets(kinds))
    vote = vote_of(said.action, said.message or "it holds a secret", "secret", ("secret",))
    return Weighed(instance, (detector,), vote, said.threshold).standing(
        said.places, replacing(said.redaction, toolbox.key)
    )


SECRET_DETECTOR = Kind("secret-detector", SecretSettings, load)
