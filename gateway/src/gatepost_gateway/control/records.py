"""What the admin API asks of the records."""

from typing import Protocol


class TraceSource(Protocol):
    """Traces, steps and sessions; everything that was answered before the question is in the answer."""
