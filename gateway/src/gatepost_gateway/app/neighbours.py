"""Other gateways on the same store: what they change is served here too, and what they ask for is folded at once.

PostgreSQL tells of both (LISTEN). Should it not, because the connection is lost, a look once a second finds a change,
and the fold's own pace is what others wait for.
"""

import asyncio
import logging
from functools import partial
from typing import Any

import asyncpg

from gatepost_gateway.control.plane import ControlPlane
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.postgres import TROUBLES
from gatepost_gateway.storage.records import Records

log = logging.getLogger("gatepost.control")
POLL_SECONDS = 1.0
CONNECT_SECONDS = 5.0
_NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text"
_connect: Any = vars(asyncpg)["connect"]
"""Its types are partial: a connection is Any here."""


def _set(event: asyncio.Event, *said: object) -> None:  # noqa: ARG001 - what was said is looked up
    event.set()


class Neighbours:
    """`run` goes on until it is cancelled."""

    def __init__(self, url: Secret, plane: ControlPlane, folder: Folder, records: Records) -> None:
        self._url = url
        self._plane = plane
        self._folder = folder
        self._records = records
        self._changed = asyncio.Event()
        self._asked = asyncio.Event()
        self._moment = 0
        self._silent = False

    async def run(self) -> None:
        await asyncio.gather(self._listen(), self._follow(), self._answer())

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except TROUBLES:
                log.debug("nothing is heard of other gateways", exc_info=True)
            await asyncio.sleep(POLL_SECONDS)

    async def _hear(self) -> None:
        """Until the connection is lost."""
        lost = asyncio.Event()
        connection = await _connect(self._url.reveal(), timeout=CONNECT_SECONDS)
        try:
            connection.add_termination_listener(partial(_set, lost))
            await connection.add_listener("gatepost_changed", partial(_set, self._changed))
            await connection.add_listener("gatepost_fold", self._ask)
            # What was said while nobody listened.
            self._changed.set()
            self._ask(connection, 0, "", await connection.fetchval(_NOW))
            await lost.wait()
        finally:
            connection.terminate()

    def _ask(self, connection: object, pid: int, channel: str, said: str) -> None:  # noqa: ARG002
        self._moment = max(self._moment, int(said))
        self._asked.set()

    async def _answer(self) -> None:
        """Folds what stood in the journal when another gateway asked, and says so."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            moment = self._moment
            try:
                await asyncio.to_thread(self._folder.fold_to_end)
                await asyncio.to_thread(self._records.say_folded, moment)
            except GatewayError as error:
                # Who asked waits no longer than it must; the fold at its own pace says what is wrong.
                log.debug("not folded for another gateway: %s", error)

    async def _follow(self) -> None:
        while True:
            told = await self._told()
            try:
                await self._plane.follow(told=told)
            except GatewayError as error:
                if not self._silent:
                    log.warning("what other gateways change is not seen: %s", error)
                self._silent = True
                await asyncio.sleep(POLL_SECONDS)
                self._changed.set()
            else:
                self._silent = False

    async def _told(self) -> bool:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True
