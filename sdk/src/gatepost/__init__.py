"""The typed Python SDK of Gatepost, a self-hosted AI governance gateway.

import gatepost

client = gatepost.Client()
trace = client.traces.create(metadata={"user_id": "u_123"})
result = client.execute(trace_id=trace.id, input="Translate to French: Hello, world.")
"""

from ._retry import RetryConfig
from ._settings import configure
from ._version import __version__
from .client import AsyncClient, AsyncGatepost, Client, Gatepost
from .errors import (
    APIError,
    AuthError,
    BudgetExceededError,
    CircuitBreakerError,
    ConfigurationError,
    ConflictError,
    ConnectionError,  # noqa: A004 - the name that callers of HTTP clients look for
    GatepostError,
    GatewayError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    ServerError,
    ValidationError,
)
from .options import ClientOptions, ExecuteOptions, Options, TraceFilters
from .results import ExecuteResult
from .wire import (
    LogRecorded,
    ModelCard,
    Step,
    ToolCall,
    Trace,
    TraceDetail,
    TracePage,
    TraceRow,
    TraceSummary,
    Usage,
)

__all__ = [
    "APIError",
    "AsyncClient",
    "AsyncGatepost",
    "AuthError",
    "BudgetExceededError",
    "CircuitBreakerError",
    "Client",
    "ClientOptions",
    "ConfigurationError",
    "ConflictError",
    "ConnectionError",
    "ExecuteOptions",
    "ExecuteResult",
    "Gatepost",
    "GatepostError",
    "GatewayError",
    "LogRecorded",
    "ModelCard",
    "NotFoundError",
    "Options",
    "ProviderError",
    "RateLimitError",
    "RetryConfig",
    "ServerError",
    "Step",
    "ToolCall",
    "Trace",
    "TraceDetail",
    "TraceFilters",
    "TracePage",
    "TraceRow",
    "TraceSummary",
    "Usage",
    "ValidationError",
    "__version__",
    "configure",
]
