"""`Client` and `AsyncClient`: two thin shells over the operations in `_calls` and `_governed`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _calls, wire
from ._breaker import Breaker
from ._calls import Messages
from ._context import current_agent
from ._governed import Governed, Memory
from ._http import AsyncHttp, AsyncHttpClient, AsyncTransport, FunctionTransport, HttpClient, Link, SyncHttp, Transport
from ._makers import AsyncEmbeddings, AsyncImages, Embeddings, Images
from ._settings import Settings, from_options, resolve
from ._simple import AsyncSimpleCalls, SimpleCalls
from ._simulate import AsyncSimulate, Simulate
from ._stream import AsyncExecuteStream, ExecuteStream, governed, governed_async
from ._traces import AsyncTraces, Traces
from .errors import ConfigurationError
from .options import CheckOptions, ClientOptions, ExecuteOptions, Options

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from .results import ExecuteResult


log = logging.getLogger("gatepost")


class _Shared:
    """What the two clients have in common: settings, breaker, and what was begun without the gateway."""

    def __init__(self, settings: Settings, breaker: Breaker, memory: Memory) -> None:
        self._settings = settings
        self._breaker = breaker
        self._memory = memory
        self._link = Link(settings, breaker)
        self._governed = Governed(settings, memory)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._settings.url!r})"

    @property
    def base_url(self) -> str:
        """Where the gateway is."""
        return self._settings.url

    @property
    def fails_open(self) -> bool:
        """Whether calls go on without the gateway when it is away."""
        return bool(self._settings.fail_open)

    def _warn_of_untold(self) -> None:
        if self._memory.reports:
            log.warning("%d bypassed calls were not told to the gateway", len(self._memory.reports))

    def _derived(self, options: Options) -> tuple[Settings, Breaker, Memory]:
        """What a client with other options is made of; another gateway has its own breaker and its own traces."""
        for name in ("verify", "mock", "offline"):
            if name in options:
                raise ConfigurationError(f"`{name}` belongs to the connections, which are shared: build a new client")
        settings = from_options(options).over(self._settings).checked()
        if settings.url == self._settings.url:
            return settings, self._breaker, self._memory
        return settings, Breaker(), Memory()


class Client(_Shared, SimpleCalls):
    """The gateway, from synchronous code. Build one per service and share it: it is safe between threads.

    Args:
        api_key: The key. Default: what `configure` said, else the environment's GATEPOST_API_KEY.
        http_client: Your own `httpx.Client`, for proxies or special networks; you close it.
        transport: What carries the requests in place of a network, for instance a fake gateway's.
        options: As described at `Options`.

    Raises:
        ConfigurationError: An option is unknown, cannot work, or is not supported by this version.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        http_client: HttpClient | None = None,
        transport: Transport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        settings = resolve(from_options({**options, "api_key": api_key}))
        if http_client is not None and not isinstance(http_client, HttpClient):
            raise ConfigurationError("`http_client` of a Client is an httpx.Client")
        if http_client is not None and transport is not None:
            raise ConfigurationError("`transport` is for a client without an `http_client`")
        if settings.mock or settings.offline:
            settings, transport = _without_a_gateway(settings, http_client, transport)
            http_client = None
        super().__init__(settings, Breaker(), Memory())
        self._owns = http_client is None
        self._http = SyncHttp(self._link, http_client, transport)
        self.traces = Traces(self._http, self._governed)
        self.embeddings = Embeddings(self._http, self._governed)
        self.images = Images(self._http, self._governed)
        self.simulate = Simulate(self._http)

    def execute(self, trace_id: str, input: Messages | None = None, **options: Unpack[ExecuteOptions]) -> ExecuteResult:
        """A governed call to a model.

        A blocked call is a result (`result.blocked`, `result.reason`), not an error. While
        `result.tool_calls_pending`, run `result.tool_calls` and call again with `parent_step_id` and `tool_results`.

        It is repeated after a refusal that allows it (429, 500, 502, 503, 504) and where no connection came about,
        but never once the request may have arrived: a second arrival could be a second bill.

        Args:
            trace_id: The trace that it belongs to.
            input: A text, one message, or a list of messages in OpenAI's shape.
            options: As described at `ExecuteOptions`.

        Raises:
            CircuitBreakerError: The gateway cannot be reached and the call may not fail open.
            APIError: The gateway, a limit or the provider refused; see its classes.
            ConfigurationError: There is no key, or failing open was asked for without a fallback provider.
        """
        return self._http.drive(self._governed.execute(trace_id, input=input, **options))

    def execute_stream(
        self, trace_id: str, input: Messages | None = None, **options: Unpack[ExecuteOptions]
    ) -> ExecuteStream:
        """A governed call whose text comes as it is written; the stream's `result` is there when it has ended.

        A block is in the result, also one that came in the middle. The request goes out when the first piece is asked
        for; it is repeated as `execute` is until the answer begins. Failing open, the fallback's text is one piece.

        Args:
            trace_id: The trace that it belongs to.
            input: A text, one message, or a list of messages in OpenAI's shape.
            options: As described at `ExecuteOptions`; an `idempotency_key` has no use here.

        Raises:
            ConnectionError: While reading: the stream broke.
            APIError: While reading: the gateway, a limit or the provider refused.
        """
        fail_open = options.pop("fail_open", None)
        return ExecuteStream(governed(self._http, self._governed, trace_id, fail_open, {**options, "input": input}))

    def checks(self, trace_id: str, input: Messages, **options: Unpack[CheckOptions]) -> wire.CheckResult:
        """Would this be let through? Rules judge it and no model is called; it is a step of the trace.

        Args:
            trace_id: The trace that it belongs to.
            input: A text, one message, or a list of messages in OpenAI's shape.
            options: As described at `CheckOptions`.

        Raises:
            NotFoundError: The trace is absent, or another project's.
            ValidationError: Something in the question is not valid.
            GatewayError: The gateway gave no answer.
        """
        return self._http.drive(self._governed.check(trace_id, input=input, **options))

    def logs(
        self, trace_id: str, name: str, data: Mapping[str, Any] | None = None, *, parent_step_id: str | None = None
    ) -> wire.LogRecorded:
        """Record a custom event (a rating, an A/B label) as a step of a trace."""
        return self._http.drive(
            self._governed.log(trace_id=trace_id, name=name, data=data, parent_step_id=parent_step_id)
        )

    def judge(self, capability: str, payload: Any = None) -> wire.ActionDone:
        """May this be done? The gate's word on an action, recorded; `guard` asks it before a function runs.

        Args:
            capability: What is to be done, like "billing.refund".
            payload: With what, as JSON has it.

        Raises:
            ValidationError: The payload cannot be said in JSON.
            APIError: The gateway refused to answer.
            GatewayError: The gateway gave no answer.
        """
        return self._http.send(_calls.action(capability, payload, _acting()))

    def flush(self) -> int:
        """Tell the gateway of all calls that went past it, and return how many it heard of.

        They are told by themselves beside the calls that follow; this is for a program that is about to end.

        Raises:
            GatewayError: The gateway is still away; what it has not heard of waits on.
        """
        return self._http.drive(self._governed.report())

    def ping(self) -> dict[str, Any]:
        """`{"status": "ok", ...}` when the gateway is up. Needs no key, and is tried also by an open breaker.

        Raises:
            ConnectionError: It is not.
        """
        return self._http.send(_calls.ping())

    def with_options(self, **options: Unpack[Options]) -> Self:
        """A client with other options over the same connections, which stay this client's to close."""
        other = object.__new__(type(self))
        _Shared.__init__(other, *self._derived(options))
        other._owns = False
        other._http = SyncHttp(other._link, self._http.client)
        other.traces = Traces(other._http, other._governed)
        other.embeddings = Embeddings(other._http, other._governed)
        other.images = Images(other._http, other._governed)
        other.simulate = Simulate(other._http)
        return other

    def close(self) -> None:
        """Close the connections, except those of a client that was passed in."""
        if self._owns:
            self._warn_of_untold()
            self._http.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(_Shared, AsyncSimpleCalls):
    """The gateway, from asynchronous code. Build one per service and share it: it is safe between tasks.

    Args:
        api_key: The key. Default: what `configure` said, else the environment's GATEPOST_API_KEY.
        http_client: Your own `httpx.AsyncClient`, for proxies or special networks; you close it.
        transport: What carries the requests in place of a network, for instance a fake gateway's.
        options: As described at `Options`.

    Raises:
        ConfigurationError: An option is unknown, cannot work, or is not supported by this version.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        http_client: AsyncHttpClient | None = None,
        transport: AsyncTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        settings = resolve(from_options({**options, "api_key": api_key}))
        if http_client is not None and not isinstance(http_client, AsyncHttpClient):
            raise ConfigurationError("`http_client` of an AsyncClient is an httpx.AsyncClient")
        if http_client is not None and transport is not None:
            raise ConfigurationError("`transport` is for a client without an `http_client`")
        if settings.mock or settings.offline:
            # The one question is asked synchronously: nothing can be awaited here.
            asks = transport if isinstance(transport, Transport) else None
            settings, transport = _without_a_gateway(settings, None, asks)
            http_client = None
        super().__init__(settings, Breaker(), Memory())
        self._owns = http_client is None
        self._http = AsyncHttp(self._link, http_client, transport)
        self.traces = AsyncTraces(self._http, self._governed)
        self.embeddings = AsyncEmbeddings(self._http, self._governed)
        self.images = AsyncImages(self._http, self._governed)
        self.simulate = AsyncSimulate(self._http)

    async def execute(
        self, trace_id: str, input: Messages | None = None, **options: Unpack[ExecuteOptions]
    ) -> ExecuteResult:
        """A governed call to a model.

        A blocked call is a result (`result.blocked`, `result.reason`), not an error. While
        `result.tool_calls_pending`, run `result.tool_calls` and call again with `parent_step_id` and `tool_results`.

        It is repeated after a refusal that allows it (429, 500, 502, 503, 504) and where no connection came about,
        but never once the request may have arrived: a second arrival could be a second bill.

        Args:
            trace_id: The trace that it belongs to.
            input: A text, one message, or a list of messages in OpenAI's shape.
            options: As described at `ExecuteOptions`.

        Raises:
            CircuitBreakerError: The gateway cannot be reached and the call may not fail open.
            APIError: The gateway, a limit or the provider refused; see its classes.
            ConfigurationError: There is no key, or failing open was asked for without a fallback provider.
        """
        return await self._http.drive(self._governed.execute(trace_id, input=input, **options))

    def execute_stream(
        self, trace_id: str, input: Messages | None = None, **options: Unpack[ExecuteOptions]
    ) -> AsyncExecuteStream:
        """A governed call whose text comes as it is written; see `Client.execute_stream`."""
        fail_open = options.pop("fail_open", None)
        return AsyncExecuteStream(
            governed_async(self._http, self._governed, trace_id, fail_open, {**options, "input": input})
        )

    async def checks(self, trace_id: str, input: Messages, **options: Unpack[CheckOptions]) -> wire.CheckResult:
        """Would this be let through? See `Client.checks`."""
        return await self._http.drive(self._governed.check(trace_id, input=input, **options))

    async def logs(
        self, trace_id: str, name: str, data: Mapping[str, Any] | None = None, *, parent_step_id: str | None = None
    ) -> wire.LogRecorded:
        """Record a custom event (a rating, an A/B label) as a step of a trace."""
        return await self._http.drive(
            self._governed.log(trace_id=trace_id, name=name, data=data, parent_step_id=parent_step_id)
        )

    async def judge(self, capability: str, payload: Any = None) -> wire.ActionDone:
        """May this be done? See `Client.judge`."""
        return await self._http.send(_calls.action(capability, payload, _acting()))

    async def flush(self) -> int:
        """Tell the gateway of all calls that went past it; see `Client.flush`."""
        return await self._http.drive(self._governed.report())

    async def ping(self) -> dict[str, Any]:
        """`{"status": "ok", ...}` when the gateway is up. Needs no key, and is tried also by an open breaker.

        Raises:
            ConnectionError: It is not.
        """
        return await self._http.send(_calls.ping())

    def with_options(self, **options: Unpack[Options]) -> Self:
        """A client with other options over the same connections, which stay this client's to close."""
        other = object.__new__(type(self))
        _Shared.__init__(other, *self._derived(options))
        other._owns = False
        other._http = AsyncHttp(other._link, self._http.client)
        other.traces = AsyncTraces(other._http, other._governed)
        other.embeddings = AsyncEmbeddings(other._http, other._governed)
        other.images = AsyncImages(other._http, other._governed)
        other.simulate = AsyncSimulate(other._http)
        return other

    async def aclose(self) -> None:
        """Close the connections, except those of a client that was passed in."""
        if self._owns:
            self._warn_of_untold()
            await self._http.client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def _without_a_gateway(
    settings: Settings, client: HttpClient | None, transport: Transport | None
) -> tuple[Settings, FunctionTransport]:
    from ._offline import local  # noqa: PLC0415 - few need it, and it is made of clients

    return local(settings, client, transport)


def _acting() -> str | None:
    agent = current_agent()
    return None if agent is None else agent.name


Gatepost = Client
AsyncGatepost = AsyncClient
