"""The local circuit breaker: after several failures in a row, stop knocking for a while."""

from __future__ import annotations

import threading
import time
from typing import Callable

FAILURES_TO_OPEN = 5
OPEN_SECONDS = 30.0


class Breaker:
    """Counts calls in a row that failed in transport, each with its retries.

    After `FAILURES_TO_OPEN` of them it refuses for `OPEN_SECONDS`; then it lets one call through, whose end decides.
    Any answer, an unhappy one included, shows that the gateway is there.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._refuses_until: float | None = None

    def refuses(self) -> float | None:
        """Seconds until a call may be tried; None when this one may. The call that is let through counts as a trial."""
        with self._lock:
            if self._refuses_until is None:
                return None
            left = self._refuses_until - self._clock()
            if left > 0:
                return left
            # One trial at a time: the others wait as if the breaker had just opened.
            self._refuses_until = self._clock() + OPEN_SECONDS
            return None

    def failed(self) -> None:
        """A call ended without an answer."""
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES_TO_OPEN:
                self._refuses_until = self._clock() + OPEN_SECONDS

    def answered(self) -> None:
        """A call ended with an answer."""
        with self._lock:
            self._failures = 0
            self._refuses_until = None
