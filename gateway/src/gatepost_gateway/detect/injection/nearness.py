"""Words of one language near each other, in any order: what it takes to tell somebody to drop his orders.

Every sort of word is looked for by itself, once, and what stands near what is told from the places. One expression for
all of it would be as long as all languages together, and slow where its words stand again and again.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property

from gatepost_gateway.detect.expressions import Expression
from gatepost_gateway.detect.injection.signs import ORDERS, ORDERS_ALONE
from gatepost_gateway.detect.injection.tongues import ABOVE, AND, PAGES, STOP, Tongue
from gatepost_gateway.detect.injection.views import unaccented

_EDGE = re.compile(r"\\b(?=[^\x00-\x7f])|(?<=[^\x00-\x7f])\\b")
_STOPS = re.compile(rf"[^ .!,;:。।]{{0,12}}{STOP}")
_GOES_ON = re.compile(rf"[^ .!,;:。।]{{0,6}}(?:{STOP}|{AND})")
_AND_THEN = re.compile(rf"(?s).{{0,50}}(?::|{AND})")
Span = tuple[int, int]
Shown = tuple[float, str]
"""A weight, and what it counts once as (`signs.Sign.once`)."""


def plainly(source: str) -> str:
    """RE2's syntax as plain text (views.py) writes letters. RE2 knows words of ASCII only."""
    return _EDGE.sub("", unaccented(unicodedata.normalize("NFKC", source))).replace(r"\w", r"[^ ]")


def within(data: bytes, expression: Expression) -> list[Span]:
    """All matches, from left to right."""
    spans: list[Span] = []
    at = 0
    while match := expression.search(data, at):
        spans.append((match.start(), match.end()))
        at = max(match.end(), match.start() + 1)
    return spans


def near(ones: Sequence[Span], others: Sequence[Span], gap: int) -> list[Span]:
    """From the beginning of the first to the end of the second, for each of `ones` and the next of `others` on either
    side of it, where no more than `gap` bytes are between them.
    """
    starts, ends = [start for start, _ in others], [end for _, end in others]
    found: list[Span] = []
    for start, end in ones:
        place = bisect_left(starts, end)
        if place < len(others) and starts[place] - end <= gap:
            found.append((start, others[place][1]))
        place = bisect_right(ends, start) - 1
        if place >= 0 and start - ends[place] <= gap:
            found.append((others[place][0], end))
    return sorted(found)


class Words:
    """The words of one language, compiled when they are first met."""

    def __init__(self, tongue: Tongue) -> None:
        self.tongue = tongue
        self.drop_hint = plainly(tongue.drop.replace(r"\w*", ""))
        self.void_hint = plainly(tongue.void)

    def dropped(self, data: bytes) -> Iterator[Shown]:
        """What a text shows that holds one of the verbs. Of orders that came before, or of all that was said, they are
        enough; of orders they ask for company.
        """
        data = without(self._unless, data)
        drops = within(data, self._drop)
        if not drops:
            return
        scale = max(1, round(len(data) / max(1, len(data.decode("utf-8", "replace")))))
        orders = within(data, self._orders)
        if orders and near(drops, near(within(data, self._earlier), orders, 30 * scale), 50 * scale):
            yield 1.0, ""
        if orders and near(drops, orders, 30 * scale):
            yield 0.5, ORDERS
            if any(_STOPS.match(_text(data, end, 16 * scale)) for _, end in near(drops, orders, 15 * scale)):
                yield 0.3, ORDERS_ALONE
        if near(drops, within(data, self._told), 30 * scale):
            yield 0.9, ""
        if _of_a_page(data, drops, scale) or _of_the_above(data, drops, scale):
            yield 0.9, ""

    def voided(self, data: bytes) -> Iterator[Shown]:
        """What a text shows that says of something that it counts no more."""
        orders = within(data, self._orders)
        if not orders:
            return
        scale = max(1, round(len(data) / max(1, len(data.decode("utf-8", "replace")))))
        voids = [start for start, _ in within(data, self._void)]
        for _, end in near(within(data, self._earlier), orders, 30 * scale):
            place = bisect_left(voids, end)
            if place < len(voids) and voids[place] - end <= 30 * scale:
                yield 0.8, ""
                return

    @cached_property
    def _drop(self) -> Expression:
        return Expression(plainly(self.tongue.drop))

    @cached_property
    def _orders(self) -> Expression:
        return Expression(plainly(self.tongue.orders))

    @cached_property
    def _earlier(self) -> Expression:
        return Expression(plainly(self.tongue.earlier))

    @cached_property
    def _told(self) -> Expression:
        return Expression(plainly(self.tongue.told))

    @cached_property
    def _void(self) -> Expression:
        return Expression(plainly(self.tongue.void))

    @cached_property
    def _unless(self) -> Expression:
        return Expression(plainly(self.tongue.unless))


def without(other: Expression, data: bytes) -> bytes:
    """`data` with what `other` matches taken out."""
    pieces: list[bytes] = []
    at = 0
    for start, end in within(data, other):
        pieces.append(data[at:start])
        at = end
    return b"~".join((*pieces, data[at:])) if pieces else data


_PAGES = Expression(plainly(PAGES))
_ABOVE = Expression(plainly(ABOVE))


def _text(data: bytes, start: int, length: int) -> str:
    return data[start : start + length].decode("utf-8", "replace")


def _of_a_page(data: bytes, drops: Sequence[Span], scale: int) -> bool:
    """`Ignore the page and say`: what it was to read, and something to do."""
    pages = near(drops, within(data, _PAGES), 40 * scale)
    return any(_AND_THEN.match(_text(data, end, 60 * scale)) for _, end in pages)


def _of_the_above(data: bytes, drops: Sequence[Span], scale: int) -> bool:
    above = within(data, _ABOVE)
    ends = {end for _, end in above}
    for _, end in near(drops, above, 12 * scale):
        if end not in ends or _GOES_ON.match(_text(data, end, 20 * scale)):
            return True
    return False
