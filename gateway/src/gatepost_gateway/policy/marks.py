"""What a record may show of what was found: where it was, how it looks with its middle gone, and a keyed hash."""

import hmac

from gatepost_gateway.domain.findings import BASE64_INSIDE, JSON_INSIDE, KEY, Finding, Leaf
from gatepost_gateway.domain.governance import Mark
from gatepost_gateway.policy.rules import Vote

HIDDEN = "[REDACTED]"
SHORT = 12
"""Under so many characters nothing is shown."""
MOST = 16
"""Marks that one decision shows."""
_INSIDE = {JSON_INSIDE: "(json)", BASE64_INSIDE: "(base64)", KEY: "(name)"}


def masked(found: str) -> str:
    """The first and the last characters: four each of a long secret, fewer of a short one: most stays hidden."""
    if len(found) < SHORT:
        return HIDDEN
    shown = min(4, len(found) // 8)
    return f"{found[:shown]}…{found[-shown:]}"


def digest(key: bytes, found: str) -> str:
    """Tells whether two things are the same, to nobody who does not hold the deployment's key."""
    return "sha256:" + hmac.digest(key, found.encode("utf-8", "surrogatepass"), "sha256").hex()[:12]


def mark(key: bytes, leaf: Leaf, finding: Finding, found: str, vote: Vote) -> Mark:
    """Of `leaf` only the place is asked for: of a text on its way `found` may be all that is there."""
    return Mark(
        leaf.place.value,
        path_text(leaf.path),
        finding.start,
        finding.end,
        finding.kind,
        masked(found),
        digest(key, found),
        vote.effect,
        finding.score,
        vote.threshold,
    )


def path_text(path: tuple[str | int, ...]) -> str:
    """`messages[0].content`. A name that may be a caller's own text is a star."""
    out: list[str] = []
    for step in path:
        if isinstance(step, str):
            out.append(f".{step}" if step.isidentifier() and len(step) <= 64 else ".*")
        else:
            out.append(f".{_INSIDE[step]}" if step < 0 else f"[{step}]")
    return "".join(out).removeprefix(".")
