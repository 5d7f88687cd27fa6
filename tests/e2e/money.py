"""Reading money from records: decimals of dollars into nano-dollars, exactly."""

from decimal import Decimal

NANO = 1_000_000_000


def nano(dollars: str | None) -> int:
    """Exact nano-dollars; nothing is finer."""
    amount = Decimal(dollars or "0") * NANO
    assert amount == amount.to_integral_value(), dollars
    return int(amount)
