from decimal import Decimal

from gatepost_gateway.control.pricing import prices
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.settings.declared import PriceSheet


def test_prices_are_whole() -> None:
    sheet = PriceSheet(Decimal("0.001"), Decimal("0.002"), Decimal("0.0001"), Decimal("0.003"), Decimal("0.04"))
    assert prices(sheet) == Prices(10**9, 2 * 10**9, 10**8, 3 * 10**9, 40_000_000)
    assert prices(PriceSheet(Decimal(1), None)) is None
