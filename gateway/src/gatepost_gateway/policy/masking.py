"""Bodies made fit to be kept: whatever any detector of personal data or secrets finds is replaced by its kind.

It does not depend on the policy in force: what no rule looks for is masked all the same.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from msgspec import Struct

from gatepost_gateway.detect import pii, secrets
from gatepost_gateway.domain.findings import Detector, Finding, Leaf, find_all
from gatepost_gateway.domain.records import Hidden
from gatepost_gateway.policy.marks import path_text
from gatepost_gateway.policy.redaction import Replacement, apply, edits_of

Path = tuple[str | int, ...]
MOST_HIDDEN = 256
"""Findings of one side that are told apart: a body with more of them is not kept."""


@cache
def detectors() -> tuple[Detector, ...]:
    """Every kind that a rule can ask for. They take long to make: who will mask makes them before a call waits."""
    return (pii.pii(frozenset(pii.KINDS)), secrets.secrets())


class Mask(Struct, frozen=True):
    """`changes`: the new texts by their path; `altered`: the paths of texts that are not what was said."""

    changes: dict[Path, str]
    hidden: tuple[Hidden, ...]
    altered: tuple[str, ...]


class TooMany(ValueError):
    """More was found than a record tells."""


def mask(side: str, said: Sequence[Leaf], now: Mapping[Path, str]) -> Mask:
    """`said`: the texts as they came; `now`: as they went on, by path. Raises TooMany."""
    changes: dict[Path, str] = {}
    altered: dict[str, None] = {}
    hidden: dict[tuple[str, str, str, str], Hidden] = {}
    for leaf in said:
        found = _findings(leaf.text)
        path = path_text(leaf.path)
        for one in found:
            place = (leaf.place.value, path, one.kind, one.detector)
            before = hidden.get(place)
            count, score = (before.count + 1, max(before.score, one.score)) if before is not None else (1, one.score)
            hidden[place] = Hidden(side, *place, score, count)
        text = now.get(leaf.path)
        if text != leaf.text:
            altered[path] = None
            found = _findings(text) if text is not None else []
        if found and text is not None:
            altered[path] = None
            changes[leaf.path] = _without(text, found)
    if len(hidden) > MOST_HIDDEN:
        raise TooMany(f"more than {MOST_HIDDEN} things to hide were found in it")
    return Mask(changes, tuple(hidden.values()), tuple(altered))


def masked_text(text: str) -> str:
    """One text without what is to be hidden in it."""
    return _without(text, _findings(text))


def _findings(text: str) -> list[Finding]:
    return [one for detector in detectors() for one in find_all(detector, text)]


def _without(text: str, found: Sequence[Finding]) -> str:
    wanted = [Replacement(one.start, -one.end, order, f"[{one.kind}]") for order, one in enumerate(found)]
    return apply(text, edits_of(wanted)) if wanted else text
