"""Moments in time with a zone, over any year, in whole nanoseconds since 1970.

Python's datetime ends at the year 9999 and at microseconds; Go's time does not.
"""

import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

__all__ = ["NANOS", "Civil", "Moment", "Zone", "ZoneError", "days_from_civil", "load_zone"]

NANOS = 1_000_000_000
_DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The calendar repeats every 400 years: a moment outside datetime's range borrows the rules of
# the matching moment inside it.
_CYCLE_SECONDS = 146_097 * _DAY
_NAME = re.compile(r"[A-Za-z0-9_+\-]+(?:/[A-Za-z0-9_+\-]+)*")


class ZoneError(ValueError):
    """There is no time zone of that name."""


@dataclass(frozen=True, slots=True)
class Civil:
    """Year, month, day of the month, hour, minute, second and nanosecond on a wall clock."""

    year: int
    month: int
    day: int
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanos: int = 0


@dataclass(frozen=True, slots=True)
class Zone:
    """A named zone of the database, or a fixed offset in seconds with an abbreviation."""

    rules: zoneinfo.ZoneInfo | None = None
    offset: int = 0
    abbreviation: str = "UTC"

    def at(self, seconds: int) -> tuple[int, str]:
        """Return the offset and the abbreviation in force at a moment (seconds since 1970)."""
        if self.rules is None:
            return self.offset, self.abbreviation
        near = -50_000_000_000 < seconds < 250_000_000_000
        inside = seconds if near else seconds % _CYCLE_SECONDS
        local = (_EPOCH + timedelta(seconds=inside)).astimezone(self.rules)
        offset = local.utcoffset() or timedelta()
        return int(offset.total_seconds()), local.tzname() or ""

    def nanos_of(self, wall: Civil) -> int:
        """Return the moment at which this zone's clocks show `wall`, as Go's `time.Date` does."""
        seconds = days_from_civil(wall.year, wall.month, wall.day) * _DAY
        seconds += wall.hour * 3600 + wall.minute * 60 + wall.second
        extra, nanos = divmod(wall.nanos, NANOS)
        seconds += extra
        if self.rules is None:
            return (seconds - self.offset) * NANOS + nanos
        # Go looks up the offset at the wall time read as UTC, then corrects it once.
        offset, _ = self.at(seconds)
        before, _ = self.at(seconds - offset)
        if before != offset:
            other, _ = self.at(seconds - before)
            offset = before if other == before else offset
        return (seconds - offset) * NANOS + nanos


UTC_ZONE = Zone()


@dataclass(frozen=True, slots=True)
class Moment:
    """Nanoseconds since 1970 seen in a zone."""

    nanos: int
    zone: Zone = UTC_ZONE

    @property
    def offset(self) -> tuple[int, str]:
        """The offset in seconds and the zone's abbreviation at this moment."""
        return self.zone.at(self.nanos // NANOS)

    def civil(self) -> Civil:
        """Return what the zone's clocks show."""
        seconds, nanos = divmod(self.nanos, NANOS)
        seconds += self.offset[0]
        days, rest = divmod(seconds, _DAY)
        year, month, day = civil_from_days(days)
        return Civil(year, month, day, rest // 3600, rest // 60 % 60, rest % 60, nanos)

    def weekday(self) -> int:
        """Return the day of the week, Sunday being 0."""
        days = (self.nanos // NANOS + self.offset[0]) // _DAY
        return (days + 4) % 7


def days_from_civil(year: int, month: int, day: int) -> int:
    """Return the days since 1970-01-01; months and days past their range carry over."""
    carried, month = divmod(month - 1, 12)
    year += carried
    month += 1
    shifted = year - (month <= 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468 + day - 1


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Return year, month and day of a number of days since 1970-01-01."""
    era, day_of_era = divmod(days + 719_468, 146_097)
    leaps = day_of_era // 1460 - day_of_era // 36_524 + day_of_era // 146_096
    year_of_era = (day_of_era - leaps) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = (shifted + 2) % 12 + 1
    return year_of_era + era * 400 + (month <= 2), month, day


@lru_cache(maxsize=256)
def load_zone(name: str) -> Zone:
    """Return the zone of that name; the empty name, `UTC` and `Local` are UTC.

    An evaluation must not depend on the machine it runs on, hence `Local`.
    """
    if name in ("", "UTC", "Local"):
        return UTC_ZONE
    if len(name) > 100 or not _NAME.fullmatch(name):
        raise ZoneError(f"unknown time zone {name[:100]}")
    try:
        return Zone(rules=zoneinfo.ZoneInfo(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ZoneError(f"unknown time zone {name}") from error
