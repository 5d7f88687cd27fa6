"""Sets of named patterns over texts of any length, whole or in pieces.

RE2's set says in one pass which patterns may be there; only those are then located. What a piece of text alone cannot
decide waits, so that the same is found however a text is cut: each pattern goes through the text by itself from left to
right, takes the leftmost match and goes on at its end, or one character after its start where the check refuses it. Of
all that begin at one place the longest stands.
"""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from gatepost_gateway.detect.expressions import (
    SET_MEMORY,
    UNION_MEMORY,
    Expression,
    ExpressionSet,
    Match,
    PlainExpression,
)
from gatepost_gateway.detect.widths import width_of
from gatepost_gateway.domain.findings import Finding, Scan


class Found(Struct, frozen=True):
    """A candidate, and up to `margin` characters on either side of the whole match."""

    text: str
    before: str
    after: str


Check = Callable[[Found], float]
"""How sure it is, from 0 (it is not) to 1. Pure."""


class Pattern(Struct, frozen=True):
    """`source` is RE2's syntax; its first group, where it has one, is what is found. `hint` matches inside every match
    of `source`, or right at its edges, is cheaper, and asks for neither end of the text; empty: always located.
    """

    kind: str
    source: str
    hint: str | None = None
    check: Check | None = None
    margin: int = 0
    score: float = 1.0
    measure: Callable[[str], int] | None = None
    """How long the value is, told from its text, of which up to `reach` characters are shown; what is left of the match
    is looked at again. 0: it is none."""
    reach: int = 0
    """0: as far as the match goes."""
    beside: str = ""
    """Must match somewhere within `margin` of every match that the check lets pass; empty: nothing need."""
    opening: str | None = None
    """Matches at the start of every match of `source`. A wide pattern has one: where no match can have begun, a stream
    does not wait for the end of it."""
    plain: bool = False
    """`source` has no repetition inside a repetition: it can be read faster where it often matches."""

    @property
    def span(self) -> int | None:
        """How many characters from its start a match can depend on."""
        most = width_of(self.source).most
        return None if most is None else max(most, self.reach) + self.margin + 1


class PatternDetector:
    """`span` is None when a match of one of them has no bound: such a detector needs whole texts."""

    def __init__(self, name: str, patterns: Sequence[Pattern], memory: int = SET_MEMORY) -> None:
        """`memory`: what its set may grow to. Raises PatternError where a hint does not compile."""
        self.name = name
        self.patterns = tuple(patterns)
        self.span = _span(self.patterns)
        self.set = ExpressionSet([_hint(pattern) for pattern in self.patterns], memory)
        narrow = [pattern for pattern in self.patterns if pattern.opening is None]
        self.narrow = _span(narrow)
        self.opening = _openings([pattern for pattern in self.patterns if pattern.opening is not None])
        self._beside: dict[str, Expression] = {}
        self._expressions: list[Expression | None] = [None] * len(self.patterns)

    def begin(self) -> Scan:
        return PatternScan(self)

    def beside(self, index: int, text: str) -> bool:
        """Whether the words that a pattern needs around it stand anywhere in `text`."""
        source = self.patterns[index].beside
        if not source:
            return True
        known = self._beside.get(source)
        if known is None:
            known = self._beside[source] = Expression(source)
        return known.search(text.encode("utf-8", "replace")) is not None

    def expression(self, index: int) -> Expression:
        """Most patterns are never met, and never compiled."""
        known = self._expressions[index]
        if known is None:
            pattern = self.patterns[index]
            make = PlainExpression if pattern.plain else Expression
            known = self._expressions[index] = make(pattern.source)
        return known


def _hint(pattern: Pattern) -> str:
    if pattern.hint is not None:
        return pattern.hint
    return "" if width_of(pattern.source).anchored else pattern.source


def _span(patterns: Sequence[Pattern]) -> int | None:
    spans = [pattern.span for pattern in patterns]
    known = [span for span in spans if span is not None]
    return max(known, default=1) if len(known) == len(spans) else None


def _next(expression: Expression, piece: "_Piece", at: int, near: int) -> Match | None:
    """The leftmost match from `at` on. Where candidates stand close together a short look ahead finds the next one
    sooner; what it finds counts only when `near` bytes, all that a match can depend on, were there to see.
    """
    if at and near:
        look = expression.nearby if piece.ascii else expression.search
        match = look(piece.data, at, at + 2 * near)
        if match is not None and match.start() <= at + near:
            return match
    return expression.search(piece.data, at)


_Ranked = tuple[int, int, float, int, Finding]
"""In the order in which findings are preferred: where it begins, the longest, the surest, the pattern named first."""


def _openings(patterns: Sequence[Pattern]) -> "_Openings | None":
    return _Openings(patterns) if patterns else None


class _Openings:
    """Where a match of a wide pattern may have begun."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        sources = [pattern.opening or "" for pattern in patterns]
        self._width = max(width_of(source).most or 0 for source in sources) + 1
        self._expression = Expression("|".join(f"(?:{source})" for source in sources), UNION_MEMORY)

    def first(self, text: str, at: int) -> int:
        """The first place in `text`, not before `at`, where one begins, or where too little follows to tell."""
        before = max(at - 1, 0)
        data = text[before:].encode("utf-8", "replace")
        one_to_one = len(data) == len(text) - before
        skipped = at - before if one_to_one else len(text[before:at].encode("utf-8", "replace"))
        match = self._expression.search(data, skipped)
        sure = max(len(text) - self._width, at)
        if match is None:
            return sure
        start = match.start()
        return min(sure, before + (start if one_to_one else len(data[:start].decode())))


class PatternScan:
    """`_resume` says where a pattern goes on, when that is later than `settled`; `_waiting` holds what is certain but
    begins after `settled`.
    """

    def __init__(self, detector: PatternDetector) -> None:
        self.settled = 0
        self._detector = detector
        self._resume: dict[int, int] = {}
        self._waiting: list[_Ranked] = []
        self._last = -1

    def feed(self, text: str, base: int, ended: bool) -> Sequence[Finding]:
        end = base + len(text)
        limit = end if ended else self._limit(text, base)
        if limit == self.settled and not ended:
            return ()
        # One character more than is searched, for what asks about the character before.
        first = max(self.settled - 1, base)
        piece = _Piece(text, base, first)
        found = self._waiting
        for index in self._detector.set.hits(piece.data):
            if not self._detector.beside(index, text):
                continue
            found.extend(self._locate(index, piece, limit if not ended else end + 1))
        self.settled = limit
        if not found:
            return ()
        found.sort()
        return self._released(found, limit if not ended else end + 1)

    def _limit(self, text: str, base: int) -> int:
        """Up to where no match depends on what may still come."""
        detector, end = self._detector, base + len(text)
        if detector.span is None or detector.narrow is None:
            return 0
        wide = max(self.settled, end - detector.span)
        if detector.opening is None or end - detector.narrow <= wide:
            return wide
        return max(wide, min(end - detector.narrow, base + detector.opening.first(text, wide - base)))

    def _released(self, ranked: "list[_Ranked]", limit: int) -> Sequence[Finding]:
        """Of all that begin at one place only the first."""
        released: list[Finding] = []
        for count, (start, _, _, _, finding) in enumerate(ranked):
            if start >= limit:
                self._waiting = ranked[count:]
                return released
            if start != self._last:
                released.append(finding)
                self._last = start
        self._waiting = []
        return released

    def _locate(self, index: int, piece: "_Piece", limit: int) -> "Iterator[_Ranked]":
        """The findings of one pattern that begin before `limit`."""
        pattern, expression = self._detector.patterns[index], self._detector.expression(index)
        check, name = pattern.check, self._detector.name
        walk = _Walk(piece, max(self._resume.pop(index, 0), self.settled))
        near = 4 * (pattern.span or 0)
        while match := _next(expression, piece, walk.byte, near):
            group = 1 if expression.grouped and match.start(1) >= 0 else 0
            before, start = walk.position, walk.to(match.start())
            if start >= limit:
                if before > limit:
                    self._resume[index] = before
                return
            value = (walk.ahead(match.start(group)), walk.ahead(match.end(group)))
            end = walk.ahead(match.end())
            if pattern.measure is not None:
                shown = piece.cut(value[0], max(value[0] + pattern.reach, value[1] if not pattern.reach else 0))
                end = value[0] + min(pattern.measure(shown), len(shown))
                value = (value[0], end)
            score = (
                pattern.score
                if check is None
                else check(piece.found(value, start - pattern.margin, end + pattern.margin))
            )
            if score > 0 and end > start:
                yield value[0], -value[1], -score, index, Finding(*value, pattern.kind, name, score)
                walk.on(end)
            elif not walk.step():
                return
        if walk.position > limit:
            self._resume[index] = walk.position


class _Piece:
    """A piece of a text as RE2 sees it: UTF-8, from position `first` on. A lone surrogate counts as one character."""

    def __init__(self, text: str, base: int, first: int) -> None:
        self.text = text
        self.base = base
        self.first = first
        searched = text[first - base :] if first > base else text
        self.data = searched.encode("utf-8", "replace")
        self.ascii = len(self.data) == len(searched)

    def cut(self, start: int, end: int) -> str:
        return self.text[start - self.base : end - self.base]

    def found(self, value: tuple[int, int], left: int, right: int) -> Found:
        """What a check sees: the value, and what stands around it from `left` to `right`."""
        base, text = self.base, self.text
        start, end = value[0] - base, value[1] - base
        return Found(text[start:end], text[max(left - base, 0) : start], text[end : max(right - base, end)])


class _Walk:
    """Turns ever larger byte offsets into positions, going over each byte once."""

    def __init__(self, piece: _Piece, position: int) -> None:
        self._data = piece.data
        self._ascii = piece.ascii
        self.position = piece.first
        self.byte = 0
        self.on(position)

    def on(self, position: int) -> None:
        """Goes on to a position that is not behind."""
        while self.position < position and self.step():
            pass

    def ahead(self, byte: int) -> int:
        """The position of a byte that is not behind."""
        if self._ascii:
            return self.position + byte - self.byte
        return self.position + len(self._data[self.byte : byte].decode())

    def to(self, byte: int) -> int:
        self.position = self.ahead(byte)
        self.byte = byte
        return self.position

    def step(self) -> bool:
        """One character on; False at the end."""
        data, byte = self._data, self.byte + 1
        if byte > len(data):
            return False
        while not self._ascii and byte < len(data) and data[byte] & 0xC0 == 0x80:
            byte += 1
        self.byte = byte
        self.position += 1
        return True
