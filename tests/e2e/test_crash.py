"""`kill -9` at any moment: no whole answer without its record, no hold left open, no money lost or made up."""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from e2e.load import INPUT_PRICE, OUTPUT_PRICE, BillingProvider, Got, Load, config
from e2e.money import nano
from e2e.running import Gateway, alive, free_port, until
from e2e.upstream import Upstream, say

LONG = "/pace 30\n/words 40"
TARGETS = ("data", "control", "both", "data")
"""Who is killed in the everyday run, in turn; a long run draws."""


@pytest.fixture(scope="module")
def provider() -> BillingProvider:
    return BillingProvider()


@pytest.fixture(scope="module")
def gateway(provider: BillingProvider, gateways: Callable[..., Gateway]) -> Iterator[Gateway]:
    with Upstream(provider.answer) as upstream:
        yield gateways(config(upstream.url))


def _kill(gateway: Gateway, target: str) -> None:
    data, control = gateway.pid, gateway.control_pid()
    for pid in {"data": [data], "control": [control], "both": [control, data]}[target]:
        os.kill(pid, signal.SIGKILL)
    if target == "control":
        return
    assert gateway.process is not None
    assert gateway.process.wait(10) == -signal.SIGKILL
    gateway.process = None


def _revive(gateway: Gateway, target: str, old_control: int) -> None:
    if target == "control":
        until(lambda: gateway.children() and gateway.children()[0] != old_control)
        until(lambda: gateway.get("/health")["parts"]["control"] == "ok")
        return
    gateway.start()
    until(lambda: not alive(old_control))


def _round(gateway: Gateway, label: str, target: str, after: float) -> list[Got]:
    """A load runs, somebody is killed in it, and everything runs again."""
    load = Load(gateway, label).start()
    until(lambda: any(one.whole for one in load.got))
    time.sleep(after)
    control = gateway.control_pid()
    _kill(gateway, target)
    time.sleep(0.15)
    got = load.stop()
    _revive(gateway, target, control)
    return got


def _steps(gateway: Gateway) -> dict[str, dict[str, Any]]:
    """Every model call on record, by its request id."""
    found: dict[str, dict[str, Any]] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = gateway.get(f"/api/v1/traces?limit=200&cursor={cursor}" if cursor else "/api/v1/traces?limit=200")
        for row in page["items"]:
            if row["steps"]:
                for step in gateway.trace(row["id"])["steps"]:
                    assert step["request_id"] not in found, "one call has two records"
                    found[step["request_id"]] = step
        cursor = page["next_cursor"]
    return found


def _assert_whole_answers_are_recorded(gateway: Gateway, got: list[Got]) -> None:
    whole = [one for one in got if one.whole]
    assert whole
    for one in whole:
        steps = gateway.trace(str(one.trace_id))["steps"]
        (step,) = [step for step in steps if step["request_id"] == one.mark]
        assert (step["outcome"], step["status"]) == ("answered", 200), one
        assert one.step_id in (None, step["id"])


def _assert_money(gateway: Gateway, billed: dict[str, int]) -> None:
    """Each bill is covered by its record, and the ledger has what the records have."""
    steps = _steps(gateway)
    assert gateway.get("/health")["open_holds"] == 0
    for mark, bill in billed.items():
        assert mark in steps, f"{mark} was billed and has no record"
        step = steps[mark]
        assert step["outcome"] in ("answered", "interrupted", "abandoned", "failed"), step
        assert bill <= nano(step["cost"]) <= nano(step["held"]), step
        if step["outcome"] == "answered":
            assert nano(step["cost"]) == bill
            assert step["usage"]["exact"] is True
        else:
            assert step["estimated"] is True
    total = sum(nano(step["settled"]) for step in steps.values())
    assert _ledger(gateway) == (total, 0)
    (budget,) = gateway.get("/api/v1/projects/default")["budgets"]
    assert (nano(budget["settled"]), nano(budget["held"])) == (total, 0)


def _ledger(gateway: Gateway) -> tuple[int, int]:
    """What the data plane's own ledger says: (settled, held), from the arithmetic of a refusal."""
    refused = gateway.chat("dear")
    assert refused.status_code == 402, refused.text
    limit = refused.json()["error"]["limit"]
    return nano(limit["settled"]), nano(limit["held"])


def test_four_kills(gateway: Gateway, provider: BillingProvider) -> None:
    dice = random.Random(4)
    for number, target in enumerate(TARGETS):
        got = _round(gateway, f"kill{number}", target, dice.uniform(0.05, 0.4))
        _assert_whole_answers_are_recorded(gateway, got)
        if target == "control":
            failed = [one for one in got if not one.whole]
            assert not failed, "calls failed though only the control plane died"
    _assert_money(gateway, provider.billed)
    interrupted = [step for step in _steps(gateway).values() if step["outcome"] == "interrupted"]
    assert interrupted, "no call was running when a data plane was killed"
    assert all(step["cost"] == step["held"] == step["settled"] for step in interrupted)


@pytest.mark.soak
def test_fifty_kills(gateway: Gateway, provider: BillingProvider) -> None:
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    rounds = 8 if os.environ.get("SOAK") == "short" else 50
    for number in range(rounds):
        target = dice.choice(("data", "control", "both"))
        got = _round(gateway, f"soak{seed}-{number}", target, dice.uniform(0.0, 0.6))
        _assert_whole_answers_are_recorded(gateway, got)
        assert gateway.get("/health")["open_holds"] == 0
        if number % 10 == 9 or number == rounds - 1:
            _assert_money(gateway, provider.billed)


def test_prices_of_the_test_are_those_of_the_model() -> None:
    assert (nano("0.003") // 1000, nano("0.007") // 1000) == (INPUT_PRICE, OUTPUT_PRICE)


# What else can happen to the data directory.


@pytest.fixture
def alone() -> Iterator[Gateway]:
    """A running gateway of the test's own."""
    gateway = Gateway()
    try:
        yield gateway.start()
    finally:
        gateway.kill()
        gateway.close()


def _fails_to_start(gateway: Gateway, seconds: float = 20.0) -> str:
    """What a start says that fails."""
    before = len(gateway.log())
    process = gateway.launch()
    assert process.wait(seconds) == 1
    gateway.process = None
    return gateway.log()[before:]


def test_a_second_process_on_the_same_data_is_refused(alone: Gateway) -> None:
    other = Gateway(folder=alone.folder, port=free_port())
    other.log_path = alone.folder / "other.log"
    began = time.monotonic()
    said = _fails_to_start(other)
    assert time.monotonic() - began < 15
    assert f"is held by process {alone.pid}" in said
    assert "Traceback" not in said
    assert alone.chat().status_code == 200


def test_a_torn_tail_is_cut_off(alone: Gateway) -> None:
    answers = [alone.chat(text=f"number {number}") for number in range(5)]
    alone.kill()
    (segment,) = sorted((alone.data / "journal").glob("*.gpj"))[-1:]
    whole = segment.stat().st_size
    with segment.open("ab") as file:
        file.write(segment.read_bytes()[60:95])
    alone.start()
    assert "torn tail" in alone.log()
    assert segment.exists() is False or segment.stat().st_size == whole
    for answer in answers:
        assert alone.step(answer)["outcome"] == "answered"
    assert alone.chat().status_code == 200


@pytest.mark.parametrize("name", ["config.db", "records.db", "master.key", "journal"])
def test_an_unreadable_file_stops_the_start_with_its_name(alone: Gateway, name: str) -> None:
    alone.post("/api/v1/keys", {"name": "one", "kind": "runtime", "project": "default"})
    for number in range(5):
        alone.chat(text=f"number {number}")
    alone.kill()
    path = alone.data / name
    if name == "journal":
        (path,) = sorted(path.glob("*.gpj"))[-1:]
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)
    else:
        path.write_bytes(b"This is not what was here before." * 200)
        for beside in alone.data.glob(f"{name}-*"):
            beside.unlink()
    said = _fails_to_start(alone)
    assert path.name in said
    assert "Traceback" not in said, said
    assert not alone.ready()


@contextmanager
def _small_disk(folder: Path, skip: Callable[[str], None]) -> Iterator[Path]:
    """A file system of a few megabytes at `folder`."""
    folder.mkdir()
    if os.geteuid() != 0:
        skip("a small file system can only be mounted by root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("padding", [0, 150], ids=["at the opening", "at the closing"])
def test_a_full_disk_refuses_calls_until_there_is_room(
    tmp_path: Path, skip_or_fail: Callable[[str], None], padding: int
) -> None:
    """The last block is full when a call opens its record, or when it closes it: then its answer is withheld."""
    with Upstream(say) as upstream, _small_disk(tmp_path / "data", skip_or_fail) as data:
        gateway = Gateway(config(upstream.url), folder=tmp_path)
        try:
            gateway.start()
            pad = {"x-gatepost-property-pad": "x" * padding} if padding else {}
            before = [gateway.chat("billed", headers=pad), *(gateway.chat("billed") for _ in range(4))]
            assert all(answer.status_code == 200 for answer in before)
            streamed: list[str] = []
            listener = threading.Thread(target=lambda: streamed.append(gateway.chat(text=LONG, stream=True).text))
            listener.start()
            until(lambda: gateway.get("/health")["open_holds"] == 1)
            filler = data / "filler"
            _fill(filler)
            kept, refused = _until_refused(gateway)
            assert refused.json()["error"]["code"] == "records_unavailable"
            assert refused.headers["x-request-id"]
            calls = len(upstream.seen)
            for stream in (False, True):
                again = gateway.chat("billed", stream=stream)
                assert (again.status_code, again.json()["error"]["code"]) == (503, "records_unavailable")
            assert len(upstream.seen) == calls, "a call went out without its record"
            assert gateway.request("GET", "/up").status_code == 200
            health = gateway.request("GET", "/health")
            assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
            assert "no space" in health.json()["parts"]["journal"]
            listener.join(20)
            assert "records_unavailable" in streamed[0], "a stream ended well without its record"
            filler.unlink()
            after = until(lambda: [one for one in [gateway.chat("billed")] if one.status_code == 200])
            for answer in [*before, *kept, *after]:
                assert until(lambda answer=answer: gateway.step(answer))["outcome"] == "answered"
            assert gateway.get("/health")["open_holds"] == 0
            assert gateway.get("/health")["parts"]["journal"] == "ok"
            settled = sum(nano(step["settled"]) for step in _steps(gateway).values())
            assert _ledger(gateway) == (settled, 0)
            gateway.stop()
            gateway.start()
            assert _ledger(gateway) == (settled, 0)
            gateway.stop()
        finally:
            gateway.kill()


def _fill(path: Path) -> None:
    """Takes all the room that is left."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError as error:
            assert error.errno == 28  # noqa: PT017 - what matters is that it is this error


def _until_refused(gateway: Gateway) -> tuple[list[Any], Any]:
    """The answers that came until the last block was full, and the refusal after them."""
    kept = []
    for _ in range(200):
        answer = gateway.chat("billed")
        if answer.status_code != 200:
            return kept, answer
        kept.append(answer)
    raise AssertionError("the disk is full and calls are still taken")
