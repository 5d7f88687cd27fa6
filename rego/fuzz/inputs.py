"""Random inputs of the shape the policies ask for, with parts left out now and then."""

from __future__ import annotations

import random
from typing import Any

from fuzz.terms import WORDS

__all__ = ["document"]

_NUMBERS: tuple[int | float, ...] = (0, 1, 2, 3, 5, 10, -1, 1.5, 0.25, 100, 12345678901)


def _some(rng: random.Random, source: tuple[Any, ...], most: int = 4) -> list[Any]:
    return [rng.choice(source) for _ in range(rng.randrange(most))]


def document(rng: random.Random) -> dict[str, Any]:
    """Make an input."""
    user = {
        "age": rng.choice(_NUMBERS),
        "name": rng.choice(WORDS),
        "role": rng.choice(("a", "b", "abc", "foo")),
        "admin": rng.random() < 0.5,
        "scores": _some(rng, _NUMBERS),
        "groups": _some(rng, WORDS),
        "limits": {key: rng.choice(_NUMBERS) for key in _some(rng, ("a", "b", "c"))},
    }
    whole = {
        "n": rng.choice(_NUMBERS),
        "s": rng.choice(WORDS),
        "flag": rng.random() < 0.5,
        "nums": _some(rng, _NUMBERS, 5),
        "words": _some(rng, WORDS, 5),
        "o": {key: rng.choice(_NUMBERS) for key in _some(rng, ("a", "b", "c", "d"))},
        "user": user,
    }
    for part in (whole, user):
        for key in list(part):
            if rng.random() < 0.05:
                del part[key]
    return whole
