"""Questions that many calls ask at once go to PostgreSQL as one statement after the other, over one connection.

They are answered in the order in which they were asked. A statement that takes longer than `SECONDS` has failed, and so
have all that wait behind it: nobody waits longer than that, and the next one finds a new connection.
"""

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

import asyncpg

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.postgres import SECONDS, TROUBLES, Part

log = logging.getLogger("gatepost.state")
MOST_AT_ONCE = 64
"""Questions of one statement."""
LINGER = 0.02
"""Seconds that what needs no answer waits for a question to go along with."""
LONGEST = 500
"""Characters of a name that is kept as it is."""
RECONNECT = 1.0
"""Seconds between two tries to reach a database that was away, if nobody asks."""
Question = TypeVar("Question")
Answer = TypeVar("Answer")
_connect: Any = vars(asyncpg)["connect"]
"""Its types are partial: a connection is Any here."""


class Batcher(Generic[Question, Answer]):
    """`say` is the statement: it is given the connection and the questions, and returns an answer each; where something
    is to be said without a question, it is given none. `undo` takes back an answer whose caller has left.
    """

    def __init__(
        self,
        part: Part,
        url: Secret,
        say: Callable[[Any, Sequence[Question]], Awaitable[Sequence[Answer]]],
        undo: Callable[[Answer], None],
        more: Callable[[], float | None],
    ) -> None:
        """`more`: the seconds until something is to be said, whether or not anybody asks; None: nothing is."""
        self._part = part
        self._url = url
        self._say = say
        self._undo = undo
        self._more = more
        self._loop = asyncio.get_running_loop()
        self._connection: Any = None
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._wake = asyncio.Event()
        self._soon: asyncio.TimerHandle | None = None
        self._working: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connects, and brings the schema up. Raises GatewayFault (503) with words that never show the password."""
        try:
            with self._part.answering():
                self._connection = await connect(self._url)
                await self._part.migrate(self._connection)
        except BaseException:
            self._hang_up()
            raise
        self._working = self._loop.create_task(self._work())

    async def ask(self, question: Question) -> Answer:
        """Raises GatewayFault (503)."""
        if self._working is None or self._working.done():
            raise self._part.away(ConnectionError())
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.append((question, answer))
        self._wake.set()
        try:
            return await answer
        except asyncio.CancelledError:
            # Cancelled in the moment in which the answer came: nobody else will undo it.
            if answer.done() and not answer.cancelled() and answer.exception() is None:
                self._undo(answer.result())
            raise

    def soon(self) -> None:
        """Something is to be said that needs no answer."""
        if self._soon is None:
            self._soon = self._loop.call_later(LINGER, self._now)

    async def close(self, last_words: Sequence[tuple[str, Any]] = ()) -> None:
        """Says `last_words`, statements with a value each, where the database can still be told."""
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)
        if self._soon is not None:
            self._soon.cancel()
        try:
            if self._connection is not None:
                async with asyncio.timeout(SECONDS):
                    for query, value in last_words:
                        await self._connection.execute(query, value)
        except TROUBLES:
            # What could not be said ends by itself.
            return
        finally:
            self._hang_up()

    def _now(self) -> None:
        self._soon = None
        self._wake.set()

    async def _work(self) -> None:
        while True:
            due = False
            try:
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()
            except TimeoutError:
                due = True
            self._wake.clear()
            while batch := self._next():
                await self._turn(batch)
            if due or self._pause() == 0:
                await self._turn([])

    def _pause(self) -> float | None:
        """How long nothing is to be said, if nobody asks. A database that is away is left alone for a while."""
        wait = self._more() if self._soon is None else None
        return wait if wait is None or self._connection is not None else max(wait, RECONNECT)

    def _next(self) -> list[tuple[Question, asyncio.Future[Answer]]]:
        batch: list[tuple[Question, asyncio.Future[Answer]]] = []
        while self._waiting and len(batch) < MOST_AT_ONCE:
            one = self._waiting.popleft()
            if not one[1].done():
                batch.append(one)
        return batch

    async def _turn(self, batch: Sequence[tuple[Question, asyncio.Future[Answer]]]) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await connect(self._url)
                answers = await self._say(self._connection, [question for question, _ in batch])
        except asyncio.CancelledError:
            self._fail(batch, ConnectionError())
            raise
        except Exception as error:
            if not isinstance(error, TROUBLES):
                log.exception("a statement of the %s failed, and not by its database's fault", self._part.name)
            self._fail(batch, error)
            self._hang_up()
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                self._undo(answer)
            else:
                future.set_result(answer)

    def _fail(self, batch: Sequence[tuple[Question, asyncio.Future[Answer]]], error: BaseException) -> None:
        """All that wait have waited long enough."""
        for _, future in (*batch, *self._waiting):
            if not future.done():
                future.set_exception(self._part.away(error))
        self._waiting.clear()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def plain(name: str) -> str:
    """A name that every database can keep, whatever its encoding; another one as a hash of itself."""
    if len(name) <= LONGEST and name.isascii() and name.isprintable():
        return name
    return "#" + hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@asynccontextmanager
async def apart(part: Part, url: Secret) -> AsyncGenerator[Any]:
    """A connection of its own, for what no call waits for. Raises GatewayFault (503)."""
    with part.answering():
        connection = await connect(url)
        try:
            yield connection
        finally:
            connection.terminate()


async def connect(url: Secret) -> Any:
    """A connection for counts. What they lose when the database itself dies is their last half second: no call waits
    for a disk.
    """
    settings = {"synchronous_commit": "off", "jit": "off"}
    return await _connect(url.reveal(), timeout=SECONDS, command_timeout=SECONDS, server_settings=settings)
