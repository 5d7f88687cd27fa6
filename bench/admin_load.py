"""Admin work beside calls: one connection lists traces, one writes configuration, both as fast as they are answered.

What is compared is the latency of a client's calls with and without it.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from typing import cast

import httptools
import msgspec
import uvloop

from bench import procs
from bench.measure import CELLS, Bench, foreign_load, job, warm
from bench.results import AdminRun, Result
from bench.rounds import Plan, Say
from bench.running import Running, drive, running
from bench.targets import Target, UnavailableError
from bench.targets.gatepost import ADMIN_KEY
from bench.targets.target import ROOT

_LIST = "/api/v1/traces?limit=200"
_MODELS = "/api/v1/models"


class AdminJob(msgspec.Struct, frozen=True):
    """Where to work and how long; model ids begin with `prefix`, which no other job has."""

    port: int
    key: str
    seconds: float
    prefix: str


class AdminReport(msgspec.Struct):
    """What was done."""

    lists: int = 0
    writes: int = 0
    errors: int = 0
    first_error: str = ""
    cpu_seconds: float = 0.0


def _request(job: AdminJob, method: str, path: str, body: bytes = b"") -> bytes:
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{job.port}\r\nauthorization: Bearer {job.key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def lists(job: AdminJob) -> Iterator[bytes]:
    """Yields the same list request for ever."""
    request = _request(job, "GET", _LIST)
    while True:
        yield request


def writes(job: AdminJob) -> Iterator[bytes]:
    """Yields a new model and then one change of its prices after another: versions without end, of one size."""
    model: dict[str, object] = {
        "id": job.prefix,
        "name": "Written by the benchmark",
        "identifier": job.prefix,
        "provider": "openai",
        "base_url": "http://127.0.0.1:9/v1",
        "api_key": "secret-of-the-benchmark",
        "is_public": True,
        "data_retention_days": 30,
    }
    yield _request(job, "POST", _MODELS, msgspec.json.encode(model))
    for number in count(1):
        prices = {"input_cost_per_1k": number % 1000 / 10_000, "output_cost_per_1k": number % 1000 / 5_000}
        yield _request(job, "PUT", f"{_MODELS}/{job.prefix}", msgspec.json.encode(model | prices))


class Worker(asyncio.Protocol):
    """One connection that sends the next request when the last is answered."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        """Keeps what to send and until when."""
        self._requests = requests
        self._until = until
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._start = b""
        self.done = 0
        self.errors = 0
        self.first_error = ""
        self.ended = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the first request."""
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        """Feeds the parser."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Keeps the beginning, for the reason of a refusal."""
        self._start = self._start or body[:160]

    def on_message_complete(self) -> None:
        """Counts the answer and goes on."""
        status = self._parser.get_status_code()
        if status >= 300:
            self.errors += 1
            self.first_error = self.first_error or f"HTTP {status}: {self._start.decode(errors='replace')}"
        else:
            self.done += 1
        self._start = b""
        assert self._transport is not None
        if time.monotonic() < self._until and self._parser.should_keep_alive():
            self._transport.write(next(self._requests))
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the work; a connection lost too early is an error."""
        if exc is not None or time.monotonic() < self._until:
            self.errors += 1
            self.first_error = self.first_error or f"the admin connection was closed: {exc!r}"
        self.ended.set()


async def _connect(worker: Worker, port: int) -> None:
    await asyncio.get_running_loop().create_connection(lambda: worker, "127.0.0.1", port)


async def work(job: AdminJob) -> AdminReport:
    """Runs both connections to the end of the time."""
    until = time.monotonic() + job.seconds
    workers = [Worker(requests(job), until) for requests in (lists, writes)]
    for worker in workers:
        await _connect(worker, job.port)
    for worker in workers:
        await worker.ended.wait()
    lister, writer = workers
    problem = lister.first_error or writer.first_error
    return AdminReport(lister.done, writer.done, lister.errors + writer.errors, problem, time.process_time())


def compare_admin(bench: Bench, target: Target, plan: Plan, result: Result, say: Say) -> None:
    """Measures calls with and without admin work: the gateway on its one core, then on all of them."""
    everywhere = bench.placement.target | bench.placement.tools
    for words, cores in (("one core", bench.placement.target), ("all cores", everywhere)):
        say(f"calls beside admin work, gateway on {words}")
        try:
            with running(target, bench.provider.port, cores) as now:
                warm(bench, now, plan.warm_share)
                for number in range(plan.rounds):
                    for admin in (False, True):
                        result.admin.append(_one(bench, now, words, number, plan.seconds, admin=admin))
        except UnavailableError as error:
            say(f"no figures beside admin work: {error}")
            return


def _one(bench: Bench, now: Running, words: str, number: int, seconds: float, *, admin: bool) -> AdminRun:
    helper = _start(bench, now, number, seconds) if admin else None
    with foreign_load(bench, now) as load:
        report = drive(job(now, CELLS[0], seconds=seconds), bench.placement)
        done = AdminReport()
        if helper is not None:
            done = msgspec.json.decode(helper.communicate()[0], type=AdminReport)
        load.tools = report.cpu_seconds + done.cpu_seconds
    problems = [f"calls failed: {report.first_error}"] if report.errors else []
    problems += [f"admin requests failed: {done.first_error}"] if done.errors else []
    return AdminRun(
        placement=words,
        admin=admin,
        round=number,
        calls=report.calls,
        errors=report.errors,
        p50_us=report.latency.p50,
        p99_us=report.latency.p99,
        foreign_cores=load.cores,
        lists=done.lists,
        writes=done.writes,
        admin_errors=done.errors,
        note="; ".join(problems),
    )


def _start(bench: Bench, now: Running, number: int, seconds: float) -> "subprocess.Popen[bytes]":
    """Starts the admin worker; it is the least urgent process, so that it delays the gateway and not the driver."""
    orders = AdminJob(now.launch.port, ADMIN_KEY, seconds, f"admin-{number}")
    argv = [sys.executable, "-m", "bench.admin_load", msgspec.json.encode(orders).decode()]
    with procs.on_cores(bench.placement.tools):
        return subprocess.Popen(argv, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})


def main() -> None:
    """Runs one job as a process of its own and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", help="a job as JSON")
    orders = msgspec.json.decode(parser.parse_args().job, type=AdminJob)
    os.nice(19)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(work(orders))) + b"\n")


if __name__ == "__main__":
    main()
