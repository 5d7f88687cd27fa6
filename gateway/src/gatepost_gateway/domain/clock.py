"""Time enters here and nowhere else."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Wall time for records and periods, monotonic time for durations."""

    def micros(self) -> int:
        """Microseconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...


class SystemClock:
    """The machine's own clocks."""

    monotonic = staticmethod(time.monotonic)

    def micros(self) -> int:
        return time.time_ns() // 1000


def iso(micros: int) -> str:
    """RFC 3339 in UTC with microseconds."""
    seconds, part = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{part:06d}Z"


def from_iso(text: str) -> int:
    """Microseconds since the epoch of an RFC 3339 time; a time without a zone is taken as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND


DAY_MICROS = 86_400_000_000
HOUR_MICROS = 3_600_000_000
_month: tuple[int, str] = (-1, "")


def day(micros: int) -> str:
    """The UTC day of a moment, `2026-11-20`: the period of a daily budget."""
    return _dates(micros // DAY_MICROS)


def month(micros: int) -> str:
    """The UTC month of a moment, `2026-11`: the period of a monthly budget."""
    return _dates(micros // DAY_MICROS)[:7]


def hour(micros: int) -> str:
    """The UTC hour of a moment, `2026-11-20T18`: the period of a cap by the hour."""
    return f"{day(micros)}T{micros // HOUR_MICROS % 24:02d}"


def next_month(micros: int) -> int:
    """When the UTC month of a moment is over, in microseconds."""
    moment = datetime.fromtimestamp(micros / 1_000_000, UTC)
    year, following = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return round(datetime(year, following, 1, tzinfo=UTC).timestamp()) * 1_000_000


def _dates(days: int) -> str:
    global _month  # noqa: PLW0603 - one remembered day: every call of a day asks for the same one
    if _month[0] != days:
        _month = (days, datetime.fromtimestamp(days * 86_400, UTC).strftime("%Y-%m-%d"))
    return _month[1]
