"""The policy chain as it is configured: which rule instances there are, for whom, and in which mode."""

from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from gatepost_gateway.domain.governance import Mode, Phase


class Streaming(StrEnum):
    """How the answer of a streamed call may be judged: while it comes, or only when all of it is there."""

    REALTIME = "realtime"
    BUFFERED = "buffered"


class RuleSpec(Struct, frozen=True, kw_only=True):
    """One instance of a kind. Kept in versions of the configuration: fields are only ever added, with a default.

    `project` and `proxy` None: for every call. `phases` and `operations` empty: all that its kind can.
    """

    name: str
    kind: str
    mode: Mode = Mode.ENFORCE
    phases: tuple[Phase, ...] = ()
    operations: tuple[str, ...] = ()
    streaming_mode: Streaming | None = None
    """None: while it comes where the rule can, else when all is there."""
    project: str | None = None
    proxy: str | None = None
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    """What its kind reads."""
    named_by: tuple[str, ...] = ()
    """Proxies whose own chain names it. Worked out for those who judge; no version says it."""

    def concerns(self, project: str, proxy: str | None) -> bool:
        """Whether it judges the calls of a project, or of one of its proxies."""
        if proxy is not None and proxy in self.named_by:
            return True
        return self.project in (None, project) and self.proxy in (None, proxy)


class Unloadable(ValueError):
    """A rule instance that cannot be carried out, and why. `path` leads from the instance to what is at fault."""

    def __init__(self, path: tuple[str | int, ...], message: str, *, about_key: bool = False) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.about_key = about_key
