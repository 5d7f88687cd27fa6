"""The data plane's end: it asks the control plane for what it does not know, and takes new snapshots from it."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.governance import Became
from gatepost_gateway.domain.ports import Found, Headers, TraceState
from gatepost_gateway.domain.snapshot import SnapshotDocument
from gatepost_gateway.link.channel import Channel, ChannelClosed
from gatepost_gateway.link.messages import Admission, Correcting, HttpAsk, HttpReply, Lookup, Start

_HOP = frozenset({b"content-length", b"transfer-encoding", b"connection"})


class DataEnd:
    """Implements `ports.Archive`, `ports.Approvals` and the edge's `ControlPlane`.

    `publish` is given each new snapshot.
    """

    def __init__(self) -> None:
        self._channel: Channel | None = None
        self.publish: Callable[[SnapshotDocument], Awaitable[None]] | None = None
        self.rekey: Callable[[], Awaitable[None]] | None = None
        self.correct: Callable[[Correcting], Awaitable[None]] | None = None
        self.records: str | None = None
        """Why what is written does not get into the records, where it does not."""

    def attach(self, channel: Channel) -> None:
        """A control plane is there, for the first time or again."""
        self._channel = channel
        self.records = None

    @property
    def up(self) -> bool:
        return self._channel is not None and not self._channel.closed

    async def published(self, payload: bytes) -> bytes:
        """Answers `publish`: returns when the next call sees the new snapshot."""
        if self.publish is not None:
            await self.publish(msgspec.msgpack.decode(payload, type=SnapshotDocument))
        return b""

    async def rekeyed(self, payload: bytes) -> bytes:  # noqa: ARG002
        """Answers `rekey`: returns when nothing more is sealed with the old master key."""
        if self.rekey is not None:
            await self.rekey()
        return b""

    async def corrected(self, payload: bytes) -> bytes:
        """Answers `correct`: returns when the ledger knows, and the journal has it."""
        if self.correct is None:
            raise _starting()
        await self.correct(msgspec.msgpack.decode(payload, type=Correcting))
        return b""

    async def told(self, payload: bytes) -> bytes:
        """Answers `records`: the fold stands still, and why; or (empty) it goes on."""
        self.records = payload.decode() or None
        return b""

    async def start(self) -> Start:
        return msgspec.msgpack.decode(await self._ask("start", b""), type=Start)

    async def trace(self, trace_id: str) -> TraceState | None:
        return msgspec.msgpack.decode(await self._look("trace", trace_id.encode()), type=TraceState | None)

    async def kept(self, kind: str, id: str) -> Found | None:
        found = await self._look("kept", msgspec.msgpack.encode(Lookup(kind, id)))
        return msgspec.msgpack.decode(found, type=Found | None)

    async def admit(self, escalation_id: str, step_id: str) -> bool:
        said = await self._look("admit", msgspec.msgpack.encode(Admission(escalation_id, step_id)))
        return msgspec.msgpack.decode(said, type=bool)

    async def became(self, step_ids: Sequence[str]) -> dict[str, Became]:
        """What the journal says that calls were settled at; one that is not in the answer never began."""
        found = await self._ask("became", msgspec.msgpack.encode(step_ids))
        return msgspec.msgpack.decode(found, type=dict[str, Became])

    async def forward(
        self, method: str, path: str, query: bytes, headers: Headers, body: bytes
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """The control plane's answer to a request of its own pages. Raises GatewayFault (503) when it is away."""
        ask = HttpAsk(method, path, query, list(headers), body)
        reply = msgspec.msgpack.decode(await self._ask("http", msgspec.msgpack.encode(ask)), type=HttpReply)
        return reply.status, [header for header in reply.headers if header[0].lower() not in _HOP], reply.body

    async def _look(self, name: str, payload: bytes) -> bytes:
        """What a call needs to know of the records. Raises GatewayFault (503)."""
        try:
            return await self._ask(name, payload)
        except RuntimeError as error:
            # Its words are in the control plane's log; they may name what no caller must know.
            words = "the records do not answer: try again, or look at the gateway's log"
            raise GatewayFault(words, code=Code.RECORDS_UNAVAILABLE, status=503) from error

    async def _ask(self, name: str, payload: bytes) -> bytes:
        if self._channel is None:
            raise _away()
        try:
            return await self._channel.ask(name, payload)
        except ChannelClosed:
            raise _away() from None


def _starting() -> GatewayFault:
    return GatewayFault("the gateway is starting: try in a second", code=Code.CONTROL_UNAVAILABLE, status=503)


def _away() -> GatewayFault:
    return GatewayFault(
        "the control plane is starting again: try in a second", code=Code.CONTROL_UNAVAILABLE, status=503
    )
