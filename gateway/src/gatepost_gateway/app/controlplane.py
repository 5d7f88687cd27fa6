"""The control plane's process: it folds the journal, answers the admin API, and tells the data plane what is true.

It ends when the other end of the socket pair closes, after a last fold.
"""

import argparse
import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop
from msgspec import structs

from gatepost_gateway.app.logs import to_stderr
from gatepost_gateway.control.courier import Courier, Sender
from gatepost_gateway.control.plane import ControlPlane
from gatepost_gateway.control.records import FoldedRecords
from gatepost_gateway.control.watching import Watch
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.errors import GatewayError, GatewayFault
from gatepost_gateway.domain.governance import Became
from gatepost_gateway.domain.ports import Found, TraceState
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry
from gatepost_gateway.link.channel import Channel
from gatepost_gateway.link.control_end import Asgi, ControlEnd
from gatepost_gateway.link.messages import Start
from gatepost_gateway.settings import ConfigurationError, Settings, load
from gatepost_gateway.storage.became import became
from gatepost_gateway.storage.escalations import Escalations
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.home import books, records_home
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.recover import recover
from gatepost_gateway.storage.retention import Retention
from gatepost_gateway.storage.vault import make_private_dir
from gatepost_gateway.transport import Client, Egress

if TYPE_CHECKING:
    from gatepost_gateway.control.otlp import Exporter

log = logging.getLogger("gatepost.control")
FOLD_SECONDS = 0.5
"""How late an aggregate may be; what is asked by id is never late."""
STILL_SECONDS = 5.0
"""How long a fold that failed is let be."""
CLEAN_SECONDS = 30.0
RETAIN_SECONDS = 3600.0
NICE = 5


class Office:
    """What the control plane does for the data plane. Implements `link.control_end.Memory`."""

    def __init__(self, settings: Settings) -> None:
        data_dir = settings.server.data_dir
        make_private_dir(data_dir)
        self._clock = SystemClock()
        self.token = Secret(f"gpa_local{secrets.token_hex(4)}_{secrets.token_hex(24)}")
        self._store_url = settings.server.store_url
        self.records = Records(records_home(data_dir, self._store_url), self._clock)
        self._queue = Escalations(self.records)
        self._retention = Retention(self.records)
        self.folder = Folder(data_dir / "journal", self.records)
        source = FoldedRecords(self.folder, self.records, self._clock, books(settings.server.state_url))
        try:
            self.plane = plane = ControlPlane(
                settings, records=source, local_token=self.token, clock=self._clock, runs=True
            )
        except BaseException:
            self.records.close()
            raise
        self.tell: Callable[[str], Awaitable[None]] = _nobody
        """Who hears that the fold stands still, and that it goes on again."""
        self._client = Client(egress=Egress.of(*settings.server.egress_allow))
        sender = Sender(self._client, plane.vault, self._clock)
        self._courier = Courier(plane, source.outbox, Watch(self.records, source.outbox), sender)
        self.exporter = self._exporting(settings)
        self.records.rollups.keys = lambda: self.plane.document().metadata_keys

    def app(self) -> Asgi:
        return self.plane.app

    async def start(self) -> Start:
        found = await asyncio.to_thread(recover, self.folder, self.records, self._clock.micros())
        self.plane.refresh()
        for warning in self.plane.warnings:
            log.warning(warning)
        return Start(
            snapshot=self.plane.document(),
            settled=found.settled,
            open_holds=list(found.open_holds),
            sessions=[(one.id, f"{one.project}/{one.proxy or ''}", one.turn, one.at) for one in found.sessions],
            marks=[(mark, one.id, one.at) for one in found.sessions for mark in one.marks],
            folded=found.folded,
            tripped=list(found.tripped),
            secret=self.plane.secret,
            local_token=self.token.reveal(),
            notices=greeting(self.plane),
        )

    async def trace(self, trace_id: str) -> TraceState | None:
        return await asyncio.to_thread(self._trace, trace_id)

    def _trace(self, trace_id: str) -> TraceState | None:
        self.folder.fold_everywhere()
        return self.records.trace_state(trace_id)

    async def kept(self, kind: str, id: str) -> Found | None:
        return await asyncio.to_thread(self._kept, kind, id)

    def _kept(self, kind: str, id: str) -> Found | None:
        self.folder.fold_everywhere()
        return self.records.kept(kind, id, self._clock.micros())

    async def admit(self, escalation_id: str, step_id: str) -> bool:
        return await asyncio.to_thread(self._queue.admit, escalation_id, step_id)

    async def became(self, step_ids: list[str]) -> dict[str, Became]:
        return await asyncio.to_thread(became, self.records, step_ids)

    async def keep_folding(self) -> None:
        """Folds what comes; now and then lets go of folded segments and of what has outlived its retention."""
        cleaned = retained = self._clock.monotonic()
        said = ""
        while True:
            await asyncio.sleep(FOLD_SECONDS)
            now = self._clock.monotonic()
            try:
                await asyncio.to_thread(self.folder.fold_to_end)
                if now - cleaned > CLEAN_SECONDS:
                    cleaned = now
                    await asyncio.to_thread(self.folder.clean)
                if now - retained > RETAIN_SECONDS:
                    retained = now
                    await asyncio.to_thread(self._retain)
                trouble = ""
            except GatewayError as error:
                # The journal keeps everything until it is folded; whoever runs this must look.
                if said != error.public:
                    log.exception("the fold stands still")
                trouble = error.public
            if trouble != said:
                await self.tell(trouble)
                said = trouble
            if trouble:
                await asyncio.sleep(STILL_SECONDS)

    def _exporting(self, settings: Settings) -> "Exporter | None":
        """None where no telemetry is asked for: its libraries are not even looked for."""
        said = settings.server.telemetry
        if said is None:
            return None
        try:
            from gatepost_gateway.control.otlp import Exporter  # noqa: PLC0415 - an extra, loaded where it is asked for
        except ImportError as error:
            words = f"server.telemetry needs the extra `gatepost-gateway[otel]`: `{error.name}` is not installed"
            raise GatewayFault(words) from error
        exporter = Exporter(said, self._entry)
        self.records.watch = exporter.offer
        self.plane.telemetry = exporter.counts
        return exporter

    def _entry(self, model: str) -> ModelEntry | None:
        return self.plane.snapshot.models.get(model)

    async def keep_exporting(self) -> None:
        if self.exporter is not None:
            await self.exporter.run()

    async def keep_company(self) -> None:
        """Follows other gateways on the same store, where it may have any."""
        if self._store_url is not None:
            # It needs the database's driver.
            from gatepost_gateway.app.neighbours import Neighbours  # noqa: PLC0415

            await Neighbours(self._store_url, self.plane, self.folder, self.records).run()

    async def keep_telling(self) -> None:
        """Tells webhooks what happened."""
        await self._courier.run(self.plane.store, self._clock)

    def _retain(self) -> None:
        while self._retention.expire(self._clock.micros()).more:
            pass

    def close(self) -> None:
        """A last fold, so that the next start is quick."""
        try:
            self.folder.fold_to_end()
            self.folder.clean()
        except GatewayError as error:
            # What is not folded stays in the journal, and the next start says the same.
            log.error("the last fold stopped: %s", error)  # noqa: TRY400 - its words say it all
        finally:
            self.plane.close()
            self.records.close()
            if self.exporter is not None:
                self.exporter.close()


async def _nobody(trouble: str) -> None: ...


def greeting(plane: ControlPlane) -> list[str]:
    """What a start says once: the keys that it made, and a first call that works as it stands."""
    runtime = plane.first_keys.runtime
    if runtime is None:
        return plane.notices
    return [
        "These keys are shown once; what is stored of them is a hash:",
        *(f"  {line}" for line in plane.notices),
        "A first call:",
        (
            f"  curl -s {{url}}/v1/chat/completions -H 'Authorization: Bearer {runtime.reveal()}'"
            " -H 'Content-Type: application/json'"
            ' -d \'{"model": "sandbox/echo", "messages": [{"role": "user", "content": "Hello, gate."}]}\''
        ),
    ]


async def run(fd: int, settings: Settings) -> None:
    """Serves the channel on `fd` until the data plane goes."""
    sock = socket.socket(fileno=fd)
    sock.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=sock, limit=2**20)
    try:
        office = Office(settings)
    except (ConfigurationError, GatewayError) as error:
        await _explain(Channel(reader, writer, {}), error)
        return
    end = ControlEnd(office, office.app)
    channel = Channel(reader, writer, end.handlers)
    end.attach(channel)
    office.tell = end.tell
    office.plane.on_publish(end.publish)
    office.plane.on_rekey(end.rekey)
    office.plane.on_correct(end.correct)
    loop = asyncio.get_running_loop()
    work = (office.keep_folding(), office.keep_telling(), office.keep_exporting(), office.keep_company())
    chores = [loop.create_task(one) for one in work]
    for chore in chores:
        chore.add_done_callback(partial(_ended, channel))
    try:
        await channel.run()
        await channel.finish()
    finally:
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        office.close()


def _ended(channel: Channel, chore: asyncio.Task[None]) -> None:
    """None of them ends by itself: where one does, this process is of no use, and the next one begins with all."""
    if not chore.cancelled() and (error := chore.exception()) is not None:
        log.error("the control plane ends, and is started again", exc_info=error)
        channel.close()


async def _explain(channel: Channel, error: Exception) -> None:
    """Answers every question with why there is no control plane."""
    words = str(error)

    async def refuse(payload: bytes) -> bytes:  # noqa: ARG001
        raise GatewayFault(words)

    channel.handlers = {"start": refuse}
    await channel.run()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--again", action="store_true")
    said = parser.parse_args()
    # Ctrl-C reaches the whole group; the data plane drains first and then closes the channel.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    to_stderr()
    # Where both want the same core, a call goes first.
    os.nice(NICE)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        settings = load(said.config)
        if said.again and settings.server.store_url is not None:
            # The file was applied when the gateway started; meanwhile another may be in force for all of them.
            settings = structs.replace(settings, file=None)
        runner.run(run(said.fd, settings))
