"""The gateway that is none: local answers for clients that are a mock, or that work offline."""

from __future__ import annotations

from typing import Any, Literal, cast

from ._fake_book import Book
from ._fake_simple import Desk
from .testing import FakeGateway, House, Seen

KEY = "gp_local_none"
MOST_TRACES = 1000
"""Traces that are remembered; a client may live for long."""


class LocalGateway(FakeGateway):
    """Answers whoever asks, and marks what it says."""

    def __init__(self, mark: Literal["mock", "offline"]) -> None:
        super().__init__()
        self._mark = mark
        self._house = House(KEY, Book(MOST_TRACES), Desk())

    def _answer(self, seen: Seen) -> tuple[int, Any]:
        self.seen.clear()
        status, said = super()._answer(seen)
        if not isinstance(said, dict):
            return status, said
        return status, {**cast("dict[str, Any]", said), self._mark: True}

    def _authenticate(self, seen: Seen) -> None:
        """Every key is good."""
