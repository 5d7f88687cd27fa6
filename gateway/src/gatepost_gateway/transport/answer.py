"""An answer whose head has arrived, and its body as it comes."""

from gatepost_gateway.transport.connection import Connection, Sink
from gatepost_gateway.transport.faults import Fault, TransportError
from gatepost_gateway.transport.framing import WHOLE
from gatepost_gateway.transport.pool import Pool, Slot


class Answer:
    """Whoever opened it closes it. `headers` have lower-case names, in the order in which they came."""

    __slots__ = ("_connection", "_fault", "_pool", "_slot", "headers", "status")

    def __init__(self, connection: Connection, pool: Pool, slot: Slot) -> None:
        self._connection: Connection | None = connection
        self._fault: TransportError | None = None
        self._pool = pool
        self._slot = slot
        self.status = connection.status
        self.headers = connection.headers

    async def read(self) -> bytes:
        """Everything that arrived since the last read, at once; b"" exactly at a clean end.

        Raises TransportError when the body is cut, stalls, or is not what its framing says. Bytes that came before
        the fault are handed out first.
        """
        connection = self._connection
        if connection is None:
            return self._after_end()
        while not connection.parts:
            if connection.phase == WHOLE:
                self.close()
                return b""
            if connection.fault is not None:
                raise self._failed(connection.fault)
            await connection.wait()
        return connection.take()

    async def pump(self, sink: Sink) -> bool:
        """Hands each batch to `sink` as it arrives, without a wake-up of the task in between, until it returns False.

        True exactly at a clean end. Raises TransportError as `read` does. `sink` must not raise.
        """
        connection = self._connection
        while connection is not None:
            if connection.parts:
                if not sink(connection.take()):
                    return False
            elif connection.phase == WHOLE:
                self.close()
                return True
            elif connection.fault is not None:
                raise self._failed(connection.fault)
            elif not await connection.pour(sink):
                return False
        self._after_end()
        return True

    async def read_all(self, limit: int) -> bytes:
        """The rest of the body in one piece. Raises TransportError as `read` does, or TOO_LARGE above `limit` bytes."""
        connection = self._connection
        if connection is None:
            return self._after_end()
        if connection.phase != WHOLE and connection.length is not None and int(connection.length) > limit:
            raise self._failed(TransportError(Fault.TOO_LARGE, "the body is over the limit", sent=True))
        while connection.size <= limit:
            if connection.phase == WHOLE:
                data = connection.take()
                self.close()
                return data
            if connection.fault is not None:
                raise self._failed(connection.fault)
            await connection.wait_whole(limit)
        raise self._failed(TransportError(Fault.TOO_LARGE, "the body is over the limit", sent=True))

    def close(self) -> None:
        """Idempotent. After a whole answer the connection is kept for another call, otherwise it is cut at once."""
        connection = self._connection
        if connection is None:
            return
        self._connection = None
        if connection.phase != WHOLE:
            self._fault = connection.fault or TransportError(Fault.RESET, "closed on this side", sent=True)
        self._pool.give(self._slot, connection)

    def _after_end(self) -> bytes:
        if self._fault is not None:
            raise self._fault
        return b""

    def _failed(self, fault: TransportError) -> TransportError:
        self.close()
        self._fault = fault
        return fault
