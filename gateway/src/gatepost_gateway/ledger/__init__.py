"""What is being spent and said now: budgets, rates and sessions, in this process."""

from gatepost_gateway.ledger.memory import MemoryLedger
from gatepost_gateway.ledger.rates import MemoryRates
from gatepost_gateway.ledger.sessions import MemorySessions

__all__ = ["MemoryLedger", "MemoryRates", "MemorySessions"]
