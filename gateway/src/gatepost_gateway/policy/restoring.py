"""What was given out in place of a caller's texts comes back: by the way on which texts are redacted, whole and in
streams, in every string of every format.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

from gatepost_gateway.domain.findings import Finding, Leaf, Place, find_all
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.fences import Fences, begins_json
from gatepost_gateway.policy.placeholders import PLACEHOLDER, Placeholders
from gatepost_gateway.policy.redaction import Replacement, apply, edits_of
from gatepost_gateway.policy.rules import Label, Vote

PLAIN, ESCAPED = "PLAIN", "ESCAPED"
"""How a value comes back: as it was, or fit for the middle of a JSON string."""
_RESTORED = Vote(Effect.REDACT)


class Restoring:
    """Implements `policy.rules.TextRule`: what was given out is a finding, what it stands for replaces it. What comes
    back is not looked at again.
    """

    label = Label("placeholders", "placeholders")
    phases = frozenset(Phase)
    places: frozenset[Place] = frozenset()

    def __init__(self, placeholders: Placeholders) -> None:
        self._values = placeholders.values
        self.detectors = (GivenOut(placeholders),)

    def weigh(self, finding: Finding) -> Vote:  # noqa: ARG002 - each comes back
        return _RESTORED

    def replacement(self, finding: Finding, found: str) -> str:
        value = self._values[found]
        return json.dumps(value, ensure_ascii=False)[1:-1] if finding.kind == ESCAPED else value


def restored(leaves: Iterable[Leaf], placeholders: Placeholders) -> dict[tuple[str | int, ...], str]:
    """The texts that change, by their paths."""
    rule = Restoring(placeholders)
    changes: dict[tuple[str | int, ...], str] = {}
    for leaf in leaves:
        wanted = [
            Replacement(one.start, -one.end, 0, rule.replacement(one, leaf.text[one.start : one.end]))
            for one in find_all(rule.detectors[0], leaf.text)
        ]
        if wanted:
            changes[leaf.path] = apply(leaf.text, edits_of(wanted))
    return changes


class GivenOut:
    """Implements `findings.Detector`: the placeholders of one call."""

    name = "placeholders"

    def __init__(self, placeholders: Placeholders) -> None:
        self._values = placeholders.values
        self.span = placeholders.longest

    def begin(self) -> "_Scan":
        return _Scan(self._values, self.span)


class _Scan:
    """Implements `findings.Scan`. All is settled but what may be the beginning of a placeholder."""

    __slots__ = ("_fences", "_head", "_longest", "_seen", "_values", "settled")

    def __init__(self, values: Mapping[str, str], longest: int) -> None:
        self._values = values
        self._longest = longest
        self._head = ""
        """The first two characters of the text that are no blanks."""
        self._fences = Fences()
        self._seen = self.settled = 0

    def feed(self, text: str, base: int, ended: bool) -> Sequence[Finding]:
        if len(self._head) < 2:
            self._head += "".join(text[self._seen - base :].split())[: 2 - len(self._head)]
        self._fences.feed(text[self._seen - base :])
        self._seen = base + len(text)
        is_json = begins_json(self._head)
        found = [
            Finding(base + match.start(), base + match.end(), self._kind(is_json, base + match.start()), GivenOut.name)
            for match in PLACEHOLDER.finditer(text, self.settled - base)
            if match.group() in self._values
        ]
        opened = text.rfind("[")
        goes_on = not ended and opened >= 0 and self._may_go_on(text[opened:])
        self.settled = base + opened if goes_on else self._seen
        return found

    def _kind(self, is_json: bool, place: int) -> str:
        """A value comes back into a string of JSON where the whole text is JSON, or the fence around it."""
        return ESCAPED if is_json or self._fences.hold_json(place) else PLAIN

    def _may_go_on(self, tail: str) -> bool:
        """Whether `tail` is the beginning of a placeholder."""
        shaped = all(mark == "_" or ("0" <= mark <= "9") or ("A" <= mark <= "Z") for mark in tail[1:])
        return shaped and len(tail) < self._longest
