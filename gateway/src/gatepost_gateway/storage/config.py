"""`config.db`: numbered versions of the configuration, and the log of identities. Both are append-only.

A version is the whole configuration; the highest number is the one in force, and a rollback is a new version equal to
an old one. Identities are no part of a version, so that no rollback gives a revoked key back.
"""

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.clock import Clock, SystemClock
from gatepost_gateway.domain.errors import CallerError, Code, GatewayFault
from gatepost_gateway.domain.snapshot import KeyEntry, KeyState, ProviderKind, Sealed
from gatepost_gateway.domain.webhooks import Webhook
from gatepost_gateway.settings.declared import Document
from gatepost_gateway.storage.database import PLACE, Database, DatabaseError, Dialect
from gatepost_gateway.storage.faults import Unreadable
from gatepost_gateway.storage.migrate import Phase, migrate
from gatepost_gateway.storage.queries import HOME, Queries, migrations_of
from gatepost_gateway.storage.sqlite_database import SqliteDatabase
from gatepost_gateway.storage.vault import Vault

FILE = "config.db"
TURN = "configuration"
_PRAGMAS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")


class Version(Struct, frozen=True):
    """One numbered state of the configuration. `at` in microseconds."""

    number: int
    at: int
    by: str
    note: str
    digest: str


class Kept(Struct, frozen=True):
    """A version with its document."""

    version: Version
    document: Document


class OrgMade(Struct, frozen=True, tag="org"):
    id: str
    name: str = ""


class ProjectMade(Struct, frozen=True, tag="project"):
    """`own_keys_only`: it signed itself up, and nothing is spent for it with a provider key that it did not bring."""

    id: str
    org: str
    name: str = ""
    own_keys_only: bool = False


class MemberSet(Struct, frozen=True, tag="member"):
    """A member of an organisation came, or has another role now."""

    org: str
    id: str
    email: str
    role: str


class MemberGone(Struct, frozen=True, tag="member_gone"):
    org: str
    id: str


class KeyMade(Struct, frozen=True, tag="key"):
    key: KeyEntry


class KeyTurned(Struct, frozen=True, tag="state"):
    """Paused, resumed or revoked. Revoked is for ever.

    `locked`: an operator paused it, and only an operator resumes it.
    """

    id: str
    state: KeyState
    locked: bool = False


class KeyEnds(Struct, frozen=True, tag="end"):
    """The key stops at `expires_at` (microseconds), where it was not to stop before."""

    id: str
    expires_at: int


class OwnKeySet(Struct, frozen=True, tag="own_key"):
    """A project brought a provider's key, or a new one. `meta`: where and how it is used, nothing secret."""

    project: str
    provider: ProviderKind
    sealed: Sealed
    meta: dict[str, str] = {}


class OwnKeyGone(Struct, frozen=True, tag="own_key_gone"):
    project: str
    provider: ProviderKind


class WebhookSet(Struct, frozen=True, tag="webhook"):
    """A webhook that the API made, or changed."""

    hook: Webhook


class WebhookGone(Struct, frozen=True, tag="webhook_gone"):
    id: str


Event = (
    OrgMade
    | ProjectMade
    | MemberSet
    | MemberGone
    | KeyMade
    | KeyTurned
    | KeyEnds
    | OwnKeySet
    | OwnKeyGone
    | WebhookSet
    | WebhookGone
)


class Identities(Struct, frozen=True):
    """The fold of the log. `made` is when a key was created, `revoked` when it was revoked, in microseconds; `locked`
    are the keys that an operator paused.
    """

    seq: int
    projects: dict[str, ProjectMade]
    keys: dict[str, KeyEntry]
    made: dict[str, int]
    revoked: dict[str, int] = {}
    locked: set[str] = set()
    own_keys: dict[tuple[str, ProviderKind], OwnKeySet] = {}
    orgs: dict[str, OrgMade] = {}
    members: dict[tuple[str, str], MemberSet] = {}
    webhooks: dict[str, Webhook] = {}


class ConfigStore:
    """Owns the versions and the log, in a file or in PostgreSQL. Every write is synced before it returns.

    `home`: the file, which one process at a time has; or a database that several gateways share, whose migrations this
    runs as well. Raises GatewayFault (503) when it cannot be used.
    """

    def __init__(self, home: Path | Database, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.path = home if isinstance(home, Path) else PLACE
        with self._using("used"):
            self._db = SqliteDatabase(home, _PRAGMAS) if isinstance(home, Path) else home
            self._sql = Queries("config.sql", self._db.dialect)
            try:
                self.migrated = migrate(self._db, self._migrations, frozenset({Phase.PRE}), self._clock, self.path)
            except BaseException:
                self._db.close()
                raise

    @property
    def shared(self) -> bool:
        """Whether other gateways may write as well."""
        return self._db.dialect is Dialect.POSTGRES

    def take(self) -> None:
        """Waits until no other gateway is writing, and keeps them waiting until `give`."""
        with self._using("written"):
            self._db.take(TURN)

    def give(self) -> None:
        with self._using("written"):
            self._db.give(TURN)

    def announce(self) -> None:
        """From now on the others know that a gateway runs on this store."""
        with self._using("used"):
            self._db.announce()

    def others(self) -> int:
        """How many other gateways run on this store."""
        return int(self._one("others")[0]) if self.shared else 0

    def marks(self) -> tuple[int, int]:
        """The numbers of the latest version and of the latest identity."""
        number, seq = self._one("marks")
        return number, seq

    def admit(self, vault: Vault) -> None:
        """What the first master key of the store derived goes before what this one would derive.

        Raises GatewayFault when the master key of this gateway does not open what the others seal.
        """
        if self.shared and not self.derived():
            with self._writing():
                self._keep_derived(vault.sealed_derived())
        try:
            vault.adopt(self.derived())
        except GatewayFault as error:
            if not self.shared:
                raise
            raise GatewayFault(
                "the master key of this gateway is not that of the store: give every gateway on one store the same,"
                " with GATEPOST_MASTER_KEY or a copy of `master.key`"
            ) from error

    @property
    def _migrations(self) -> Traversable:
        return migrations_of(self._db.dialect, HOME.joinpath("sql", "config"))

    def current(self) -> Kept | None:
        """The version in force; None before the first."""
        row = self._one("version_latest")
        return None if row is None else _kept(row)

    def get(self, number: int) -> Kept:
        """Raises CallerError (404) for a number that was never given."""
        row = self._one("version_get", number) if 0 < number < 2**62 else None
        if row is None:
            raise CallerError(f"there is no version {number}", code=Code.NOT_FOUND, status=404)
        return _kept(row)

    def history(self, limit: int = 200) -> list[Version]:
        """The newest versions first."""
        return [Version(*row) for row in self._all("version_list", limit)]

    def append(self, document: Document, *, base: int, by: str, note: str) -> int:
        """Makes `document` the version after `base`. Raises CallerError (409) when another writer was faster."""
        data = msgspec.json.encode(document, order="deterministic")
        digest = hashlib.sha256(data).hexdigest()
        with self._writing():
            latest = self._one("version_number")[0]
            if latest == base:
                row = (base + 1, self._clock.micros(), by, note, digest, data)
                self._db.run(self._sql["version_add"], row)
        if latest != base:
            raise CallerError(
                "the configuration was changed by someone else: read it again and repeat",
                code=Code.CONFLICT,
                status=409,
            )
        return base + 1

    def record(self, events: Sequence[Event], *, by: str) -> int:
        """Adds `events` to the log, all or none, and returns its last number."""
        with self._writing():
            seq = int(self._one("identity_seq")[0])
            for event in events:
                seq += 1
                row = (seq, self._clock.micros(), by, msgspec.json.encode(event))
                self._db.run(self._sql["identity_add"], row)
        return seq

    def turns_since(self, seq: int) -> list[tuple[int, int, str, KeyTurned]]:
        """What became of keys after entry `seq` of the log: (number, microseconds, by whom, what)."""
        rows = self._all("identity_since", seq)
        found = [(number, at, by, msgspec.json.decode(event, type=Event)) for number, at, by, event in rows]
        return [(number, at, by, event) for number, at, by, event in found if isinstance(event, KeyTurned)]

    def identities(self) -> Identities:
        """Who there is now."""
        state = Identities(0, {}, {}, {})
        seq = 0
        for seq, at, event in self._all("identity_all"):  # noqa: B007 - the last number counts
            _fold(state, msgspec.json.decode(event, type=Event), at)
        return msgspec.structs.replace(state, seq=seq)

    def reseal(self, again: Callable[[Any], Any], derived: Mapping[str, Sealed]) -> int:
        """Lets `again` seal anew what versions and events hold, and keeps `derived`, all or nothing; how many changed.

        What was overwritten does not stay in the file.
        """
        changed = 0
        with self._using("written"):
            self._db.all(self._sql["forget_whole"])
        with self._writing():
            self._db.run(self._sql["resealing"])
            for number, data in self._db.all(self._sql["version_documents"]):
                document = msgspec.json.decode(data, type=Document)
                if (new := again(document)) is not document:
                    data = msgspec.json.encode(new, order="deterministic")  # noqa: PLW2901
                    self._db.run(self._sql["version_reseal"], (data, number))
                    changed += 1
            for seq, _, data in self._db.all(self._sql["identity_all"]):
                event = msgspec.json.decode(data, type=Event)
                if (new_event := again(event)) is not event:
                    self._db.run(self._sql["identity_reseal"], (msgspec.json.encode(new_event), seq))
                    changed += 1
            self._keep_derived(derived)
            self._db.run(self._sql["resealed"])
        self._all("checkpoint")
        return changed

    def _keep_derived(self, derived: Mapping[str, Sealed]) -> None:
        for label, one in derived.items():
            self._db.run(self._sql["derived_keep"], (label, one.master, one.box))

    def derived(self) -> dict[str, Sealed]:
        """What was derived from the first master key."""
        return {label: Sealed(master, box) for label, master, box in self._all("derived")}

    def upgrade(self) -> list[str]:
        """Runs the migrations that wait until every process has moved on; returns their names."""
        with self._using("used"):
            return migrate(self._db, self._migrations, frozenset(Phase), self._clock, self.path)

    def check(self) -> list[str]:
        """What is wrong with it; empty when all is well."""
        try:
            found = [str(row[0]) for row in self._all("check")]
        except GatewayFault as error:
            return [error.public]
        return [] if found == ["ok"] else found

    def close(self) -> None:
        self._db.close()

    def _one(self, query: str, *values: Any) -> Any:
        with self._using("read"):
            return self._db.one(self._sql[query], values)

    def _all(self, query: str, *values: Any) -> list[Any]:
        with self._using("read"):
            return self._db.all(self._sql[query], values)

    @contextmanager
    def _writing(self) -> Generator[None]:
        """All that is written inside, or nothing."""
        with self._using("written"), self._db.transaction(TURN):
            yield

    @contextmanager
    def _using(self, doing: str) -> Generator[None]:
        """What the database says as a GatewayFault (503)."""
        try:
            yield
        except (DatabaseError, OSError) as error:
            raise Unreadable(f"cannot be {doing}: {error}", self.path, code=Code.CONTROL_UNAVAILABLE) from error


def _fold(state: Identities, event: Event, at: int) -> None:
    match event:
        case OrgMade():
            state.orgs[event.id] = event
        case ProjectMade():
            state.projects[event.id] = event
        case MemberSet():
            state.members[event.org, event.id] = event
        case MemberGone(org, member):
            state.members.pop((org, member), None)
        case KeyMade(key):
            state.keys[key.id] = key
            state.made[key.id] = at
        case KeyTurned(key_id, turned, locked):
            _turn(state, key_id, turned, at, locked=locked)
        case WebhookSet(hook):
            state.webhooks[hook.id] = hook
        case WebhookGone(hook_id):
            state.webhooks.pop(hook_id, None)
        case OwnKeySet():
            state.own_keys[event.project, event.provider] = event
        case OwnKeyGone(project, provider):
            state.own_keys.pop((project, provider), None)
        case KeyEnds(key_id, end):
            key = state.keys[key_id]
            if key.expires_at is None or end < key.expires_at:
                state.keys[key_id] = msgspec.structs.replace(key, expires_at=end)


def _turn(state: Identities, key_id: str, turned: KeyState, at: int, *, locked: bool) -> None:
    key = state.keys[key_id]
    if key.state is KeyState.REVOKED:
        return
    state.keys[key_id] = msgspec.structs.replace(key, state=turned)
    if turned is KeyState.REVOKED:
        state.revoked[key_id] = at
    if locked and turned is KeyState.PAUSED:
        state.locked.add(key_id)
    else:
        state.locked.discard(key_id)


def _kept(row: Sequence[Any]) -> Kept:
    return Kept(Version(*row[:5]), msgspec.json.decode(row[5], type=Document))
