"""`gatepost serve`: the data plane in this process, the control plane in a child, one address for both."""

import asyncio
import gc
import json
import logging
import os
import signal
import socket
import ssl
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
import uvloop

from gatepost_gateway.app.dataplane import Beginning, Bounds, Condition, DataPlane, Foundation
from gatepost_gateway.app.process import bound
from gatepost_gateway.domain.clock import Clock, SystemClock
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.governance import Hold
from gatepost_gateway.domain.ports import Ledger
from gatepost_gateway.edge.http import BodyLimits
from gatepost_gateway.edge.protocol import HeadLimits, guarded, sweep
from gatepost_gateway.link.channel import Channel
from gatepost_gateway.link.child import Child
from gatepost_gateway.link.data_end import DataEnd
from gatepost_gateway.link.messages import Correcting, Start
from gatepost_gateway.settings import Settings, Tls
from gatepost_gateway.storage.faults import Locked
from gatepost_gateway.storage.instance import instance_of
from gatepost_gateway.storage.journal import Journal, JournalSettings
from gatepost_gateway.storage.lock import Lock, acquire
from gatepost_gateway.storage.recover import interrupted, with_holds
from gatepost_gateway.storage.segments import numbers
from gatepost_gateway.storage.sync import Fsync
from gatepost_gateway.storage.vault import Vault, make_private_dir, open_vault

if TYPE_CHECKING:
    from gatepost_gateway.app.state import SharedState

log = logging.getLogger("gatepost")
LOCK_SECONDS = 5.0
"""How long a start waits for the last run's control plane to finish folding."""
CHILD_SECONDS = 20.0
KEEP_ALIVE = 75


class StartFailed(Exception):
    """The gateway cannot start; the text says why and what to do."""


async def locked(path: Path) -> Lock:
    """The data directory's lock. Raises Locked when another gateway runs on it."""
    until = asyncio.get_running_loop().time() + LOCK_SECONDS
    while True:
        try:
            return acquire(path)
        except Locked:
            if asyncio.get_running_loop().time() > until:
                raise
            await asyncio.sleep(0.1)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises StartFailed when the address cannot be had."""
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048, reuse_port=False
        )
    except OSError as error:
        raise StartFailed(
            f"cannot listen on `{host}:{port}`: {error.strerror or error}; choose another address with GATEPOST_LISTEN"
        ) from error


class _Server(uvicorn.Server):
    """uvicorn's server with our own signals: it would end the process before the journal is closed."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _stops() -> list[signal.Signals]:
    """What stops it. A terminal that closes is a stop as well, unless whoever started it said that it is none."""
    quiet = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGTERM, signal.SIGINT, *([] if quiet else [signal.SIGHUP])]


class Gateway:
    """One running gateway."""

    def __init__(self, settings: Settings, command: Sequence[str]) -> None:
        self._settings = settings
        self._command = command
        self._end = DataEnd()
        self._server: _Server | None = None
        self._plane: DataPlane | None = None
        self._url = ""

    async def run(self) -> None:
        """Serves until SIGTERM, SIGINT or SIGHUP, then drains. Raises StartFailed, Locked, and what storage raises."""
        server = self._settings.server
        make_private_dir(server.data_dir)
        with await locked(server.data_dir / "lock") as lock, listen(server.host, server.port) as sock:
            end = self._end
            handlers = {
                "publish": end.published, "rekey": end.rekeyed, "correct": end.corrected, "records": end.told,
            }  # fmt: skip
            child = Child(self._command, handlers, self._attached, (lock.fileno(),))
            try:
                await child.start()
                start = await self._begin()
                await self._serve(start, sock, child)
            finally:
                await child.end(CHILD_SECONDS)

    async def _attached(self, channel: Channel) -> None:
        self._end.attach(channel)
        if self._plane is not None:
            start = await self._end.start()
            await self._plane.publish(start.snapshot)
            announce(self._settings, self._url, start.local_token)

    async def _begin(self) -> Start:
        try:
            return await self._end.start()
        except (GatewayError, RuntimeError) as error:
            raise StartFailed(str(error)) from error

    async def _serve(self, start: Start, sock: socket.socket, child: Child) -> None:
        server, clock = self._settings.server, SystemClock()
        vault = open_vault(server.data_dir, self._settings.environment.master_key)
        fsync = Fsync.INTERVAL if server.fsync else Fsync.NEVER
        if start.folded and not numbers(server.data_dir / "journal"):
            log.warning("the journal is not here: calls that were not in the records yet are lost; it begins anew")
        journal = Journal.open(
            server.data_dir / "journal", after=start.folded, settings=JournalSettings(fsync=fsync), clock=clock
        )
        shared: SharedState | None = None
        try:
            shared = await self._shared_state(start, clock)
            for opened in start.open_holds:
                journal.append(interrupted(opened, clock.micros()))
            await journal.durable()
            self._plane = plane = self._data_plane(
                start,
                Foundation(
                    journal,
                    vault,
                    self._end,
                    self._end,
                    clock,
                    shared,
                    self._end if server.store_url is not None else None,
                    partial(_bytes_in, server.data_dir / "journal"),
                ),
                lambda: self._condition(journal, shared),
            )
            self._end.publish, self._end.rekey = plane.publish, partial(_rekeyed, vault, journal)
            self._end.correct = partial(_corrected, journal, plane.ledger)
            plane.warm()
            await self._until_stopped(plane, sock, child, start)
        finally:
            journal.close()
            if shared is not None:
                await shared.close()

    async def _shared_state(self, start: Start, clock: Clock) -> "SharedState | None":
        server = self._settings.server
        if server.state_url is None:
            return None
        # The database's driver is loaded where there is a database.
        from gatepost_gateway.app.state import Past, SharedState  # noqa: PLC0415

        past = Past(with_holds(start.settled, start.open_holds), start.tripped, self._end.became)
        try:
            return await SharedState.open(server.state_url, clock, instance_of(server.data_dir), past)
        except GatewayError as error:
            raise StartFailed(str(error)) from error

    def _data_plane(self, start: Start, base: Foundation, condition: Condition) -> DataPlane:
        server = self._settings.server
        settled = with_holds(start.settled, start.open_holds)
        return DataPlane(
            base,
            Beginning(start.snapshot, settled, start.sessions, start.secret, start.marks, start.tripped),
            Bounds(
                BodyLimits(server.limits.body_bytes, server.limits.body_seconds),
                server.egress_allow,
                server.trusted_proxies,
                server.mcp,
            ),
            condition,
        )

    def _condition(self, journal: Journal, shared: "SharedState | None") -> dict[str, str]:
        parts = {
            "journal": journal.trouble or "ok",
            "control": "ok" if self._end.up else "away",
            "records": self._end.records or "ok",
        }
        return parts if shared is None else {**parts, "ledger": shared.ledger.trouble or "ok"}

    async def _until_stopped(self, plane: DataPlane, sock: socket.socket, child: Child, start: Start) -> None:
        server = self._server = _Server(self._uvicorn(plane))
        loop = asyncio.get_running_loop()
        for number in _stops():
            loop.add_signal_handler(number, self._stop)
        chores = [
            loop.create_task(child.keep_alive()),
            loop.create_task(sweep(server.server_state.connections)),
            loop.create_task(self._tidy(plane)),
        ]
        self._url = url_of(self._settings, sock)
        address = announce(self._settings, self._url, start.local_token)
        greet(start.notices, self._url, self._settings.server.public_url)
        # What lives now lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 100)
        try:
            await server.serve(sockets=[sock])
        finally:
            address.unlink(missing_ok=True)
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await plane.evaluations.close()
            await plane.client.close()

    def _stop(self) -> None:
        """The first signal drains, the second ends what is still running."""
        if self._server is None or self._plane is None:
            return
        self._plane.draining = True
        self._server.force_exit = self._server.should_exit
        self._server.should_exit = True

    async def _tidy(self, plane: DataPlane) -> None:
        while True:
            await asyncio.sleep(60)
            try:
                await plane.tidy()
            except GatewayError:
                # Calls say it where they need the state; what is not swept now is swept later.
                log.warning("the state that gateways share could not be swept", exc_info=True)

    def _uvicorn(self, plane: DataPlane) -> uvicorn.Config:
        server = self._settings.server
        limits = server.limits
        config = uvicorn.Config(
            plane.edge,
            http=guarded(HeadLimits(limits.header_bytes, limits.header_count, limits.header_seconds)),
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=round(server.drain_seconds),
        )
        if server.tls is not None:
            config.load()
            config.ssl = tls_context(server.tls)
        return config


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Raises StartFailed with the file that is of no use."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        for path in (tls.cert, tls.key):
            path.read_bytes()
        # Nobody is there to be asked for the password of an encrypted key.
        context.load_cert_chain(tls.cert, tls.key, lambda: b"")
    except ssl.SSLError as error:
        words = f"`{tls.cert}` and `{tls.key}` of `server.tls` are no certificate and its key, in PEM and not encrypted"
        raise StartFailed(f"{words}: {(error.reason or str(error)).lower()}") from error
    except OSError as error:
        words = f"`{error.filename}` of `server.tls` cannot be read"
        raise StartFailed(f"{words}: {(error.strerror or str(error)).lower()}") from error
    return context


async def _rekeyed(vault: Vault, journal: Journal) -> None:
    """From here on the new master key seals; what the old one sealed is in the journal."""
    vault.refresh()
    await journal.durable()


async def _corrected(journal: Journal, ledger: Ledger, said: Correcting) -> None:
    """The journal first: what it cannot take is not so. Raises GatewayFault (503)."""
    journal.append(said.entry)
    await journal.durable()
    ledger.correct(Hold(said.entry.parent_step_id or "", said.entry.claims), said.before, said.after)


def url_of(settings: Settings, sock: socket.socket) -> str:
    """Where the gateway is reached from this machine."""
    host, port = sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.server.tls is not None else 'http'}://{shown}:{port}"


def _bytes_in(folder: Path) -> int:
    """What its files take; one that is deleted meanwhile takes nothing, and so does a folder that is gone."""
    total = 0
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                total += path.stat().st_size
    return total


def announce(settings: Settings, url: str, token: str) -> Path:
    """Leaves the address and the local admin key of this run for the commands of this machine, and for nobody else."""
    path = settings.server.data_dir / "server.json"
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"url": url, "pid": os.getpid(), "token": token}, file)
    return fresh.replace(path)


def greet(notices: Sequence[str], url: str, public_url: str | None = None) -> None:
    """The lines for whoever started this; `public_url` is where others reach it."""
    for line in [*notices, f"gatepost is listening on {url}"]:
        sys.stdout.write(line.replace("{url}", (public_url or url).rstrip("/")) + "\n")
    sys.stdout.flush()


def serve(settings: Settings, command: Sequence[str]) -> None:
    """Runs a gateway until it is told to stop. `command`: how this interpreter starts the control plane.

    Raises StartFailed, ConfigurationError and what storage raises, each with words for whoever started it.
    """
    bound()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Gateway(settings, command).run())
