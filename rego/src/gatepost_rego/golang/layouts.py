"""Go's reference-time layouts: a layout cut into elements, and a moment printed by one.

The elements are those listed in the Go documentation of package `time`, constants section.
"""

from functools import lru_cache

from .moments import Moment, days_from_civil

__all__ = ["DAYS", "MONTHS", "NAMED", "Element", "elements", "format_moment"]

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

# The layouts OPA lets a policy call by the name of Go's constant.
NAMED = {
    "ANSIC": "Mon Jan _2 15:04:05 2006",
    "UnixDate": "Mon Jan _2 15:04:05 MST 2006",
    "RubyDate": "Mon Jan 02 15:04:05 -0700 2006",
    "RFC822": "02 Jan 06 15:04 MST",
    "RFC822Z": "02 Jan 06 15:04 -0700",
    "RFC850": "Monday, 02-Jan-06 15:04:05 MST",
    "RFC1123": "Mon, 02 Jan 2006 15:04:05 MST",
    "RFC1123Z": "Mon, 02 Jan 2006 15:04:05 -0700",
    "RFC3339": "2006-01-02T15:04:05Z07:00",
    "RFC3339Nano": "2006-01-02T15:04:05.999999999Z07:00",
}

# An element of a layout: its kind and its text. The kind "" is literal text; the kinds ".0" and
# ".9" are fractions of a second.
Element = tuple[str, str]

# Longest first where one begins another.
_BY_FIRST = {
    "J": ("January", "Jan"),
    "M": ("Monday", "Mon", "MST"),
    "0": ("002", "01", "02", "03", "04", "05", "06"),
    "1": ("15", "1"),
    "2": ("2006", "2"),
    "_": ("__2", "_2"),
    "3": ("3",),
    "4": ("4",),
    "5": ("5",),
    "P": ("PM",),
    "p": ("pm",),
    "-": ("-07:00:00", "-070000", "-07:00", "-0700", "-07"),
    "Z": ("Z07:00:00", "Z070000", "Z07:00", "Z0700", "Z07"),
}
_OFFSETS = frozenset(_BY_FIRST["-"] + _BY_FIRST["Z"])


@lru_cache(maxsize=256)
def elements(layout: str) -> tuple[Element, ...]:
    """Cut a layout into its elements."""
    found: list[Element] = []
    literal = start = 0
    while start < len(layout):
        kind, end = _element_at(layout, start)
        if not kind:
            start += 1
            continue
        if kind == "2006" and layout[start] == "_":
            start += 1
        if literal < start:
            found.append(("", layout[literal:start]))
        found.append((kind, layout[start:end]))
        literal = start = end
    if literal < len(layout):
        found.append(("", layout[literal:]))
    return tuple(found)


def _element_at(layout: str, start: int) -> tuple[str, int]:
    """Return the kind of the element that begins at `start` (or "") and where it ends."""
    first = layout[start]
    if first in ".,":
        return _fraction_at(layout, start)
    if first == "_" and layout.startswith("_2006", start):
        return "2006", start + 5
    for text in _BY_FIRST.get(first, ()):
        if not layout.startswith(text, start):
            continue
        end = start + len(text)
        if text in ("Jan", "Mon") and layout[end : end + 1].islower() and layout[end].isascii():
            continue
        return text, end
    return "", start


def _fraction_at(layout: str, start: int) -> tuple[str, int]:
    digit = layout[start + 1 : start + 2]
    if digit not in ("0", "9"):
        return "", start
    end = start + 1
    while end < len(layout) and layout[end] == digit:
        end += 1
    if end < len(layout) and layout[end] in "0123456789":
        return "", start
    return "." + digit, end


def format_moment(moment: Moment, layout: str) -> str:
    """Print a moment as `Time.Format` does."""
    return "".join([_print(moment, kind, text) for kind, text in elements(layout)])


def _print(moment: Moment, kind: str, text: str) -> str:
    if not kind:
        return text
    if kind in _OFFSETS:
        return _print_offset(moment.offset[0], kind)
    if kind[0] == ".":
        return _print_fraction(moment.nanos % 1_000_000_000, kind, text)
    if kind == "MST":
        return _abbreviation(moment)
    return _print_field(moment, kind)


def _print_field(moment: Moment, kind: str) -> str:
    wall = moment.civil()
    hour12 = wall.hour % 12 or 12
    fields: dict[str, object] = {
        "2006": f"-{-wall.year:04d}" if wall.year < 0 else f"{wall.year:04d}",
        "06": f"{wall.year % 100:02d}",
        "January": MONTHS[wall.month - 1],
        "Jan": MONTHS[wall.month - 1][:3],
        "01": f"{wall.month:02d}",
        "1": wall.month,
        "Monday": DAYS[moment.weekday()],
        "Mon": DAYS[moment.weekday()][:3],
        "02": f"{wall.day:02d}",
        "_2": f"{wall.day:2d}",
        "2": wall.day,
        "15": f"{wall.hour:02d}",
        "03": f"{hour12:02d}",
        "3": hour12,
        "04": f"{wall.minute:02d}",
        "4": wall.minute,
        "05": f"{wall.second:02d}",
        "5": wall.second,
        "PM": "PM" if wall.hour >= 12 else "AM",
        "pm": "pm" if wall.hour >= 12 else "am",
    }
    if kind in fields:
        return str(fields[kind])
    day = _day_of_year(moment)
    return f"{day:03d}" if kind == "002" else f"{day:3d}"


def _day_of_year(moment: Moment) -> int:
    wall = moment.civil()
    return days_from_civil(wall.year, wall.month, wall.day) - days_from_civil(wall.year, 1, 1) + 1


def _print_offset(offset: int, kind: str) -> str:
    if kind[0] == "Z" and offset == 0:
        return "Z"
    sign = "-" if offset < 0 else "+"
    hours, rest = divmod(abs(offset), 3600)
    minutes, seconds = divmod(rest, 60)
    text = f"{sign}{hours:02d}"
    if len(kind) == 3:
        return text
    colon = ":" if ":" in kind else ""
    text += f"{colon}{minutes:02d}"
    if len(kind) in (7, 9):
        text += f"{colon}{seconds:02d}"
    return text


def _print_fraction(nanos: int, kind: str, text: str) -> str:
    digits = f"{nanos:09d}"[: len(text) - 1].ljust(len(text) - 1, "0")
    if kind == ".9":
        digits = digits.rstrip("0")
        return text[0] + digits if digits else ""
    return text[0] + digits


def _abbreviation(moment: Moment) -> str:
    offset, name = moment.offset
    if name:
        return name
    # A zone without an abbreviation prints as an offset, its minutes only where it has some.
    sign = "-" if offset < 0 else "+"
    hours, minutes = divmod(abs(offset) // 60, 60)
    return f"{sign}{hours:02d}{minutes:02d}" if minutes else f"{sign}{hours:02d}"
