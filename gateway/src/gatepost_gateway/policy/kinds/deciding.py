"""What call rules say when something is wrong, and checks that their settings share."""

from collections.abc import Mapping
from typing import Literal

from gatepost_gateway.domain.chain import Unloadable

Verdict = Literal["block", "escalate"]
"""What a rule that looks at calls may say against one."""
Reaction = Literal["block", "escalate", "alert"]
"""The same, or only a record of it."""


def check_positive(limits: Mapping[str, float | None]) -> None:
    """Raises Unloadable for a limit that nothing could meet."""
    for name, limit in limits.items():
        if limit is not None and not limit > 0:
            raise Unloadable((name,), f"`{name}` must be more than 0")


def check_share(name: str, share: float) -> None:
    """Raises Unloadable for a share that is not between 0 and 1."""
    if not 0 <= share <= 1:
        raise Unloadable((name,), f"`{name}` is at least 0 and at most 1")
