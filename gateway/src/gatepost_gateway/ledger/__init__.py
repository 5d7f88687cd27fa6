"""What is being spent now, and who can be asked: budgets, rates and breakers, in this process."""

from gatepost_gateway.ledger.breakers import MemoryBreakers
from gatepost_gateway.ledger.memory import MemoryLedger
from gatepost_gateway.ledger.rates import MemoryRates

__all__ = ["MemoryBreakers", "MemoryLedger", "MemoryRates"]
