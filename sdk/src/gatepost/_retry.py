"""When to try again, and after how long: pure decisions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Union

from .errors import ConfigurationError
from .wire import headers as names

RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})


class Failure(Enum):
    """How an attempt ended without an answer."""

    NOT_SENT = "not sent"
    """No connection: the gateway cannot have seen the request."""
    MAYBE_SENT = "maybe sent"
    """The request, or part of it, may have arrived."""


Outcome = Union[int, Failure]


@dataclass(frozen=True)
class RetryConfig:
    """How often and how patiently a failed attempt is repeated.

    Attributes:
        max_retries: Attempts after the first; 0 switches retries off.
        backoff_base: Seconds before the first retry; doubled each time.
        backoff_max: The longest wait in seconds that this SDK chooses by itself.
        jitter: The share of a wait that is left to chance, 0 to 1.
        retry_after_max: The longest `Retry-After` in seconds that is waited for; a longer one ends the retries.
    """

    max_retries: int = 2
    backoff_base: float = 0.5
    backoff_max: float = 8.0
    jitter: float = 0.2
    retry_after_max: float = 60.0

    def __post_init__(self) -> None:
        if self.max_retries < 0 or min(self.backoff_base, self.backoff_max, self.retry_after_max) < 0:
            raise ConfigurationError("retry settings cannot be negative")
        if not 0 <= self.jitter <= 1:
            raise ConfigurationError("`jitter` is a share between 0 and 1")


def decide(
    attempt: int, outcome: Outcome, headers: Mapping[str, str], *, config: RetryConfig, repeatable: bool, chance: float
) -> float | None:
    """Seconds to wait before the next attempt, or None to give up.

    `attempt` counts from 0. `repeatable` says that the request may arrive twice without harm. `chance` is a random
    number in [0, 1). `headers` are those of the answer, lower case.
    """
    if attempt >= config.max_retries or not _allowed(outcome, headers, repeatable=repeatable):
        return None
    backoff = min(config.backoff_max, config.backoff_base * 2**attempt)
    asked = read_retry_after(headers)
    if asked is None:
        return backoff * (1 - config.jitter * chance)
    # Chance only lengthens what the gateway asked for: earlier would be refused again.
    return asked + backoff * config.jitter * chance if asked <= config.retry_after_max else None


def _allowed(outcome: Outcome, headers: Mapping[str, str], *, repeatable: bool) -> bool:
    if isinstance(outcome, Failure):
        return repeatable or outcome is Failure.NOT_SENT
    said = headers.get(names.SHOULD_RETRY, "").lower()
    if said in {"true", "false"}:
        return said == "true"
    return outcome in RETRIED_STATUSES


def read_retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """The `Retry-After` header in seconds: a number, or an HTTP date against `now` (seconds since the epoch).

    None where it says nothing.
    """
    said = headers.get(names.RETRY_AFTER)
    if said is None:
        return None
    try:
        seconds = float(said)
    except ValueError:
        return _until(said, time.time() if now is None else now)
    return seconds if 0 <= seconds < float("inf") else None


def _until(said: str, now: float) -> float | None:
    try:
        when = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return max(0.0, when.timestamp() - now)
