"""What streamed operations give: pieces, once, over a connection that is closed when they are done or left."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar

from .errors import GatewayError

if TYPE_CHECKING:
    from typing_extensions import Self

    from ._governed import Governed
    from ._http import AsyncHttp, SyncHttp
    from .results import ExecuteResult

T = TypeVar("T")


@dataclass(frozen=True)
class StreamChunk:
    """A piece of an answer as it is written, and the gateway's id of the request."""

    text: str
    request_id: str | None = None


class Stream(Generic[T]):
    """Pieces of an answer as they come. Leave it early with `close()`, or as a context manager."""

    def __init__(self, pieces: Generator[Any, None, None], shape: Callable[[Any], T]) -> None:
        self._pieces = pieces
        self._shape = shape

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        return self._shape(next(self._pieces))

    def close(self) -> None:
        """Stop reading; the gateway stops the call."""
        self._pieces.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncStream(Generic[T]):
    """Pieces of an answer as they come. Leave it early with `await aclose()`, or as an async context manager."""

    def __init__(self, pieces: AsyncGenerator[Any, None], shape: Callable[[Any], T]) -> None:
        self._pieces = pieces
        self._shape = shape

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        return self._shape(await self._pieces.__anext__())

    async def aclose(self) -> None:
        """Stop reading; the gateway stops the call."""
        await self._pieces.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


class ExecuteStream(Stream[str]):
    """The text of a governed call as it is written; `result` when it has ended."""

    def __init__(self, pieces: Generator[StreamChunk | ExecuteResult, None, None]) -> None:
        super().__init__(pieces, text_of)
        self._result: ExecuteResult | None = None

    def __next__(self) -> str:
        while True:
            piece = next(self._pieces)
            if isinstance(piece, StreamChunk):
                return piece.text
            self._result = piece

    @property
    def result(self) -> ExecuteResult:
        """What the call came to.

        Raises:
            RuntimeError: The stream has not been read to its end.
        """
        return _known(self._result)


class AsyncExecuteStream(AsyncStream[str]):
    """The text of a governed call as it is written; `result` when it has ended."""

    def __init__(self, pieces: AsyncGenerator[StreamChunk | ExecuteResult, None]) -> None:
        super().__init__(pieces, text_of)
        self._result: ExecuteResult | None = None

    async def __anext__(self) -> str:
        while True:
            piece = await self._pieces.__anext__()
            if isinstance(piece, StreamChunk):
                return piece.text
            self._result = piece

    @property
    def result(self) -> ExecuteResult:
        """What the call came to. Raises RuntimeError before the stream has ended."""
        return _known(self._result)


def governed(
    http: SyncHttp, flows: Governed, trace_id: str, fail_open: bool | None, asked: dict[str, Any]
) -> Generator[StreamChunk | ExecuteResult, None, None]:
    """The pieces of a governed call, and its result; the fallback's where it may fail open and nothing had come."""
    begun = False
    try:
        with closing(http.stream(http.drive(flows.stream(trace_id, **asked)))) as pieces:
            for piece in pieces:
                begun = True
                yield piece
    except GatewayError:
        past = None if begun else http.drive(flows.instead_of_stream(trace_id, fail_open=fail_open, **asked))
        if past is None:
            raise
        yield from _in_one_piece(past)


async def governed_async(
    http: AsyncHttp, flows: Governed, trace_id: str, fail_open: bool | None, asked: dict[str, Any]
) -> AsyncGenerator[StreamChunk | ExecuteResult, None]:
    """The same, without blocking."""
    begun = False
    try:
        pieces = http.stream(await http.drive(flows.stream(trace_id, **asked)))
        try:
            async for piece in pieces:
                begun = True
                yield piece
        finally:
            await pieces.aclose()
    except GatewayError:
        past = None if begun else await http.drive(flows.instead_of_stream(trace_id, fail_open=fail_open, **asked))
        if past is None:
            raise
        for piece in _in_one_piece(past):
            yield piece


def text_of(chunk: StreamChunk) -> str:
    """The text of a piece."""
    return chunk.text


def _in_one_piece(result: ExecuteResult) -> tuple[StreamChunk | ExecuteResult, ...]:
    return (StreamChunk(result.output), result) if result.output else (result,)


def _known(result: ExecuteResult | None) -> ExecuteResult:
    if result is None:
        raise RuntimeError("the stream has not been read to its end")
    return result
