"""The budget of one evaluation: steps, memory and time ("Hostile policies" in the README).

Compiled code takes steps away from ``left`` and calls :meth:`Meter.check` when none are left; the
clock is read then, and more often while steps turn out to be slow.
"""

from __future__ import annotations

import random
import time
from collections.abc import Hashable, Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from gatepost_rego.errors import CANCELLED, BudgetExceeded, DeadlineExceeded, Diagnostic

_T = TypeVar("_T")
WINDOW: Final = 200
PACE: Final = 64
_SLOW: Final = 0.001


@dataclass(frozen=True, slots=True)
class Limits:
    """What one evaluation may use at most.

    ``steps``: iterations, calls and the work of built-ins. ``cells``: elements of what is made,
    where text counts a cell for every 8 characters.
    """

    steps: int = 20_000_000
    cells: int = 3_000_000


class Meter:
    """Counts what one evaluation uses; also the context that built-ins see.

    ``growing`` holds the collections being made right now, the innermost last, so that they are
    counted while they grow.
    """

    __slots__ = (
        "_cache", "_cells", "_deadline", "_last", "_limits", "_now_ns", "_random", "_seed",
        "_spent", "_window", "growing", "left",
    )  # fmt: skip

    def __init__(
        self,
        limits: Limits,
        seconds: float | None,
        now_ns: int | None = None,
        seed: int | str | None = None,
    ) -> None:
        self._limits = limits
        self._last = time.monotonic() if seconds is not None else 0.0
        self._deadline = None if seconds is None else self._last + seconds
        self._spent = 0
        self._cells = limits.cells
        self._window = WINDOW
        self.left = WINDOW
        self.growing: list[Sized] = []
        self._now_ns = now_ns
        self._seed = seed
        self._random: random.Random | None = None
        self._cache: dict[Hashable, Any] | None = None

    def check(self) -> None:
        """Open the next window of steps.

        Raises DeadlineExceeded or BudgetExceeded when time or steps have run out.
        """
        self._spent += self._window - self.left
        if self._spent > self._limits.steps:
            text = f"evaluation used more than {self._limits.steps} steps"
            raise BudgetExceeded(Diagnostic(CANCELLED, text))
        if sum(map(len, self.growing)) > self._cells:
            self.reserve(self._cells + 1)
        self._window = WINDOW
        if self._deadline is not None:
            now = time.monotonic()
            if now > self._deadline:
                raise DeadlineExceeded(Diagnostic(CANCELLED, "evaluation passed its deadline"))
            if now - self._last > _SLOW:
                self._window = 8
            self._last = now
        self.left = self._window

    def charge(self, steps: int) -> None:
        """Count work about to be done."""
        self.left -= steps
        if self.left < 0:
            self.check()

    def reserve(self, cells: int) -> None:
        """Count what is about to be made. Raises BudgetExceeded beyond the limit."""
        self._cells -= cells
        if self._cells < 0:
            text = f"evaluation would make more than {self._limits.cells} cells"
            raise BudgetExceeded(Diagnostic(CANCELLED, text))

    def grown(self) -> None:
        """Count the collection that was begun last: nothing is added to it any more."""
        self.reserve(len(self.growing.pop()))

    def paced(self, items: Iterable[_T]) -> Iterator[_T]:
        """Go through many items and look at the clock every so often."""
        left = 0
        for item in items:
            if not left:
                self.check()
                left = PACE if self._window == WINDOW else 4
            left -= 1
            yield item

    @property
    def now_ns(self) -> int:
        """Wall-clock nanoseconds; the same during the whole evaluation."""
        if self._now_ns is None:
            self._now_ns = time.time_ns()
        return self._now_ns

    @property
    def random(self) -> random.Random:
        """This evaluation's source of random numbers."""
        if self._random is None:
            self._random = random.Random(self._seed)
        return self._random

    @property
    def cache(self) -> dict[Hashable, Any]:
        """What built-ins remember within this evaluation."""
        if self._cache is None:
            self._cache = {}
        return self._cache
