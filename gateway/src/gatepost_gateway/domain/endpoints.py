"""The seams to what is known of endpoints: which of them fail, how fast they answer."""

from collections.abc import Mapping
from typing import Protocol

from gatepost_gateway.domain.routing import BreakerRules, BreakerState


class Permit(Protocol):
    """Leave to ask an endpoint once. How that ended is said once: by `succeeded`, `failed` or `release`."""

    def began(self) -> None:
        """Its answer has begun: the endpoint is there. What becomes of the answer is still open."""
        ...

    def succeeded(self) -> None: ...

    def failed(self, retry_after: float | None) -> None:
        """The endpoint failed, through no fault of the caller's. `retry_after`: seconds it asks for."""
        ...

    def release(self) -> None:
        """Nothing was learned: a caller's fault, a call that was left. Idempotent, also after another end."""
        ...


class Breakers(Protocol):
    """Which endpoints fail. An endpoint is a provider and an address: `openai https://api.openai.com/v1`."""

    def wait(self, endpoint: str, rules: BreakerRules) -> float:
        """Seconds until a call may go there; 0: now."""
        ...

    def ask(self, endpoint: str, rules: BreakerRules) -> Permit | float:
        """Leave to go there, or the seconds until there may be some."""
        ...

    def states(self) -> Mapping[str, BreakerState]:
        """The endpoints that were asked, with their states."""
        ...


class Pace(Protocol):
    """How entries do: how fast they answer, plain and streamed apart, and which asked for rest."""

    def note(self, entry: str, stream: bool, seconds: float) -> None:
        """An answer's first content came after `seconds`; a plain answer's is all of it."""
        ...

    def latency(self, entry: str, stream: bool) -> float | None:
        """Seconds; None: not known, or not any more."""
        ...

    def look(self, entry: str, stream: bool) -> bool:
        """Whether to send a call there only to learn how fast it is: True now and then, for one call."""
        ...

    def rest(self, entry: str, seconds: float) -> None:
        """Its provider asked, with a 429, to be left alone for so long."""
        ...

    def rests(self, entry: str) -> bool: ...
