"""What went past the gateway is told to it when it is back: one custom event a call, on the call's own trace.

The words themselves are not told, only their digests: whoever keeps them can show which they were.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ._calls import encode

if TYPE_CHECKING:
    from .results import ExecuteResult

KEPT = 256
"""Bypassed calls that wait to be told; of more than that the oldest are forgotten, and counted."""
EVENT = "bypassed_call"

log = logging.getLogger("gatepost.bypass")


@dataclass(frozen=True)
class Report:
    """One bypassed call. `trace_id` as the caller knows it."""

    trace_id: str
    data: Mapping[str, Any]


class Reports:
    """The queue. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Report] = deque()
        self.lost = 0
        """How many were forgotten."""

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, report: Report) -> None:
        """Let a report wait."""
        with self._lock:
            self._waiting.append(report)
            if len(self._waiting) > KEPT:
                self._waiting.popleft()
                self.lost += 1
                log.warning("%d bypassed calls will not be told to the gateway: it is away for too long", self.lost)

    def take(self) -> Report | None:
        """The oldest one, which nobody else is given."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def give_back(self, report: Report) -> None:
        """Let it wait again, before all others."""
        with self._lock:
            self._waiting.appendleft(report)


def report_of(trace_id: str, asked: Mapping[str, Any], result: ExecuteResult) -> Report:
    """What the gateway is told of a call that went past it."""
    usage = result.usage.model_dump(mode="json") if result.usage is not None else None
    return Report(
        trace_id,
        {
            "at": datetime.fromtimestamp(time.time(), tz=timezone.utc).isoformat(),
            "step_id": result.step_id,
            "model": result.model,
            "usage": usage,
            "finish_reason": result.finish_reason,
            "input_sha256": _digest(asked.get("input")),
            "output_sha256": _digest(result.output),
            "tool_calls": [call.name for call in result.tool_calls],
        },
    )


def _digest(said: Any) -> str | None:
    return None if said is None else hashlib.sha256(encode({"said": said})).hexdigest()
