"""Money is an integer of nano-dollars; prices are nano-dollars per million tokens. Never a float."""

from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

from msgspec import Struct

from gatepost_gateway.domain.usage import Usage

NANO = 1_000_000_000
MILLION = 1_000_000
_NANO_USD = Decimal("1E-9")
_MOST_DIGITS = 9
"""Dollars below a thousand million fit the journal's 64 bits with room for sums."""
_EXACT = Context(prec=64, traps=[Inexact, InvalidOperation, Overflow])

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
    """Dollars in nano-dollars. Raises ValueError for what is finer than a nano-dollar, not a number or too large."""
    if not usd.is_finite() or usd.adjusted() >= _MOST_DIGITS:
        msg = "not an amount of dollars that can be counted"
        raise ValueError(msg)
    try:
        # Quantised, not multiplied: the default context would round a long tail of digits away.
        return int(usd.quantize(_NANO_USD, context=_EXACT).scaleb(9, context=_EXACT))
    except (Inexact, InvalidOperation, Overflow):
        msg = "an amount of dollars is finer than a nano-dollar"
        raise ValueError(msg) from None


def usd(amount: int) -> str:
    """Nano-dollars as an exact decimal of dollars, without trailing zeros: 1_500_000 is `0.0015`."""
    sign = "-" if amount < 0 else ""
    whole, part = divmod(abs(amount), NANO)
    return f"{sign}{whole}.{part:09d}".rstrip("0") if part else f"{sign}{whole}"
