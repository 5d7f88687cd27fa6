"""What is being spent now: budgets and rates, in this process."""

from gatepost_gateway.ledger.memory import MemoryLedger
from gatepost_gateway.ledger.rates import MemoryRates

__all__ = ["MemoryLedger", "MemoryRates"]
