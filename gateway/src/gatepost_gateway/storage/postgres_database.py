"""A database that several gateways share: PostgreSQL, asked from any thread over one connection.

The driver is asynchronous: it lives on a loop in a thread of its own, and whoever asks waits for it. A connection that
was lost is made again for the next question; what was being written when it went is written whole or not at all.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar, cast

import asyncpg

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.database import DatabaseError, Dialect, RefusedError, Sql, Values

T = TypeVar("T")
SECONDS = 10.0
"""A statement that takes longer has failed."""
CONNECT_SECONDS = 5.0
RUNS = 41002
"""The class of the locks by which gateways know of each other."""
JOURNAL = "gatepost.journal"
SETTINGS = {
    "search_path": "gatepost",
    "application_name": "gatepost",
    "synchronous_commit": "on",
    # Short questions all: compiling them would take longer than answering.
    "jit": "off",
    # Whoever is stuck in a transaction holds up the others no longer than this.
    "idle_in_transaction_session_timeout": "20s",
    "lock_timeout": "8s",
}
_connect: Any = vars(asyncpg)["connect"]
"""Its types are partial: a connection is Any here."""
_LOST = (
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    OSError,
    TimeoutError,
)
_FAILED = (*_LOST, asyncpg.PostgresError, asyncpg.InternalClientError, ValueError)
_REFUSED = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    asyncpg.ProgramLimitExceededError,
)
_PLACE = re.compile(r"(?<!:):([a-z_]+)|\?")


@lru_cache(1000)
def numbered(query: str) -> tuple[str, tuple[str, ...]]:
    """The query with `$1`, `$2` for its places, and the names of them; `?` has none."""
    names: list[str] = []

    def number(place: re.Match[str]) -> str:
        name = place[1]
        if name is None:
            names.append("")
            return f"${len(names)}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACE.sub(number, query), tuple(names)


def _plain(value: Any) -> Any:
    """PostgreSQL has no NUL in its texts, alone or in lists."""
    if type(value) is list:
        return [_plain(one) for one in cast("list[Any]", value)]
    return value.replace("\0", "\ufffd") if type(value) is str and "\0" in value else value


class PostgresDatabase:
    """Implements `Database`, and what only several gateways need. `journal` names the journal that is folded here."""

    dialect = Dialect.POSTGRES

    def __init__(self, url: Secret, journal: str = "") -> None:
        """Does not connect yet: the first question does."""
        self._url = url
        self._settings = {**SETTINGS, JOURNAL: journal}
        self._runs = False
        self._lock = threading.RLock()
        self._inside = False
        self._taken = False
        self._connection: Any = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="postgres", daemon=True)
        self._thread.start()

    def all(self, query: Sql, values: Values = ()) -> list[tuple[Any, ...]]:
        text, given = _bound(query, values)
        return [tuple(row) for row in self._ask(lambda one: one.fetch(text, *given))]

    def one(self, query: Sql, values: Values = ()) -> tuple[Any, ...] | None:
        text, given = _bound(query, values)
        row = self._ask(lambda one: one.fetchrow(text, *given))
        return None if row is None else tuple(row)

    def run(self, query: Sql, values: Values = ()) -> int:
        text, given = _bound(query, values)
        # Without values the driver would not prepare it, and the answer is the same: `INSERT 0 5`.
        said: str = self._ask(lambda one: one.execute(text, *given))
        count = said.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    def many(self, query: Sql, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            text, _ = numbered(query)
            given = [tuple(_plain(value) for value in row) for row in rows]
            self._ask(lambda one: one.executemany(text, given))

    @contextmanager
    def transaction(self, turn: str | None = None) -> Generator[None]:
        with self._lock:
            try:
                self._ask(lambda one: _begin(one, turn))
                self._inside = True
                yield
                self._ask(lambda one: one.execute("COMMIT"))
            except BaseException:
                self._undo()
                raise
            finally:
                self._inside = False

    def take(self, turn: str) -> None:
        """Waits for the turn, and has it until `give`: for who looks first and writes then."""
        self._ask(lambda one: one.execute("SELECT pg_advisory_lock(hashtextextended('gatepost ' || $1, 0))", turn))
        self._taken = True

    def give(self, turn: str) -> None:
        """A turn that went with its connection is given already."""
        self._taken = False
        unlock = "SELECT pg_advisory_unlock(hashtextextended('gatepost ' || $1, 0))"
        connection = self._connection
        if connection is not None and not connection.is_closed():
            self._ask(lambda one: one.execute(unlock, turn))

    def announce(self) -> None:
        """Says to the others that this gateway runs, by a lock that is held as long as a connection lasts."""
        self._runs = True
        self._ask(self._say)

    def script(self, text: str) -> None:
        self._ask(lambda one: one.execute(text))

    def close(self) -> None:
        with self._lock:
            if self._loop.is_closed():
                return
            self._wait(self._leave())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _ask(self, question: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        with self._lock:
            if self._loop.is_closed():
                raise DatabaseError("is closed")
            try:
                return self._wait(self._answer(question))
            except _REFUSED as error:
                raise RefusedError(f"the tables do not take what was to be written ({type(error).__name__})") from error
            except _FAILED as error:
                if isinstance(error, _LOST):
                    self._forget()
                raise DatabaseError(_words(error)) from error

    async def _answer(self, question: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        async with asyncio.timeout(SECONDS + CONNECT_SECONDS):
            if self._connection is None or self._connection.is_closed():
                if self._inside or self._taken:
                    raise ConnectionResetError
                self._connection = await self._connected()
            return await question(self._connection)

    async def _connected(self) -> Any:
        connection = await _connect(
            self._url.reveal(),
            timeout=CONNECT_SECONDS,
            command_timeout=SECONDS,
            statement_cache_size=300,
            server_settings=self._settings,
        )
        if self._runs:
            await self._say(connection)
        return connection

    async def _say(self, connection: Any) -> None:
        await connection.execute("SELECT pg_advisory_lock_shared($1, hashtext($2))", RUNS, self._settings[JOURNAL])

    async def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=1)
        except _FAILED:
            connection.terminate()
        await asyncio.sleep(0)

    def _undo(self) -> None:
        """The transaction is over; where that cannot be said, the connection is."""
        connection = self._connection
        if connection is None or connection.is_closed():
            return
        try:
            self._wait(connection.execute("ROLLBACK"))
        except _FAILED:
            self._forget()

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._loop.call_soon_threadsafe(connection.terminate)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()


async def _begin(connection: Any, turn: str | None) -> None:
    await connection.execute("BEGIN")
    if turn is not None:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('gatepost ' || $1, 0))", turn)


def _bound(query: Sql, values: Values) -> tuple[str, list[Any]]:
    text, names = numbered(query)
    if isinstance(values, Mapping):
        return text, [_plain(values[name]) for name in names]
    return text, [_plain(value) for value in values]


def _words(error: BaseException) -> str:
    """What went wrong, without an address and without a value of a row."""
    if isinstance(error, asyncpg.PostgresError) and not isinstance(error, _LOST):
        return f"{error.args[0] if error.args else 'it refused'} ({type(error).__name__})"
    return f"it does not answer ({type(error).__name__}): look after `server.store_url`"
