"""The client in the words of the pipeline: faults of the wire become typed failures of a provider."""

from collections.abc import Callable, Mapping

from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import Headers, Transport, UpstreamAnswer, UpstreamRequest
from gatepost_gateway.domain.snapshot import Timeouts
from gatepost_gateway.transport.answer import Answer
from gatepost_gateway.transport.client import Client
from gatepost_gateway.transport.faults import Fault, TransportError

_MEANING: dict[Fault, tuple[Code, int, NextStep, str]] = {
    Fault.REFUSED: (Code.EGRESS_REFUSED, 502, NextStep.TRY_NEXT, "may not be called"),
    Fault.RESOLVE: (Code.UPSTREAM_UNREACHABLE, 502, NextStep.TRY_NEXT, "has no address"),
    Fault.CONNECT: (Code.UPSTREAM_UNREACHABLE, 502, NextStep.RETRY_SAME, "cannot be reached"),
    Fault.TLS: (Code.UPSTREAM_UNREACHABLE, 502, NextStep.TRY_NEXT, "did not prove who it is"),
    Fault.CONNECT_TIMEOUT: (Code.UPSTREAM_TIMEOUT, 504, NextStep.TRY_NEXT, "took too long to connect"),
    Fault.FIRST_BYTE_TIMEOUT: (Code.UPSTREAM_TIMEOUT, 504, NextStep.TRY_NEXT, "took too long to begin its answer"),
    Fault.IDLE_TIMEOUT: (Code.UPSTREAM_TIMEOUT, 504, NextStep.TRY_NEXT, "fell silent in the middle of its answer"),
    Fault.TOTAL_TIMEOUT: (Code.UPSTREAM_TIMEOUT, 504, NextStep.GIVE_UP, "took too long for its whole answer"),
    Fault.RESET: (Code.UPSTREAM_UNREACHABLE, 502, NextStep.RETRY_SAME, "closed the connection without an answer"),
    Fault.TRUNCATED: (Code.UPSTREAM_TRUNCATED, 502, NextStep.RETRY_SAME, "stopped in the middle of its answer"),
    Fault.GARBAGE: (Code.UPSTREAM_GARBAGE, 502, NextStep.TRY_NEXT, "answered something that is not HTTP"),
    Fault.TOO_LARGE: (Code.UPSTREAM_GARBAGE, 502, NextStep.TRY_NEXT, "answered more than the gateway takes"),
}


def explain(error: TransportError, provider: str) -> UpstreamError:
    """What a fault of the wire means for the call."""
    code, status, step, words = _MEANING[error.fault]
    return UpstreamError(
        f"{provider} {words} ({error.reason})",
        code=code,
        status=status,
        next_step=step,
        provider=provider,
        sent=error.sent,
    )


class UpstreamReply:
    """Implements `ports.UpstreamAnswer`."""

    __slots__ = ("_answer", "_provider", "headers", "status")

    def __init__(self, answer: Answer, provider: str) -> None:
        self._answer = answer
        self._provider = provider
        self.status: int = answer.status
        self.headers: Headers = answer.headers

    async def read(self) -> bytes:
        try:
            return await self._answer.read()
        except TransportError as error:
            raise explain(error, self._provider) from error

    async def pump(self, sink: Callable[[bytes], bool]) -> bool:
        try:
            return await self._answer.pump(sink)
        except TransportError as error:
            raise explain(error, self._provider) from error

    async def read_all(self, limit: int) -> bytes:
        try:
            return await self._answer.read_all(limit)
        except TransportError as error:
            raise explain(error, self._provider) from error

    def close(self) -> None:
        self._answer.close()


class UpstreamTransport:
    """Implements `ports.Transport`. `local`: transports by scheme for what is answered in this process."""

    def __init__(self, client: Client, local: Mapping[str, Transport]) -> None:
        self._client = client
        self._local = local

    async def open(self, request: UpstreamRequest, timeouts: Timeouts, provider: str) -> UpstreamAnswer:
        inside = self._local.get(request.origin.scheme)
        if inside is not None:
            return await inside.open(request, timeouts, provider)
        try:
            answer = await self._client.open(
                request.origin, request.method, request.target, request.headers, request.body, timeouts
            )
        except TransportError as error:
            raise explain(error, provider) from error
        return UpstreamReply(answer, provider)
