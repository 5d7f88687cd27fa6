"""What the tests of the whole share: real gateways, recorded traffic, skips that count in CI."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from e2e.running import ROOT, Gateway, bare_environment, fixtures_folder, until

sys.path.append(str(ROOT / "gateway"))  # its tests share the PostgreSQL of their own with these
TABLES: list[str] = []
"""What tests want shown at the end of the run."""


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What collecting some ten thousand tests left stays: whoever collects garbage later need not look through it."""
    gc.collect()
    gc.freeze()


def skip_or_fail(reason: str) -> NoReturn:
    """Skips with a notice; under CI=true a skip is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    TABLES.append(f"not tested: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session", name="skip_or_fail")
def _skip_or_fail() -> Callable[[str], NoReturn]:
    return skip_or_fail


@pytest.fixture(scope="session")
def recordings() -> Path:
    folder = fixtures_folder() / "provider-recordings"
    if not folder.is_dir():
        skip_or_fail("the recorded traffic is not here: say where with GATEPOST_FIXTURES")
    return folder


@pytest.fixture(scope="session")
def show() -> Callable[[str], None]:
    """Shows a text at the end of the run."""
    return TABLES.append


@pytest.fixture(scope="module")
def gateways() -> Iterator[Callable[..., Gateway]]:
    """Makes gateways that live as long as the module's tests: `gateways(config, ...)` is running."""
    made: list[Gateway] = []

    def make(config: str = "", *, start: bool = True, **more: Any) -> Gateway:
        gateway = Gateway(config, **more)
        made.append(gateway)
        return gateway.start() if start else gateway

    yield make
    wrong = []
    for gateway in made:
        try:
            gateway.close()
        except AssertionError as error:
            wrong.append(error)
    assert not wrong, wrong


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A PostgreSQL, for the module: who stops it starts it again."""
    from tests.postgres import running

    with running(skip_or_fail) as held:
        yield held


@pytest.fixture(scope="module")
def gateway(gateways: Callable[..., Gateway]) -> Gateway:
    """A gateway without a provider, for the module."""
    return gateways()


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | None]:
    """The address of a real server with a tiny real model, made here; None when it is not installed."""
    home = ROOT / ".venvs" / "llama"
    if not (home / ".ready").exists():
        yield None
        return
    folder = tmp_path_factory.mktemp("llama")
    script = ROOT / "tests" / "e2e" / "llama_server.py"
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [home / "bin" / "python", script, folder / "tiny.gguf"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=bare_environment(), text=True,
        )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), (folder / "log").read_text()
        until(lambda: httpx.get(f"{address}/health").status_code == 200)
        yield address
    finally:
        server.stdin.close()
        assert server.wait(20) == 0
        server.stdout.close()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker's tables go to who shows them."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tables"] = TABLES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    TABLES.extend(getattr(node, "workeroutput", {}).get("tables", ()))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    for table in dict.fromkeys(TABLES):
        terminalreporter.write_line(table)
