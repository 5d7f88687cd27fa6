"""Makes keys that look real and belong to nobody: nothing in this repository may look like a leak."""

from random import Random
from string import ascii_letters, digits, hexdigits

_SOURCE = Random(7)


def base62(length: int) -> str:
    return "".join(_SOURCE.choice(ascii_letters + digits) for _ in range(length - 2)) + "7q"


def hexed(length: int) -> str:
    return "".join(_SOURCE.choice(hexdigits[:16]) for _ in range(length - 2)) + "7c"
