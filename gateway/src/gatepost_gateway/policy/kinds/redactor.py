"""`redactor`: e-mail addresses and card numbers, and nothing else. `pii-detector` knows many more."""

from msgspec import Struct

from gatepost_gateway.detect.patterns import Found, Pattern, PatternDetector
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Detector, Place
from gatepost_gateway.policy.kinds.kind import Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.texts import Action, Finder, vote_of
from gatepost_gateway.policy.rules import Rule

EMAIL = Pattern(
    "EMAIL",
    r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}",
    opening=r"[A-Za-z0-9._%+-]{1,64}@",
)
_FEWEST, _MOST = 13, 19
"""Digits of a card number (ISO/IEC 7812)."""


class RedactorSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`find`: `EMAIL` and `CARD`."""

    find: tuple[str, ...] = ("EMAIL", "CARD")
    action: Action = Action.REDACT
    message: str = ""
    places: tuple[Place, ...] = ()


def is_card(found: Found) -> float:
    """Luhn's sum over 13 to 19 digits that no digit goes before or after."""
    digits = [int(one) for one in found.text if one.isdigit()]
    if not _FEWEST <= len(digits) <= _MOST or found.before.isdigit() or found.after.isdigit():
        return 0.0
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * one, 10)) for one in digits[-2::-2])
    return 1.0 if total % 10 == 0 and len(set(digits)) > 1 else 0.0


CARD = Pattern("CARD", r"[0-9](?:[ -]?[0-9]){12,18}", check=is_card, margin=1)
_KNOWN = {one.kind: one for one in (EMAIL, CARD)}


def load(instance: Instance, toolbox: Toolbox) -> Rule:
    said: RedactorSettings = instance.settings
    for number, one in enumerate(said.find):
        if one not in _KNOWN:
            raise Unloadable(
                ("find", number), f"`{one[:40]}` is not one of {', '.join(f'`{name}`' for name in _KNOWN)}"
            )
    if not said.find:
        raise Unloadable(("find",), "`find` is empty: such a rule finds nothing")

    def make() -> Detector:
        return PatternDetector("redactor", [_KNOWN[one] for one in said.find])

    vote = vote_of(said.action, said.message or "it holds personal data", "pii", ("pii",))
    detector = toolbox.detector(("redactor", said.find), make)
    return Finder(instance, detector, vote, lambda finding, _: f"[{finding.kind}]", said.places)


REDACTOR = Kind("redactor", RedactorSettings, load)
