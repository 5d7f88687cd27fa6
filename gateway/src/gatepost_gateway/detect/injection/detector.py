"""Weighs the signs that a text shows.

Each reading of a text is weighed by itself: the signs of a class add up, all but the heaviest counting half in a long
text; classes add up. A text is as suspicious as its worst reading. Long texts are read in windows that overlap.
"""

from collections.abc import Iterable, Iterator, Sequence

from gatepost_gateway.detect.expressions import Expression, ExpressionSet
from gatepost_gateway.detect.injection import hidden, jailbreaks, languages, overrides, signs
from gatepost_gateway.detect.injection.nearness import Words, without
from gatepost_gateway.detect.injection.signs import Sign
from gatepost_gateway.detect.injection.tongues import TONGUES
from gatepost_gateway.detect.injection.views import BLANKS, SENTENCE, TRIGGERS, folded_ascii, plain, readings
from gatepost_gateway.domain.findings import Finding, Scan

WINDOW = 6_000
OVERLAP = 1_000
LEAST = 0.4
"""Less than this is not worth a finding."""
_FURTHER = 0.5
_LITTLE, _ROOM = 1 << 17, 1 << 19
"""Bytes that the automaton of a sign may grow to. With little, one with wide gaps is slow where its first word stands
again and again.
"""
_SHORT = 1_500
"""Bytes. Longer texts hold more words of every sort: the further signs of a class count half."""
_HIDDEN_SENTENCE = Sign(signs.ENCODING, 0.8, SENTENCE)


class InjectionDetector:
    """One finding at most for each window: all of it, by the name of its heaviest class."""

    name = "injection"
    span = WINDOW

    def __init__(self, extra: Sequence[str] = ()) -> None:
        """`extra`: an operator's own signs, over plain text, each enough by itself. Raises PatternError."""
        own = tuple(Sign(signs.OVERRIDE, 1.0, source) for source in extra)
        self._signs: tuple[Sign, ...] = (
            *overrides.SIGNS,
            *signs.SIGNS,
            *hidden.SIGNS,
            *jailbreaks.SIGNS,
            *languages.SIGNS,
            _HIDDEN_SENTENCE,
            *own,
        )
        for sign in own:
            Expression(sign.source)
        words = [Words(tongue) for tongue in TONGUES]
        hints = [sign.hint or sign.source for sign in self._signs]
        self._words = dict(enumerate([one.dropped for one in words] + [one.voided for one in words], len(hints)))
        hints += [one.drop_hint for one in words] + [one.void_hint for one in words]
        self._hints = tuple(dict.fromkeys(hints))
        self._hinted = [[place for place, hint in enumerate(hints) if hint == one] for one in self._hints]
        self._sets = tuple(_sets_of([*self._hints, *TRIGGERS, BLANKS], len(self._hints)))
        self._blanks = len(self._hints) + len(TRIGGERS)
        self._about = Expression(jailbreaks.ABOUT.source)
        self._expressions: list[Expression | None] = [None] * len(self._signs)
        self._others: dict[str, Expression] = {}

    def begin(self) -> Scan:
        return _WindowScan(self)

    def weigh(self, text: str) -> tuple[float, str]:
        """How suspicious one window is, and the name of the heaviest class."""
        if text.isascii():
            data = folded_ascii(text)
            hits = self._hits(data)
            if not hits:
                return 0.0, ""
            if self._blanks in hits:
                data = plain(text).encode()
                hits = self._hits(data)
        else:
            data = plain(text).encode("utf-8", "replace")
            hits = self._hits(data)
        worst = self._weigh(data, hits)
        first_trigger = len(self._hints)
        triggers = {hit - first_trigger for hit in hits if hit >= first_trigger}
        for reading in readings(text, triggers):
            data = plain(reading).encode("utf-8", "replace")
            worst = max(worst, self._weigh(data, self._hits(data)))
        return worst

    def _hits(self, data: bytes) -> list[int]:
        return [numbers[hit] for numbers, some in self._sets for hit in some.hits(data)]

    def _weigh(self, data: bytes, hits: Sequence[int]) -> tuple[float, str]:
        shown: dict[str, dict[str | int, float]] = {}
        for hit in hits:
            if hit >= len(self._hints):
                continue
            for place in self._hinted[hit]:
                for kind, weight, once in self._shows(place, data):
                    of_kind = shown.setdefault(kind, {})
                    of_kind[once] = max(weight, of_kind.get(once, 0.0))
        if not shown:
            return 0.0, ""
        weights = {kind: list(found.values()) for kind, found in shown.items()}
        found = weights.get(signs.JAILBREAK, ())
        if len(found) > 1 and self._about.search(data):
            weights[signs.JAILBREAK] = [*found, jailbreaks.ABOUT.weight]
        further = _FURTHER if len(data) > _SHORT else 1.0
        by_class = {kind: _sum(found, further) for kind, found in weights.items()}
        heaviest = max(by_class, key=lambda kind: (by_class[kind], kind))
        return min(1.0, sum(by_class.values())), heaviest

    def _shows(self, place: int, data: bytes) -> Iterable[tuple[str, float, str | int]]:
        """Class, weight and name of what a window shows where a hint was met."""
        if place >= len(self._signs):
            return ((signs.OVERRIDE, weight, once or f"{place}") for weight, once in self._words[place](data))
        sign, expression = self._signs[place], self._expression(place)
        shows = expression.search(data) and (
            not sign.unless or expression.search(without(self._other(sign.unless), data))
        )
        return ((sign.kind, sign.weight, sign.once or place),) if shows else ()

    def _other(self, unless: str) -> Expression:
        known = self._others.get(unless)
        if known is None:
            known = self._others[unless] = Expression(unless)
        return known

    def _expression(self, place: int) -> Expression:
        known, sign = self._expressions[place], self._signs[place]
        if known is None:
            room = _ROOM if sign.kind == signs.OVERRIDE else _LITTLE
            known = self._expressions[place] = Expression(sign.source, room)
        return known


def _sets_of(sources: Sequence[str], hints: int) -> Iterator[tuple[Sequence[int], ExpressionSet]]:
    """Three, with the numbers of their sources: the words of English, those of other languages, and what counts
    characters. Together they would make an automaton of many times the size.
    """
    others = [number for number in range(hints) if not sources[number].isascii()]
    english = [number for number in range(hints) if sources[number].isascii()]
    counting = range(hints, len(sources))
    for numbers, memory in ((english, 8 << 20), (others, 2 << 20), (counting, 4 << 20)):
        yield numbers, ExpressionSet([f"(?i){sources[number]}" for number in numbers], memory)


def _sum(weights: Sequence[float], further: float) -> float:
    """As heavy as its heaviest sign at least."""
    heaviest = max(weights)
    return max(0.0, heaviest, heaviest + further * (sum(weights) - heaviest))


class _WindowScan:
    """Windows are weighed as they fill, the last one at the end. `settled` is where the next one begins."""

    def __init__(self, detector: InjectionDetector) -> None:
        self.settled = 0
        self._detector = detector

    def feed(self, text: str, base: int, ended: bool) -> Sequence[Finding]:
        end = base + len(text)
        found: list[Finding] = []
        while self.settled + WINDOW <= end or (ended and self.settled < max(end - OVERLAP, 1)):
            found += self._judge(self.settled, text[self.settled - base : self.settled - base + WINDOW])
            self.settled += WINDOW - OVERLAP
        if ended:
            self.settled = end
        return found

    def _judge(self, start: int, window: str) -> Iterator[Finding]:
        score, kind = self._detector.weigh(window)
        if score >= LEAST:
            yield Finding(start, start + len(window), kind, self._detector.name, round(score, 4))
