"""A streamed answer of an execution: its text goes on at once, its message is put together for the next round."""

from typing import Any, Protocol, cast

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects.framing import EventSplitter, data_of
from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import Headers
from gatepost_gateway.pipeline.collected import first_message, own_ids
from gatepost_gateway.pipeline.dispatch import MAX_ANSWER

_SAID_ONCE = frozenset({"id", "type", "name", "role"})
Json = dict[str, Any]


class Listener(Protocol):
    """Where the text of an execution goes while it is made. `number` counts the rounds from 1."""

    async def begin(self, headers: Headers) -> None:
        """An answer begins; only the first of several is the beginning of the whole."""
        ...

    def text(self, words: str, number: int) -> bool:
        """Sends it at once; False: the caller reads slowly."""
        ...

    async def alive(self) -> None: ...
    async def drain(self) -> None: ...


class Told:
    """Implements `Outlet` for one round of a streamed execution, in OpenAI's format."""

    def __init__(self, listener: Listener, number: int) -> None:
        self._listener = listener
        self._number = number
        self._splitter = EventSplitter()
        self._message: Json = {}
        self._calls: dict[int, Json] = {}
        self._size = 0

    @property
    def message(self) -> Json:
        """As a whole answer would have it."""
        message = {"role": "assistant", "content": None, **self._message}
        if self._calls:
            message["tool_calls"] = own_ids([call for _, call in sorted(self._calls.items())])
        return message

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:  # noqa: ARG002
        """An answer that came in one piece."""
        self._message = first_message(body)
        await self._listener.begin(headers)
        if isinstance(words := self._message.get("content"), str) and words:
            self._listener.text(words, self._number)

    async def begin(self, headers: Headers) -> None:
        await self._listener.begin(headers)

    def push(self, batch: bytes) -> bool:
        words = self._taken(batch)
        return self._listener.text(words, self._number) if words else True

    async def alive(self) -> None:
        await self._listener.alive()

    async def drain(self) -> None:
        await self._listener.drain()

    async def end(self, batch: bytes) -> None:
        self.push(batch)
        await self._listener.drain()

    def _taken(self, batch: bytes) -> str:
        """The text of a batch. Raises UpstreamError when the message is more than an answer may be."""
        self._size += len(batch)
        if self._size > MAX_ANSWER:
            raise UpstreamError(
                f"the answer passed {MAX_ANSWER} bytes",
                code=Code.UPSTREAM_GARBAGE,
                status=502,
                next_step=NextStep.GIVE_UP,
                provider="",
            )
        words: list[str] = []
        for event in self._splitter.feed(batch):
            data = data_of(event)
            if data is None or data == b"[DONE]":
                continue
            words += [self._add(one.delta) for one in _chunk.decode(data).choices if one.index == 0]
        return "".join(words)

    def _add(self, delta: Json) -> str:
        for position, call in enumerate(delta.pop("tool_calls", None) or ()):
            number = call.pop("index", None)
            _merge(self._calls.setdefault(position if number is None else number, {}), call)
        _merge(self._message, delta)
        words = delta.get("content")
        return words if isinstance(words, str) else ""


class _Choice(Struct):
    index: int = 0
    delta: Json = {}


class _Chunk(Struct):
    choices: list[_Choice] = []


_chunk = msgspec.json.Decoder(_Chunk)


def _merge(whole: Json, piece: Json) -> None:
    """Texts go on, lists grow, members of members likewise; what is said once is kept as it was said first."""
    for name, value in piece.items():
        known = whole.get(name)
        if value is None or (known and name in _SAID_ONCE):
            continue
        if isinstance(known, str) and isinstance(value, str):
            whole[name] = known + value
        elif isinstance(known, list) and isinstance(value, list):
            cast("list[Any]", known).extend(cast("list[Any]", value))
        elif isinstance(known, dict) and isinstance(value, dict):
            _merge(cast("Json", known), cast("Json", value))
        else:
            whole[name] = value
