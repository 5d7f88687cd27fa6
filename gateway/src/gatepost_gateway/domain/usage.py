"""What a call used, in buckets that never overlap."""

from msgspec import Struct


class Usage(Struct, frozen=True, array_like=True):
    """Tokens by disjoint bucket, and images.

    `input` is fresh input only (cached reads and cache writes are not in it); `reasoning` is the part of `output` that
    was thought and not said, and is therefore not added again. `exact` is False for an estimate.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    images: int = 0
    exact: bool = True

    @property
    def total(self) -> int:
        """All tokens, each counted once."""
        return self.input + self.output + self.cache_read + self.cache_write


NOTHING = Usage()


def plus(one: Usage, other: Usage) -> Usage:
    """Both together, exact when both are."""
    return Usage(
        one.input + other.input,
        one.output + other.output,
        one.cache_read + other.cache_read,
        one.cache_write + other.cache_write,
        one.reasoning + other.reasoning,
        one.images + other.images,
        one.exact and other.exact,
    )
