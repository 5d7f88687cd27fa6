"""The control plane's end: it answers requests with its own ASGI application, and looks things up in the records."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

import msgspec

from gatepost_gateway.domain.governance import Became
from gatepost_gateway.domain.ports import Found, TraceState
from gatepost_gateway.domain.snapshot import SnapshotDocument
from gatepost_gateway.link.channel import Channel, ChannelClosed, Handler
from gatepost_gateway.link.messages import Admission, Correcting, HttpAsk, HttpReply, Lookup, Start

Asgi = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]


class Memory(Protocol):
    """What the control plane can be asked."""

    async def start(self) -> Start: ...
    async def trace(self, trace_id: str) -> TraceState | None: ...
    async def kept(self, kind: str, id: str) -> Found | None: ...
    async def admit(self, escalation_id: str, step_id: str) -> bool: ...
    async def became(self, step_ids: list[str]) -> dict[str, Became]:
        """What calls were settled at; one that is not in the answer never began."""
        ...


class ControlEnd:
    """`handlers` go into the channel; `publish` sends a snapshot and returns when the data plane serves it."""

    def __init__(self, memory: Memory, app: Callable[[], Asgi]) -> None:
        self._memory = memory
        self._app = app
        self._channel: Channel | None = None

    def attach(self, channel: Channel) -> None:
        self._channel = channel

    @property
    def handlers(self) -> dict[str, Handler]:
        return {
            "start": self._start,
            "trace": self._trace,
            "kept": self._kept,
            "admit": self._admit,
            "became": self._became,
            "http": self._http,
        }

    async def publish(self, document: SnapshotDocument) -> None:
        """Raises ChannelClosed when the data plane has gone."""
        if self._channel is not None:
            await self._channel.ask("publish", msgspec.msgpack.encode(document))

    async def rekey(self) -> None:
        """Returns when the data plane seals with the new master key. Raises ChannelClosed when it has gone."""
        if self._channel is not None:
            await self._channel.ask("rekey", b"")

    async def tell(self, trouble: str) -> None:
        """Says why the records do not take in what is written; empty: they do. Raises ChannelClosed."""
        if self._channel is not None:
            await self._channel.ask("records", trouble.encode())

    async def correct(self, said: Correcting) -> None:
        """Returns when it is settled and written. Raises RuntimeError when it could not be, ChannelClosed."""
        if self._channel is None:
            raise ChannelClosed("correct")
        await self._channel.ask("correct", msgspec.msgpack.encode(said))

    async def _start(self, payload: bytes) -> bytes:  # noqa: ARG002
        return msgspec.msgpack.encode(await self._memory.start())

    async def _trace(self, payload: bytes) -> bytes:
        return msgspec.msgpack.encode(await self._memory.trace(payload.decode()))

    async def _kept(self, payload: bytes) -> bytes:
        asked = msgspec.msgpack.decode(payload, type=Lookup)
        return msgspec.msgpack.encode(await self._memory.kept(asked.kind, asked.id))

    async def _admit(self, payload: bytes) -> bytes:
        asked = msgspec.msgpack.decode(payload, type=Admission)
        return msgspec.msgpack.encode(await self._memory.admit(asked.escalation_id, asked.step_id))

    async def _became(self, payload: bytes) -> bytes:
        return msgspec.msgpack.encode(await self._memory.became(msgspec.msgpack.decode(payload, type=list[str])))

    async def _http(self, payload: bytes) -> bytes:
        return msgspec.msgpack.encode(await answer(self._app(), msgspec.msgpack.decode(payload, type=HttpAsk)))


async def answer(app: Asgi, ask: HttpAsk) -> HttpReply:
    """One request through an ASGI application, without a socket."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": ask.method,
        "scheme": "http",
        "path": ask.path,
        "raw_path": ask.path.encode(),
        "query_string": ask.query,
        "root_path": "",
        "headers": ask.headers,
        "client": None,
        "server": None,
    }
    asked = [{"type": "http.request", "body": ask.body, "more_body": False}]
    reply = HttpReply(500, [], b"")
    pieces: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return asked.pop() if asked else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            reply.status, reply.headers = message["status"], list(message.get("headers", []))
        else:
            pieces.append(message.get("body", b""))

    await app(scope, receive, send)
    reply.body = b"".join(pieces)
    return reply
