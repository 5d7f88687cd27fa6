"""A target that runs: started, found to answer, called by the driver, ended."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench import procs
from bench.bodies import STAMPED_EVENTS, request_templates
from bench.load import Job, Report
from bench.provider import Bill
from bench.targets import Launch, Site, Target, UnavailableError
from bench.targets.target import CACHE, ROOT

_PROBE_SECONDS = 10.0
_STARTED = 0.05


class Provider:
    """The mock provider, running."""

    def __init__(self, process: procs.Process, port: int) -> None:
        """Keeps the process and its port."""
        self.process = process
        self.port = port

    def bill(self) -> Bill:
        """Returns what the provider has served so far."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PROBE_SECONDS)
        try:
            connection.request("GET", "/bill")
            return msgspec.json.decode(connection.getresponse().read(), type=Bill)
        finally:
            connection.close()


class Running(NamedTuple):
    """A target that answers, with the modes in which it does not."""

    target: Target
    launch: Launch
    process: procs.Process | None
    failed: dict[str, str]


@contextmanager
def folder(name: str) -> Generator[Path]:
    """Makes a folder for one process and removes it with everything in it."""
    runs = CACHE / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=runs))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def provider(placement: procs.Placement) -> Generator[Provider]:
    """Runs the provider."""
    with folder("provider") as place, ExitStack() as stack:
        port = procs.free_port()
        argv = [sys.executable, "-m", "bench.provider", "--port", str(port)]
        process = procs.start(argv, place, placement.tools, {"PYTHONPATH": str(ROOT)})
        stack.callback(process.stop)
        running = Provider(process, port)
        deadline = time.monotonic() + _PROBE_SECONDS
        while True:
            try:
                running.bill()
                break
            except OSError as error:
                if not process.running or time.monotonic() > deadline:
                    raise RuntimeError(f"the mock provider did not start: {process.last_words()}") from error
                time.sleep(_STARTED)
        yield running


def probe(launch: Launch, *, stream: bool) -> str:
    """Makes one call and returns what is wrong with the answer, nothing when it is good."""
    head, tail = request_templates(stream=stream)[0]
    connection = http.client.HTTPConnection("127.0.0.1", launch.port, timeout=_PROBE_SECONDS)
    headers = {"content-type": "application/json", **launch.headers}
    try:
        connection.request("POST", launch.path, head + b"000000000000" + tail, headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error!r}"[:200]
    finally:
        connection.close()
    if response.status != 200:
        return f"HTTP {response.status}: {body[:160].decode(errors='replace')}"
    if stream:
        events = body.count(b"@")
        whole = events == STAMPED_EVENTS and b"data: [DONE]" in body
        return "" if whole else f"{events} of {STAMPED_EVENTS} events, end marker {b'[DONE]' in body}"
    return _wrong_reply(body)


def _wrong_reply(body: bytes) -> str:
    try:
        json.loads(body)
    except ValueError:
        return "the reply is not JSON"
    return "" if b"prompt_tokens" in body and b"assistant" in body else "the reply is not the provider's"


def _await_answer(target: Target, launch: Launch, process: procs.Process) -> None:
    """Waits for the first good answer; a port that listens is not yet a gateway that answers."""
    deadline = time.monotonic() + target.start_seconds
    problem = "it never listened"
    while time.monotonic() < deadline:
        if not process.running:
            raise UnavailableError(f"it ended at the start: {process.last_words()}")
        problem = probe(launch, stream=False)
        if not problem:
            return
        time.sleep(0.2)
    raise UnavailableError(f"a plain call failed: {problem}")


@contextmanager
def running(target: Target, provider_port: int, cores: frozenset[int]) -> Generator[Running]:
    """Runs a target on the given cores; raises UnavailableError when a plain call does not get through."""
    with folder(target.name) as place, ExitStack() as stack:
        launch = target.launch(Site(provider_port, procs.free_port(), place))
        process: procs.Process | None = None
        if launch.argv:
            process = procs.start(launch.argv, place, cores, launch.env)
            stack.callback(process.stop)
            _await_answer(target, launch, process)
        problem = probe(launch, stream=True)
        yield Running(target, launch, process, {"stream": problem} if problem else {})


def drive(job: Job, placement: procs.Placement) -> Report:
    """Runs the driver to its end."""
    argv = [sys.executable, "-m", "bench.load"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with procs.on_cores(placement.tools):
        done = subprocess.run(argv, input=msgspec.json.encode(job), stdout=subprocess.PIPE, env=env, check=True)
    return msgspec.json.decode(done.stdout, type=Report)
