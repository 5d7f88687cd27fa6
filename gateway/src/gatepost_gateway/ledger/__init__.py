"""What is being spent and said now, and who can be asked: budgets, rates, sessions, breakers, in this process."""

from gatepost_gateway.ledger.breakers import MemoryBreakers
from gatepost_gateway.ledger.counters import MemoryCounters
from gatepost_gateway.ledger.memory import MemoryLedger
from gatepost_gateway.ledger.pace import MemoryPace
from gatepost_gateway.ledger.rates import MemoryRates
from gatepost_gateway.ledger.sessions import MemorySessions

__all__ = ["MemoryBreakers", "MemoryCounters", "MemoryLedger", "MemoryPace", "MemoryRates", "MemorySessions"]
