"""Webhooks: what is told to whom, and how a receiver knows that it was us."""

import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import Sealed


class Topic(StrEnum):
    """What can happen. Documented one by one in docs/webhooks.md; never renamed."""

    BUDGET = "budget.threshold"
    SPEND_CAP = "spend_cap.tripped"
    KEY_PAUSED = "key.paused"
    KEY_RESUMED = "key.resumed"
    BREAKER_OPENED = "breaker.opened"
    BREAKER_CLOSED = "breaker.closed"
    ESCALATION_CREATED = "escalation.created"
    ESCALATION_RESOLVED = "escalation.resolved"
    ESCALATION_EXPIRED = "escalation.expired"
    ERRORS_SPIKED = "errors.spiked"
    ERRORS_CALMED = "errors.calmed"
    TEST = "webhook.test"


class SpikeRules(Struct, frozen=True):
    """Errors spike when, of at least `calls` in the last `minutes`, a `share` failed; they calm at `calm_share`."""

    share: float = 0.2
    calm_share: float = 0.1
    calls: int = 20
    minutes: int = 5


class Webhook(Struct, frozen=True, kw_only=True):
    """A receiver. No `events`: all of them. No `project`: of every project, and of the gateway itself.

    `previous` signs too until `previous_until` (microseconds; None: as long as it is there).
    """

    id: str
    url: str
    events: tuple[str, ...] = ()
    project: str | None = None
    thresholds: tuple[int, ...] = (50, 80, 100)
    error_spikes: SpikeRules = SpikeRules()
    enabled: bool = True
    secret: Sealed | None = None
    previous: Sealed | None = None
    previous_until: int | None = None

    def wants(self, topic: Topic, project: str) -> bool:
        """Whether it is told of what happened to `project` ("": to the gateway)."""
        return self.enabled and self.project in (None, project) and (not self.events or topic.value in self.events)

    def signing(self, now: int) -> list[Sealed]:
        """The secrets that sign at `now` (microseconds), the newest first."""
        over = self.previous_until is not None and self.previous_until <= now
        return [one for one in (self.secret, None if over else self.previous) if one is not None]


class Happening(Struct, frozen=True):
    """One event. The same happening has the same id, whoever noticed it. `webhook`: it is for that one only.

    `data` is JSON text; `project` "" is the gateway itself.
    """

    id: str
    at: int
    topic: Topic
    project: str
    data: str
    webhook: str = ""


def event_id(topic: Topic, what: str) -> str:
    """The id of a happening that is one by its topic and `what`."""
    return (
        "evt_" + hashlib.blake2b(f"{topic.value}\0{what}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    )


def row_of(one: Happening) -> tuple[str, int, str, str, str, str]:
    """It as it is stored."""
    return (one.id, one.at, one.topic.value, one.project, one.webhook, one.data)


def purpose_of(webhook: str) -> str:
    """What a webhook's secret is sealed for."""
    return f"webhook/{webhook}"


def signature(secrets: Sequence[Secret], seconds: int, body: bytes) -> str:
    """The value of `X-Gatepost-Signature`: the time, and for each secret an HMAC-SHA256 over time, `.` and body."""
    signed = b"%d." % seconds + body
    made = [hmac.digest(secret.reveal().encode(), signed, "sha256").hex() for secret in secrets]
    return ",".join([f"t={seconds}", *(f"v1={one}" for one in made)])
