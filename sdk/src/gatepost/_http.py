"""The only module that knows the HTTP library: one attempt, the retry loop, what a failure means."""

from __future__ import annotations

import json
import random
import ssl
import time
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Callable, NamedTuple, TypeVar

import httpx

from . import errors
from ._breaker import Breaker
from ._calls import Call, Flow, Reply, Streamed
from ._context import headers as headers_around
from ._retry import Failure, decide, read_retry_after
from ._settings import Settings
from ._version import __version__
from .options import Verify
from .wire import headers as names

T = TypeVar("T")

HttpClient = httpx.Client
AsyncHttpClient = httpx.AsyncClient
Transport = httpx.BaseTransport
AsyncTransport = httpx.AsyncBaseTransport

_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
_MOST_ADDRESSES = 64
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)


class Answer(NamedTuple):
    """What a fake transport answers with."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Link:
    """Settings, breaker and headers of one client: all that the sync and the async way have in common."""

    def __init__(self, settings: Settings, breaker: Breaker) -> None:
        self.settings = settings
        self.breaker = breaker
        self._timeout = httpx.Timeout(settings.seconds)
        self._addresses: dict[str, httpx.URL] = {}
        self.headers = {"accept": "application/json", "user-agent": f"gatepost-python/{__version__}"}
        if settings.api_key is not None:
            self.headers[names.AUTHORIZATION] = f"Bearer {settings.api_key}"
        if settings.user_id is not None:
            self.headers[names.USER_ID] = settings.user_id
        self.headers.update({name.lower(): value for name, value in (settings.headers or {}).items()})

    def prepare(self, call: Call[Any], client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """The request for a call; refuses where there is no key, or the breaker is open."""
        if client.is_closed:
            raise errors.ConfigurationError("this client is closed")
        content = call.content
        headers = {**self.headers, **headers_around(), **call.headers} if call.url is None else dict(call.headers)
        if content is not None:
            headers["content-type"] = "application/json"
        if call.url is None:
            self._require_key(call, headers)
            self._require_closed_breaker(call)
        url = self._address(call.url or self.settings.url + call.path)
        return client.build_request(call.method, url, content=content, headers=headers, timeout=self._timeout)

    def _address(self, url: str) -> httpx.URL:
        """The address, read once: most calls go to the same few."""
        known = self._addresses.get(url)
        if known is None:
            try:
                known = httpx.URL(url)
            except httpx.InvalidURL as error:
                raise errors.ConfigurationError(f"not an address: `{url}`: {error}") from error
            if len(self._addresses) < _MOST_ADDRESSES:
                self._addresses[url] = known
        return known

    def _require_key(self, call: Call[Any], headers: Mapping[str, str]) -> None:
        if not call.keyless and names.AUTHORIZATION not in headers and names.API_KEY not in headers:
            raise errors.ConfigurationError(
                "no API key", hint="set GATEPOST_API_KEY, or pass api_key to gatepost.configure or to the client"
            )

    def _require_closed_breaker(self, call: Call[Any]) -> None:
        left = self.breaker.refuses() if call.guarded else None
        if left is not None:
            raise errors.CircuitBreakerError(
                f"the gateway at {self.settings.url} did not answer several calls in a row",
                code="breaker_open",
                trace_id=call.trace_id,
                hint=f"the next call is tried in {left:.0f} s",
            )

    def wait_after(self, attempt: int, outcome: httpx.Response | httpx.RequestError, call: Call[Any]) -> float | None:
        """Seconds until the next attempt, or None when `outcome` stands."""
        if isinstance(outcome, httpx.Response):
            if outcome.is_success:
                return None
            status, headers = outcome.status_code, outcome.headers
        else:
            status, headers = _failure(outcome), dict[str, str]()
        chance = random.random()  # noqa: S311 - spreads retries, guards nothing
        return decide(attempt, status, headers, config=self.settings.retries, repeatable=call.repeatable, chance=chance)

    def settle(self, outcome: httpx.Response | httpx.RequestError, call: Call[T]) -> T:
        """The result of a call, or its error."""
        if not isinstance(outcome, httpx.Response) or not outcome.is_success:
            raise self.failure(outcome, call)
        if call.url is None:
            self.breaker.answered()
        return _read(outcome, call)

    def failure(self, outcome: httpx.Response | httpx.RequestError, call: Call[Any]) -> errors.GatepostError:
        """The error for no answer, or for an unhappy one; the breaker hears which."""
        if isinstance(outcome, httpx.Response):
            if call.url is None:
                self.breaker.answered()
            return _refusal(outcome, call)
        if call.url is None:
            self.breaker.failed()
        failed = self._unanswered(outcome, call)
        failed.__cause__ = outcome
        return failed

    def broke(self, error: httpx.RequestError, call: Call[Any], answered: httpx.Response) -> errors.GatepostError:
        """The error for a stream that stopped in the middle."""
        broken = self._unanswered(error, replace(call, unanswered=errors.ConnectionError))
        broken.request_id = answered.headers.get(names.REQUEST_ID)
        return broken

    def _unanswered(self, error: httpx.RequestError, call: Call[Any]) -> errors.GatepostError:
        where = call.url or self.settings.url
        if isinstance(error, httpx.TimeoutException):
            seconds = self.settings.seconds or float("inf")
            said, code = f"{where} did not answer within {seconds:g} s", "timeout"
        elif _failure(error) is Failure.NOT_SENT:
            said, code = f"{where} cannot be reached: {error}", "unreachable"
        else:
            said, code = f"the connection to {where} broke before the answer was complete: {error}", "interrupted"
        return call.unanswered(said, code=code, trace_id=call.trace_id)


class SyncHttp:
    """Sends calls and waits for them. Safe to share between threads."""

    def __init__(self, link: Link, client: httpx.Client | None, transport: httpx.BaseTransport | None = None) -> None:
        self.link = link
        self.client = client or httpx.Client(verify=_tls(link.settings.verify), limits=_LIMITS, transport=transport)

    def send(self, call: Call[T]) -> T:
        """The result of a call, with its retries."""
        request = self.link.prepare(call, self.client)
        attempt = 0
        while True:
            outcome = self._attempt(request)
            wait = self.link.wait_after(attempt, outcome, call)
            if wait is None:
                return self.link.settle(outcome, call)
            time.sleep(wait)
            attempt += 1

    def stream(self, streamed: Streamed[T]) -> Generator[T, None, None]:
        """The pieces of a streamed answer. Retries end with its first byte."""
        call, response = streamed.call, self._opened(streamed.call)
        try:
            reading = streamed.reading(Reply(response.status_code, response.headers, None))
            for data in response.iter_bytes():
                yield from _read_pieces(reading.feed(data), call, response)
            yield from _read_pieces(reading.end(), call, response)
        except httpx.RequestError as error:
            raise self.link.broke(error, call, response) from error
        finally:
            response.close()

    def _opened(self, call: Call[Any]) -> httpx.Response:
        request = self.link.prepare(call, self.client)
        attempt = 0
        while True:
            outcome = self._attempt(request, stream=True)
            wait = self.link.wait_after(attempt, outcome, call)
            if isinstance(outcome, httpx.Response) and not outcome.is_success:
                outcome = self._whole(outcome)
            if wait is None:
                break
            time.sleep(wait)
            attempt += 1
        if not isinstance(outcome, httpx.Response) or not outcome.is_success:
            raise self.link.failure(outcome, call)
        self.link.breaker.answered()
        return outcome

    def _whole(self, response: httpx.Response) -> httpx.Response | httpx.RequestError:
        try:
            response.read()
        except httpx.RequestError as error:
            return error
        return response

    def drive(self, flow: Flow[T]) -> T:
        """The result of an operation that takes several calls."""
        resume: Callable[[], Call[Any]] = partial(next, flow)
        try:
            while True:
                resume = self._outcome(flow, resume())
        except StopIteration as done:
            return done.value

    def _outcome(self, flow: Flow[Any], call: Call[Any]) -> Callable[[], Call[Any]]:
        try:
            result = self.send(call)
        except errors.GatepostError as error:
            return partial(flow.throw, error)
        return partial(flow.send, result)

    def _attempt(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response | httpx.RequestError:
        try:
            return self.client.send(request, stream=stream)
        except httpx.RequestError as error:
            return error


class AsyncHttp:
    """Sends calls without blocking. Safe to share between tasks of one event loop."""

    def __init__(
        self, link: Link, client: httpx.AsyncClient | None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.link = link
        self.client = client or httpx.AsyncClient(
            verify=_tls(link.settings.verify), limits=_LIMITS, transport=transport
        )

    async def send(self, call: Call[T]) -> T:
        """The result of a call, with its retries."""
        request = self.link.prepare(call, self.client)
        attempt = 0
        while True:
            outcome = await self._attempt(request)
            wait = self.link.wait_after(attempt, outcome, call)
            if wait is None:
                return self.link.settle(outcome, call)
            await _pause(wait)
            attempt += 1

    async def stream(self, streamed: Streamed[T]) -> AsyncGenerator[T, None]:
        """The pieces of a streamed answer. Retries end with its first byte."""
        call, response = streamed.call, await self._opened(streamed.call)
        try:
            reading = streamed.reading(Reply(response.status_code, response.headers, None))
            async for data in response.aiter_bytes():
                for piece in _read_pieces(reading.feed(data), call, response):
                    yield piece
            for piece in _read_pieces(reading.end(), call, response):
                yield piece
        except httpx.RequestError as error:
            raise self.link.broke(error, call, response) from error
        finally:
            await response.aclose()

    async def _opened(self, call: Call[Any]) -> httpx.Response:
        request = self.link.prepare(call, self.client)
        attempt = 0
        while True:
            outcome = await self._attempt(request, stream=True)
            wait = self.link.wait_after(attempt, outcome, call)
            if isinstance(outcome, httpx.Response) and not outcome.is_success:
                outcome = await self._whole(outcome)
            if wait is None:
                break
            await _pause(wait)
            attempt += 1
        if not isinstance(outcome, httpx.Response) or not outcome.is_success:
            raise self.link.failure(outcome, call)
        self.link.breaker.answered()
        return outcome

    async def _whole(self, response: httpx.Response) -> httpx.Response | httpx.RequestError:
        try:
            await response.aread()
        except httpx.RequestError as error:
            return error
        return response

    async def drive(self, flow: Flow[T]) -> T:
        """The result of an operation that takes several calls."""
        resume: Callable[[], Call[Any]] = partial(next, flow)
        try:
            while True:
                resume = await self._outcome(flow, resume())
        except StopIteration as done:
            return done.value

    async def _outcome(self, flow: Flow[Any], call: Call[Any]) -> Callable[[], Call[Any]]:
        try:
            result = await self.send(call)
        except errors.GatepostError as error:
            return partial(flow.throw, error)
        return partial(flow.send, result)

    async def _attempt(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response | httpx.RequestError:
        try:
            return await self.client.send(request, stream=stream)
        except httpx.RequestError as error:
            return error


class FunctionTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport whose answers come from a function: what a fake gateway is plugged in with."""

    def __init__(self, respond: Callable[[str, str, Mapping[str, str], bytes], Answer | None]) -> None:
        self._respond = respond

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer; None from the function is a gateway that cannot be reached."""
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer; None from the function is a gateway that cannot be reached."""
        return self._answer(request, await request.aread())

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self._respond(request.method, str(request.url.raw_path, "ascii"), headers, body)
        if answer is None:
            raise httpx.ConnectError("connection refused", request=request)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.content, request=request)


async def _pause(seconds: float) -> None:
    import asyncio  # noqa: PLC0415 - a program that never waits so does not load it

    await asyncio.sleep(seconds)


def _failure(error: httpx.RequestError) -> Failure:
    return Failure.NOT_SENT if isinstance(error, _NOT_SENT) else Failure.MAYBE_SENT


def _refusal(response: httpx.Response, call: Call[Any]) -> errors.APIError:
    return errors.error_from_answer(
        response.status_code,
        _decode(response.content),
        request_id=response.headers.get(names.REQUEST_ID),
        trace_id=call.trace_id or response.headers.get(names.TRACE_ID),
        retry_after=read_retry_after(response.headers),
        kind=None if call.url is None else errors.ProviderError,
    )


def _read(response: httpx.Response, call: Call[T]) -> T:
    """The result in an answer; one that is not of the contract is an error."""
    body = _decode(response.content)
    try:
        return call.read(Reply(response.status_code, response.headers, body))
    except (ValueError, TypeError) as error:
        unread = _unreadable(call, response)
        unread.body = body
        raise unread from error


def _read_pieces(pieces: Iterable[T], call: Call[Any], response: httpx.Response) -> Generator[T, None, None]:
    """The pieces of a stream; one that is not of the contract is an error."""
    try:
        yield from pieces
    except (ValueError, TypeError, KeyError) as error:
        raise _unreadable(call, response) from error


def _unreadable(call: Call[Any], response: httpx.Response) -> errors.APIError:
    request_id = response.headers.get(names.REQUEST_ID)
    return errors.unreadable(f"{call.method} {call.path}", response.status_code, request_id, call.trace_id)


def _decode(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except (ValueError, RecursionError):
        return content.decode("utf-8", "replace")


def _tls(verify: Verify | None) -> bool | ssl.SSLContext:
    """What httpx wants: newer versions take paths only as a context."""
    if verify is None or isinstance(verify, (bool, ssl.SSLContext)):
        return True if verify is None else verify
    path = Path(verify)
    try:
        return ssl.create_default_context(capath=path) if path.is_dir() else ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise errors.ConfigurationError(f"`verify` is not a readable CA bundle: `{path}`: {error}") from error
