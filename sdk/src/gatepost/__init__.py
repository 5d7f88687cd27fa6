"""The typed Python SDK of Gatepost, a self-hosted AI governance gateway.

import gatepost

client = gatepost.Client()
trace = client.traces.create(metadata={"user_id": "u_123"})
result = client.execute(trace_id=trace.id, input="Translate to French: Hello, world.")

What needs httpx and pydantic is loaded when it is first named, so that importing this package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .errors import (
    APIError,
    AuthError,
    BlockedError,
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

if TYPE_CHECKING:
    from ._context import Agent, Session, agent, current_agent, current_session, session
    from ._guard import guard
    from ._retry import RetryConfig
    from ._settings import configure
    from ._stream import AsyncExecuteStream, AsyncStream, ExecuteStream, Stream, StreamChunk
    from .client import AsyncClient, AsyncGatepost, Client, Gatepost
    from .options import ChatOptions, CheckOptions, ClientOptions, ExecuteOptions, Options, TraceFilters
    from .results import ExecuteResult
    from .wire.actions import ActionDone
    from .wire.executions import LogRecorded, PendingApproval, ToolCall, Usage
    from .wire.making import EmbeddingResult, ImageResult
    from .wire.registry import ModelCard
    from .wire.simple import Account, ApiKeyCreated, ChatResponse, ChatUsage, MeResponse, Message, MetricsResponse
    from .wire.traces import Step, Trace, TraceDetail, TracePage, TraceRow, TraceSummary
    from .wire.verdicts import CheckResult, Simulation

__all__ = [
    "APIError",
    "Account",
    "ActionDone",
    "Agent",
    "ApiKeyCreated",
    "AsyncClient",
    "AsyncExecuteStream",
    "AsyncGatepost",
    "AsyncStream",
    "AuthError",
    "BlockedError",
    "BudgetExceededError",
    "ChatOptions",
    "ChatResponse",
    "ChatUsage",
    "CheckOptions",
    "CheckResult",
    "CircuitBreakerError",
    "Client",
    "ClientOptions",
    "ConfigurationError",
    "ConflictError",
    "ConnectionError",
    "EmbeddingResult",
    "ExecuteOptions",
    "ExecuteResult",
    "ExecuteStream",
    "Gatepost",
    "GatepostError",
    "GatewayError",
    "ImageResult",
    "LogRecorded",
    "MeResponse",
    "Message",
    "MetricsResponse",
    "ModelCard",
    "NotFoundError",
    "Options",
    "PendingApproval",
    "ProviderError",
    "RateLimitError",
    "RetryConfig",
    "ServerError",
    "Session",
    "Simulation",
    "Step",
    "Stream",
    "StreamChunk",
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
    "agent",
    "configure",
    "current_agent",
    "current_session",
    "guard",
    "session",
]

_HOMES = {
    "wire.actions": ("ActionDone",),
    "_guard": ("guard",),
    "_context": ("Agent", "Session", "agent", "current_agent", "current_session", "session"),
    "wire.simple": (
        "Account",
        "ApiKeyCreated",
        "ChatResponse",
        "ChatUsage",
        "MeResponse",
        "Message",
        "MetricsResponse",
    ),
    "_stream": ("AsyncExecuteStream", "AsyncStream", "ExecuteStream", "Stream", "StreamChunk"),
    "_retry": ("RetryConfig",),
    "_settings": ("configure",),
    "client": ("AsyncClient", "AsyncGatepost", "Client", "Gatepost"),
    "options": ("ChatOptions", "CheckOptions", "ClientOptions", "ExecuteOptions", "Options", "TraceFilters"),
    "results": ("ExecuteResult",),
    "wire.executions": ("LogRecorded", "PendingApproval", "ToolCall", "Usage"),
    "wire.making": ("EmbeddingResult", "ImageResult"),
    "wire.registry": ("ModelCard",),
    "wire.verdicts": ("CheckResult", "Simulation"),
    "wire.traces": ("Step", "Trace", "TraceDetail", "TracePage", "TraceRow", "TraceSummary"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            found = getattr(import_module(f"{__name__}.{home}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module `{__name__}` has no attribute `{name}`")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
