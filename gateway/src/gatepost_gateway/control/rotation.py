"""The key that seals everything is changed, a bounded piece of work at a time.

First a new key stands before the old one, here and in the data plane; then everything is sealed anew; last the old key
goes. Whatever dies in between, both keys are on file until nothing needs the old one, and the next request goes on.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Protocol

from msgspec import Struct, structs

from gatepost_gateway.control.records import TraceSource
from gatepost_gateway.domain.errors import CallerError, Code, GatewayFault
from gatepost_gateway.storage.config import ConfigStore
from gatepost_gateway.storage.master import MasterKeys
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.reseal import Resealed, Resealer
from gatepost_gateway.storage.vault import Vault

Rekey = Callable[[], Awaitable[None]]


async def _nobody() -> None:
    return


class Holdings(Protocol):
    """Where the sealed things are: the control plane, as far as this work needs it."""

    @property
    def records(self) -> TraceSource | None: ...
    def writing(self) -> AbstractAsyncContextManager[None]: ...
    def reread(self) -> None: ...


class State(StrEnum):
    """`unfinished`: more than one key is there, and nobody changes them right now."""

    ONE_KEY = "one_key"
    UNFINISHED = "unfinished"
    CONFIGURATION = "configuration"
    RECORDS = "records"
    DONE = "done"


class Standing(Struct, frozen=True):
    """How the master key stands. In counts: keys, what was sealed anew, what no key here opens (`unreadable`)."""

    state: str
    kept_in: str
    keys: int
    configuration: int = 0
    conversations: int = 0
    steps: int = 0
    unreadable: int = 0


class MasterKey:
    """The change of the master key. `rekey` returns when the data plane seals with the new key only, and has written
    down what it sealed before.
    """

    def __init__(self, keys: MasterKeys, vault: Vault, store: ConfigStore) -> None:
        self._keys = keys
        self._vault = vault
        self._store = store
        self._one_at_a_time = asyncio.Lock()
        self._work: Resealer | None = None
        self._state: State | None = None
        self.rekey: Rekey = _nobody

    @property
    def unfinished(self) -> bool:
        return len(self._keys.read()) > 1

    def view(self, done: Resealed | None = None) -> Standing:
        count = len(self._keys.read())
        state = self._state or (State.UNFINISHED if count > 1 else State.ONE_KEY)
        kept = "file" if self._keys.on_file else "environment"
        return Standing(state.value, kept, count, **structs.asdict(done or Resealed()))

    async def advance(self, house: Holdings, *, keep_old: bool) -> Standing:
        """One piece of the work. Raises CallerError (409), and GatewayFault where the disk or the data plane fails."""
        if self._store.shared and self._keys.on_file:
            raise CallerError(
                "this gateway shares its store with others, who would be left without its new master key: give all of"
                " them a new one before the old one in GATEPOST_MASTER_KEY, start them again, and repeat this at one",
                code=Code.CONFLICT,
                status=409,
            )
        async with self._one_at_a_time:
            work = self._work
            if work is None:
                self._vault.take(self._keys.begin())
                await self.rekey()
                self._work = work = Resealer(self._vault)
                self._state = State.CONFIGURATION
            elif self._state is State.CONFIGURATION:
                async with house.writing():
                    work.configuration(self._store)
                    house.reread()
                self._state = State.RECORDS
            elif not await _over_records(house, work.piece) and await _over_records(house, Records.sync):
                # On the disk itself: no power cut brings back what needs the old key.
                self._keys.finish(keep_old=keep_old)
                self._vault.forget()
                self._work = self._state = None
                return structs.replace(self.view(work.done), state=State.DONE.value)
            return self.view(work.done)


async def _over_records(house: Holdings, work: Callable[[Records], bool]) -> bool:
    if house.records is None:
        raise GatewayFault("the records are not at hand", code=Code.RECORDS_UNAVAILABLE, status=503)
    return await house.records.over_records(work)
