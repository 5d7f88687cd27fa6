"""Money is an integer of nano-dollars; prices are nano-dollars per million tokens. Never a float."""

from decimal import Decimal

from msgspec import Struct

from gatepost_gateway.domain.usage import Usage

NANO = 1_000_000_000
MILLION = 1_000_000

NanoUSD = int


class Prices(Struct, frozen=True, array_like=True):
    """Nano-dollars per million tokens for each disjoint bucket of `Usage`; per piece for images.

    `cache_read` and `cache_write` fall back to `input` when the entry names no price of their own. Reasoning tokens are
    part of `output` and have no price of their own.
    """

    input: int
    output: int
    cache_read: int | None = None
    cache_write: int | None = None
    image: int | None = None

    def cost(self, usage: Usage) -> int:
        """The price of `usage` in nano-dollars, rounded up once at the end."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        total = (
            usage.input * self.input + usage.cache_read * read + usage.cache_write * write + usage.output * self.output
        )
        return -(-total // MILLION) + usage.images * (self.image or 0)

    def ceiling(self, input_tokens: int, output_tokens: int, images: int = 0) -> int:
        """The most that a call can cost whatever bucket its tokens land in, in nano-dollars."""
        dearest = max(self.input, self.cache_read or 0, self.cache_write or 0)
        return -(-(input_tokens * dearest + output_tokens * self.output) // MILLION) + images * (self.image or 0)


def per_million(usd_per_1k: Decimal) -> int:
    """Dollars per thousand tokens, as people write prices, in nano-dollars per million tokens."""
    return int((usd_per_1k * 1000 * NANO).to_integral_value())


def nano(usd: Decimal) -> int:
    """Dollars in nano-dollars. Raises ValueError when the amount has a part smaller than a nano-dollar."""
    scaled = usd * NANO
    whole = int(scaled)
    if whole != scaled:
        msg = f"`{usd}` is finer than a nano-dollar"
        raise ValueError(msg)
    return whole


def usd(amount: int) -> str:
    """Nano-dollars as an exact decimal of dollars, without trailing zeros: 1_500_000 is `0.0015`."""
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), NANO)
    return f"{sign}{whole}.{part:09d}".rstrip("0").rstrip(".") if part else f"{sign}{whole}"
