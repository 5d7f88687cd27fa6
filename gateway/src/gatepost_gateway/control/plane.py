"""The control plane put together: its stores, the first start, the file, and the application that answers for it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from gatepost_gateway.control.api import Asgi, build_app
from gatepost_gateway.control.arrivals import Arrivals
from gatepost_gateway.control.compose import build_snapshot
from gatepost_gateway.control.configuration import Configuration
from gatepost_gateway.control.identity import Keyring
from gatepost_gateway.control.judges import judge_keys
from gatepost_gateway.control.records import TraceSource
from gatepost_gateway.control.rotation import MasterKey, Rekey
from gatepost_gateway.control.secrets import Keeper
from gatepost_gateway.control.webhook_registry import WebhookRegistry
from gatepost_gateway.domain.clock import Clock, SystemClock
from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import KeyKind, ProviderKind, Sealed, Snapshot, SnapshotDocument
from gatepost_gateway.link.messages import Correcting
from gatepost_gateway.settings import DEFAULT_PROJECT, ConfigFile, ConfigurationError, Problem, Settings
from gatepost_gateway.storage import catalog, segments
from gatepost_gateway.storage import config as config_file
from gatepost_gateway.storage import vault as vault_file
from gatepost_gateway.storage.config import ConfigStore
from gatepost_gateway.storage.home import config_home
from gatepost_gateway.storage.master import MasterKeys
from gatepost_gateway.storage.vault import Label, make_private_dir, open_vault

Correct = Callable[[Correcting], Awaitable[None]]
Publish = Callable[[SnapshotDocument], Awaitable[None]]


class FirstKeys(Struct, frozen=True):
    """The keys that this start made. None: there was one, or the environment gave one."""

    admin: Secret | None = None
    runtime: Secret | None = None


async def _nobody(document: SnapshotDocument) -> None:  # noqa: ARG001 - nobody serves: nothing has to be told
    return


class ControlPlane:
    """Owns `config.db`. Must be made, used and closed in one thread.

    `records` answers questions about traces; `publish` returns when the data plane serves the document. `local_token`
    is an admin key of this start only, for the command line on this machine. `runs`: a gateway serves with it, and
    others on the same store are told so.

    Raises ConfigurationError, with every mistake, when the file or the environment is wrong: nothing is applied then.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        records: TraceSource | None = None,
        publish: Publish | None = None,
        local_token: Secret | None = None,
        clock: Clock | None = None,
        runs: bool = False,
    ) -> None:
        self.settings = settings
        self._runs = runs
        self.clock: Clock = clock or SystemClock()
        self.records = records
        self.local_token = local_token
        self.telemetry: dict[str, int] | None = None
        """What became of spans, where they are told."""
        self._publish: Publish = publish or _nobody
        self.correct: Correct | None = None
        self._writing = asyncio.Lock()
        self.arrivals = Arrivals(self.clock)
        data_dir = settings.server.data_dir
        make_private_dir(data_dir)
        begun = (data_dir / config_file.FILE).exists()
        self.store = ConfigStore(config_home(data_dir, settings.server.store_url), self.clock)
        try:
            self.store.take()
            try:
                _begun_whole(self.store, data_dir)
                begun = bool(self.store.derived()) if self.store.shared else begun
                self.vault = _vault(data_dir, settings.environment.master_key, begun=begun)
                self._begin(data_dir)
            finally:
                self.store.give()
        except BaseException:
            self.store.close()
            raise

    def _begin(self, data_dir: Path) -> None:
        environment = self.settings.environment
        keeper = Keeper(self.vault, environment, data_dir)
        self.store.admit(self.vault)
        self.master_key = MasterKey(MasterKeys(data_dir, environment.master_key), self.vault, self.store)
        self.configuration = Configuration(self.store, keeper)
        self.keyring = Keyring(self.store, self.clock)
        self.webhooks = WebhookRegistry(self.configuration, self.keyring, self.vault, self.clock)
        self._credentials = self._environments()
        warnings: list[str] = []
        if self.settings.file is not None:
            warnings.extend(self._apply(self.settings.file))
        if self.master_key.unfinished:
            warnings.append("the master key has more than one key: `gatepost keys rotate-master` finishes its change")
        self.first_keys = self._identities(warnings)
        self.warnings = tuple(warnings)
        self._snapshot = self._built()
        self.app: Asgi = build_app(self)
        if self._runs:
            self.store.announce()

    def _apply(self, file: ConfigFile) -> tuple[str, ...]:
        """Puts the file in force, and returns its warnings. Where other gateways serve, it must be theirs."""
        checked = self.configuration.parse(file.text, file.name, file.base)
        others = self.store.others()
        done = self.configuration.apply(checked, by="file", note=f"start with {file.name}", dry_run=others > 0)
        if others and done.changes:
            paths = ", ".join(f"`{one.path}`" for one in done.changes[:5])
            words = (
                f"is not what the {others} other gateways on this store serve, it differs at {paths}: put it in force"
                " with `gatepost apply -f`, which all of them follow, or stop them first"
            )
            raise ConfigurationError((Problem(file.name, words),))
        return done.warnings

    def _environments(self) -> dict[ProviderKind, Sealed]:
        found = self.settings.environment.provider_keys
        return {kind: self.vault.seal(secret, f"provider/{kind.value}") for kind, secret in found.items()}

    def reread(self) -> None:
        """Reads configuration and identities anew, and seals the environment's keys again."""
        self.configuration.reread()
        self.keyring.reread()
        self._credentials = self._environments()

    def _identities(self, warnings: list[str]) -> FirstKeys:
        environment = self.settings.environment
        variables = (
            (KeyKind.ADMIN, environment.admin_key, "GATEPOST_ADMIN_KEY"),
            (KeyKind.RUNTIME, environment.runtime_key, "GATEPOST_RUNTIME_KEY"),
        )
        given = {kind: secret for kind, secret, _ in variables if secret is not None}
        made = {one.entry.kind: one.text for one in self.keyring.first_start(given)}
        for kind, secret, variable in variables:
            warning = self.keyring.install(kind, secret, variable) if secret is not None else None
            if warning is not None:
                warnings.append(warning)
        return FirstKeys(made.get(KeyKind.ADMIN), made.get(KeyKind.RUNTIME))

    @property
    def notices(self) -> list[str]:
        """Lines to show once, on the terminal of who started this: they hold the first keys."""
        keys = (("admin key", self.first_keys.admin), ("runtime key", self.first_keys.runtime))
        return [f"{name}: {secret.reveal()}" for name, secret in keys if secret is not None]

    @property
    def secret(self) -> bytes:
        """Keys the marks that this deployment makes: session ids, hashes of passed-through bearers."""
        return self.vault.derive(Label.MARKS)

    @property
    def snapshot(self) -> Snapshot:
        """What is true now, indexed."""
        return self._snapshot

    def refresh(self) -> None:
        """Reads anew what the journal may have changed: after the fold that a start begins with."""
        self._snapshot = self._built()

    def document(self) -> SnapshotDocument:
        """What is true now, as it travels."""
        return self._snapshot.document

    def projects(self) -> set[str]:
        return set(self._snapshot.projects) | {DEFAULT_PROJECT}

    def seal(self, secret: Secret, purpose: str) -> Sealed:
        """`secret` as ciphertext that opens only as what it was sealed for."""
        return self.vault.seal(secret, purpose)

    def on_publish(self, publish: Publish) -> None:
        """Who is told of changes from here on."""
        self._publish = publish

    def on_rekey(self, rekey: Rekey) -> None:
        """Who is told that there is a new master key."""
        self.master_key.rekey = rekey

    def on_correct(self, correct: Correct) -> None:
        """Who puts right what was settled."""
        self.correct = correct

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[None]:
        """One writer at a time. What was written inside is served when this ends.

        Raises GatewayFault (503) when the change is kept, but the data plane did not take it yet.
        """
        async with self._writing:
            if not self.store.shared:
                yield
            else:
                await asyncio.to_thread(self._take_turn)
                try:
                    yield
                finally:
                    await asyncio.to_thread(self.store.give)
            await self._serve()

    async def follow(self, *, told: bool) -> None:
        """Serves what other gateways on the same store have written. `told`: somebody said that there is something.

        Raises GatewayFault (503).
        """
        async with self._writing:
            if told or await asyncio.to_thread(self.store.marks) != self._marks():
                await asyncio.to_thread(self._catch_up)
                await self._serve()

    def _take_turn(self) -> None:
        """From here on no other gateway writes, and what they wrote is known."""
        self.store.take()
        try:
            if self.store.marks() != self._marks():
                self._catch_up()
        except BaseException:
            self.store.give()
            raise

    def _marks(self) -> tuple[int, int]:
        return self.configuration.current.version.number, self.keyring.identities.seq

    def _catch_up(self) -> None:
        self.configuration.reread()
        self.keyring.reread()

    async def _serve(self) -> None:
        document = self._built().document
        if document == self._snapshot.document:
            return
        self._snapshot = Snapshot(document)
        try:
            await self._publish(document)
        except Exception as error:
            raise GatewayFault(
                "the change is kept, but the gateway does not serve it yet: it will when it is back",
                code=Code.CONTROL_UNAVAILABLE,
                status=503,
            ) from error

    def health(self) -> dict[str, Any]:
        """Each part in a word."""
        problems = self.store.check()
        return {
            "status": "unhealthy" if problems else "healthy",
            "config": problems[0] if problems else "ok",
            "config_version": self.configuration.current.version.number,
            "identity_seq": self.keyring.identities.seq,
            "catalog": catalog.as_of(),
            "warnings": list(self.warnings),
            "telemetry": dict(self.telemetry) if self.telemetry is not None else None,
        }

    def close(self) -> None:
        self.store.close()

    def _built(self) -> Snapshot:
        current = self.configuration.current
        document = build_snapshot(current.version.number, current.document, self.keyring.identities, self._credentials)
        keys = judge_keys(current.document, self.settings.environment.variables, self.vault)
        verdicts = self.records.queue.verdicts() if self.records is not None else ()
        return Snapshot(structs.replace(document, verdicts=verdicts, judge_keys=keys))


def _begun_whole(store: ConfigStore, data_dir: Path) -> None:
    """A configuration that went missing is not made anew: no rule that it had would hold, and no key be revoked.

    Raises GatewayFault.
    """
    if not store.shared and store.current() is None and segments.numbers(data_dir / "journal"):
        raise GatewayFault(
            f"`{data_dir / config_file.FILE}` is gone or empty, and the journal beside it says that a gateway has"
            " served here: restore it from a backup; to begin anew, without its keys and rules, move the directory away"
        )


def _vault(data_dir: Path, given: Secret | None, *, begun: bool) -> vault_file.Vault:
    """The vault; a master key is not made anew beside a store that was `begun` and whose secrets need the old one."""
    key_file = data_dir / vault_file.FILE
    if given is None and not key_file.exists() and begun:
        raise GatewayFault(
            f"`{key_file}` is not here, and the stored secrets open with nothing else: restore it from a backup, or"
            " set GATEPOST_MASTER_KEY; every gateway on one store has the same"
        )
    return open_vault(data_dir, given)
