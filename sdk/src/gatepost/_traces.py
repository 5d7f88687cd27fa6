"""`client.traces`, for both shells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import _calls, wire
from ._calls import Dollars
from ._governed import Governed
from ._http import AsyncHttp, SyncHttp
from .options import TraceFilters

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Traces:
    """Traces: one piece of work each, to which governed calls are bound."""

    def __init__(self, http: SyncHttp, governed: Governed) -> None:
        self._http = http
        self._governed = governed

    def create(self, metadata: Mapping[str, Any] | None = None, revenue: Dollars | None = None) -> wire.Trace:
        """Open a trace.

        Args:
            metadata: Who and what for (`user_id`, `intent`, `feature`...): routing, policy and reports read it.
            revenue: Dollars that this piece of work earns, for its margin.

        Raises:
            GatewayError: The gateway gave no answer. A client that fails open gets a local trace instead, which is
                registered when the gateway is back.
            APIError: The gateway refused.
        """
        return self._http.drive(self._governed.create_trace(metadata=metadata, revenue=revenue))

    def complete(self, trace_id: str) -> wire.TraceSummary:
        """Seal a trace and return what it came to.

        Raises:
            NotFoundError: There is no such trace in this project.
            ConflictError: It is sealed already (`trace_sealed`), or a step is still running (`trace_busy`).
        """
        return self._http.drive(self._governed.complete_trace(trace_id))

    def get(self, trace_id: str) -> wire.TraceDetail:
        """A trace with all its steps.

        Raises:
            NotFoundError: There is no such trace in this project.
        """
        return self._http.drive(self._governed.get_trace(trace_id))

    def list(self, **filters: Unpack[TraceFilters]) -> wire.TracePage:
        """One page of traces, newest first.

        Args:
            filters: As described at `TraceFilters`.
        """
        return self._http.send(_calls.list_traces(filters))


class AsyncTraces:
    """Traces: one piece of work each, to which governed calls are bound."""

    def __init__(self, http: AsyncHttp, governed: Governed) -> None:
        self._http = http
        self._governed = governed

    async def create(self, metadata: Mapping[str, Any] | None = None, revenue: Dollars | None = None) -> wire.Trace:
        """Open a trace.

        Args:
            metadata: Who and what for (`user_id`, `intent`, `feature`...): routing, policy and reports read it.
            revenue: Dollars that this piece of work earns, for its margin.

        Raises:
            GatewayError: The gateway gave no answer. A client that fails open gets a local trace instead, which is
                registered when the gateway is back.
            APIError: The gateway refused.
        """
        return await self._http.drive(self._governed.create_trace(metadata=metadata, revenue=revenue))

    async def complete(self, trace_id: str) -> wire.TraceSummary:
        """Seal a trace and return what it came to.

        Raises:
            NotFoundError: There is no such trace in this project.
            ConflictError: It is sealed already (`trace_sealed`), or a step is still running (`trace_busy`).
        """
        return await self._http.drive(self._governed.complete_trace(trace_id))

    async def get(self, trace_id: str) -> wire.TraceDetail:
        """A trace with all its steps.

        Raises:
            NotFoundError: There is no such trace in this project.
        """
        return await self._http.drive(self._governed.get_trace(trace_id))

    async def list(self, **filters: Unpack[TraceFilters]) -> wire.TracePage:
        """One page of traces, newest first.

        Args:
            filters: As described at `TraceFilters`.
        """
        return await self._http.send(_calls.list_traces(filters))
