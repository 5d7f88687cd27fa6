"""The way to the processes that evaluate slow policies. A policy that hangs there is killed with its process.

Each policy has a lane of its own, bounded, and at most one process works on it: a policy that takes all the time it may
delays its own callers, and no others. Processes are started when they are first needed.
"""

import asyncio
import hashlib
import logging
import socket
import subprocess
import sys
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.rego import Evaluated, Evaluation, PolicyFailed, RegoEntry

log = logging.getLogger("gatepost.policy")
PROCESSES = 2
LONGEST_LANE = 32
"""Calls that may wait for one policy."""
WAIT_SECONDS = 1.0
"""How long a call waits for its turn."""
MOST_POLICIES = 64
"""What one process compiles before another takes its place: it never forgets any."""
START_SECONDS = 15.0
COMPILE_SECONDS = 2.0
GRACE_SECONDS = 0.1
"""The engine stops by itself; one that has not, so long after, is killed."""
_READY = b"\x00\x00\x00\x00"


class _Job(Struct, eq=False):
    entry: RegoEntry
    document: bytes | None
    answer: "asyncio.Future[bytes]"


class _Process:
    """One process and its pipe. It serves one question at a time."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        self._command = command
        self._variables = variables
        self._known: set[bytes] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def full(self) -> bool:
        return len(self._known) >= MOST_POLICIES

    async def start(self) -> None:
        """Raises OSError, TimeoutError or EOFError."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            self._process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own interpreter; once, at start
                [sys.executable, *self._command, "--fd", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                env=dict(self._variables),
            )
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=2**20)
        async with asyncio.timeout(START_SECONDS):
            await self._reader.readexactly(len(_READY))

    async def ask(self, job: _Job) -> Evaluated:
        """Raises TimeoutError when the process does not keep its time, EOFError and OSError when it has gone."""
        entry = job.entry
        key = key_of(entry)
        new = key not in self._known
        ask = Evaluation(key, entry.packages, entry.source if new else None, job.document, entry.seconds)
        body = msgspec.msgpack.encode(ask)
        assert self._writer is not None
        self._writer.write(len(body).to_bytes(4, "big") + body)
        async with asyncio.timeout(entry.seconds + GRACE_SECONDS + (COMPILE_SECONDS if new else 0.0)):
            size = int.from_bytes(await self._reader.readexactly(4), "big")
            answer = msgspec.msgpack.decode(await self._reader.readexactly(size), type=Evaluated)
        self._known.add(key)
        return answer

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._writer is not None:
            self._writer.close()


def key_of(entry: RegoEntry) -> bytes:
    """What one policy is known by: its text, and the packages that are asked."""
    return hashlib.sha256("\x00".join((*entry.packages, entry.source)).encode()).digest()


class EvaluationPool:
    """Implements `domain.rego.Evaluator`. `command` is run with `--fd N` added, and sees `variables` and no others."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str] = MappingProxyType({})) -> None:
        self._command = command
        self._variables = variables
        self._lanes: OrderedDict[bytes, deque[_Job]] = OrderedDict()
        self._busy: set[bytes] = set()
        self._came = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    async def evaluate(self, entry: RegoEntry, document: bytes) -> bytes:
        job = self._enter(entry, document)
        try:
            async with asyncio.timeout(WAIT_SECONDS + entry.seconds + COMPILE_SECONDS):
                return await job.answer
        except TimeoutError:
            raise PolicyFailed("the policy's turn did not come in time") from None

    def prepare(self, entry: RegoEntry) -> None:
        if key_of(entry) not in self._lanes:
            job = self._enter(entry, None)
            job.answer.add_done_callback(_told)

    async def close(self) -> None:
        """Ends the processes; who still waits is refused."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for lane in self._lanes.values():
            for job in lane:
                _fail(job, "the gateway is closing")

    def _enter(self, entry: RegoEntry, document: bytes | None) -> _Job:
        """Raises PolicyFailed when the lane is full."""
        if self._closed:
            raise PolicyFailed("the gateway is closing")
        lane = self._lanes.setdefault(key_of(entry), deque())
        if len(lane) >= LONGEST_LANE:
            raise PolicyFailed("too many calls wait for this policy")
        job = _Job(entry, document, asyncio.get_running_loop().create_future())
        lane.append(job)
        if len(self._tasks) < PROCESSES:
            self._tasks.append(asyncio.get_running_loop().create_task(self._work()))
        self._came.set()
        return job

    async def _next(self) -> tuple[bytes, _Job]:
        """The oldest job of the lane whose turn it is; a lane that is worked on waits."""
        while True:
            for key, lane in self._lanes.items():
                if key in self._busy:
                    continue
                job = lane.popleft()
                self._lanes.move_to_end(key)
                self._busy.add(key)
                return key, job
            self._came.clear()
            await self._came.wait()

    def _done(self, key: bytes) -> None:
        self._busy.discard(key)
        if not self._lanes[key]:
            del self._lanes[key]
        self._came.set()

    async def _work(self) -> None:
        """One process after another, one job after another."""
        process: _Process | None = None
        try:
            while True:
                key, job = await self._next()
                try:
                    if not job.answer.done():
                        process = await self._ready(process)
                        _answer(job, await process.ask(job))
                except (OSError, EOFError, TimeoutError) as error:
                    log.warning("the process that evaluates `%s` is ended: %r", job.entry.name, error)
                    _fail(job, "the evaluation was ended from outside")
                    if process is not None:
                        process.kill()
                        process = None
                finally:
                    self._done(key)
        finally:
            if process is not None:
                process.kill()

    async def _ready(self, process: _Process | None) -> _Process:
        """A process that runs: the one that is there, or a fresh one when that has seen enough policies."""
        if process is not None and not process.full:
            return process
        if process is not None:
            process.kill()
        made = _Process(self._command, self._variables)
        try:
            await made.start()
        except BaseException:
            made.kill()
            raise
        return made


def _answer(job: _Job, said: Evaluated) -> None:
    if said.failure is not None:
        _fail(job, said.failure)
    elif not job.answer.done():
        job.answer.set_result(said.values)


def _fail(job: _Job, words: str) -> None:
    if not job.answer.done():
        job.answer.set_exception(PolicyFailed(words))


def _told(answer: "asyncio.Future[bytes]") -> None:
    """A policy that does not compile in time says so again to the first call that asks it."""
    if not answer.cancelled():
        answer.exception()
