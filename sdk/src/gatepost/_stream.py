"""What streamed operations give: pieces, once, over a connection that is closed when they are done or left."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Self

T = TypeVar("T")


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
