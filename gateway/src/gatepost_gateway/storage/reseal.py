"""Seals anew, with the master key of today, what an older one sealed: in configuration, in records, in conversations.

What no key opens any more stays as it is, and is counted.
"""

from typing import Any, cast

import msgspec
from msgspec import Struct, structs

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.records import TOOLS, Closed
from gatepost_gateway.domain.snapshot import Sealed
from gatepost_gateway.storage.config import ConfigStore
from gatepost_gateway.storage.database import Database
from gatepost_gateway.storage.queries import Queries
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.steps import read_step
from gatepost_gateway.storage.vault import ID_BYTES, Vault

AT_ONCE = 500
"""Conversations in one transaction."""
STRETCH = 5_000
"""Steps that one transaction looks through."""


class Resealed(Struct):
    """What was sealed anew. `unreadable`: sealed with a key that is not here, or damaged."""

    configuration: int = 0
    conversations: int = 0
    steps: int = 0
    unreadable: int = 0


class Resealer:
    """Works through everything once, a piece at a time: `configuration`, then `piece` until nothing is left."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._sql: Queries | None = None
        self._name = self._step_name = ("", "")
        self.done = Resealed()

    def configuration(self, store: ConfigStore) -> None:
        """Every version, every identity, and what is derived, in one transaction."""
        self.done.configuration += store.reseal(self._walk, self._vault.sealed_derived())

    def piece(self, records: Records) -> bool:
        """Some conversations, or a stretch of steps; False: there are none left. The caller has folded the journal."""
        return self._conversations(records) or self._steps(records)

    def _queries(self, db: Database) -> Queries:
        if self._sql is None:
            self._sql = Queries("reseal.sql", db.dialect)
        return self._sql

    def _walk(self, value: Any) -> Any:
        """`value` itself where nothing in it is sealed with an old key."""
        if isinstance(value, Sealed):
            return self._sealed(value)
        if isinstance(value, Struct):
            members = {name: getattr(value, name) for name in value.__struct_fields__}
            changed = self._changed(members)
            return structs.replace(value, **changed) if changed else value
        if isinstance(value, dict):
            named = cast("dict[Any, Any]", value)
            changed = self._changed(named)
            return named | changed if changed else named
        if isinstance(value, list | tuple):
            items = cast("list[Any] | tuple[Any, ...]", value)
            changed = self._changed(dict(enumerate(items)))
            return type(items)(changed.get(at, one) for at, one in enumerate(items)) if changed else items
        return value

    def _changed(self, members: dict[Any, Any]) -> dict[Any, Any]:
        new = {name: self._walk(one) for name, one in members.items()}
        return {name: one for name, one in new.items() if one is not members[name]}

    def _sealed(self, sealed: Sealed) -> Sealed:
        if sealed.master == self._vault.current.hex():
            return sealed
        try:
            return self._vault.seal(self._vault.open(sealed), sealed.purpose)
        except GatewayFault:
            self.done.unreadable += 1
            return sealed

    def _conversations(self, records: Records) -> bool:
        with records.writing() as db:
            said = {"kind": self._name[0], "id": self._name[1], "current": self._vault.current, "limit": AT_ONCE}
            sql = self._queries(db)
            found = db.all(sql["kept_old"], said)
            for kind, id, box in found:
                self._name = (kind, id)
                if (new := self._again(kind, id, box)) is not None:
                    db.run(sql["kept_reseal"], {"kind": kind, "id": id, "box": box, "new": new})
                    self.done.conversations += 1
        return bool(found)

    def _steps(self, records: Records) -> bool:
        last, found = self._step_name, False
        with records.writing() as db:
            sql = self._queries(db)
            for old in self._vault.old:
                said = {"trace_id": last[0], "id": last[1], "old": old, "limit": STRETCH}
                for trace_id, id, entry in db.all(sql["steps_old"], said):
                    self._step_name, found = (trace_id, id), True
                    if entry is not None and (new := self._step(entry)) is not None:
                        db.run(sql["step_reseal"], {"trace_id": trace_id, "id": id, "entry": new})
                        self.done.steps += 1
        return found

    def _step(self, entry: bytes) -> bytes | None:
        one = read_step(entry)
        if not isinstance(one, Closed) or not self._vault.is_old(one.tools[:ID_BYTES]):
            return None
        box = self._again(TOOLS, one.step_id, one.tools)
        return msgspec.msgpack.encode(structs.replace(one, tools=box)) if box is not None else None

    def _again(self, kind: str, id: str, box: bytes) -> bytes | None:
        try:
            return self._vault.seal_state(kind, id, self._vault.open_state(kind, id, box))
        except GatewayFault:
            self.done.unreadable += 1
            return None
