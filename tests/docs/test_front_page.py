"""Every block of the README runs against a live gateway; only the address, the key and an id are filled in."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest
from e2e.running import ROOT, Gateway, bare_environment

README = ROOT / "README.md"
ADDRESS = "http://127.0.0.1:41002"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
MAKES = {"make run": r"exec \$\(BIN\)/gatepost serve", "make test": r"-m pytest"}
"""Commands of the README that are the Makefile's: held against it, since a test cannot run all tests."""


@pytest.fixture(scope="module")
def live(gateways: Callable[..., Gateway]) -> Gateway:
    """A gateway without a file, with one call behind it."""
    gateway = gateways()
    gateway.chat()
    (gateway.folder / "gatepost.yaml").unlink()
    return gateway


def blocks(kind: str) -> list[str]:
    return [text for name, text in BLOCKS if name == kind]


def filled(text: str, gateway: Gateway) -> str:
    """The block with this gateway's address, key and last trace."""
    last = gateway.get("/api/v1/traces")["items"][0]["id"]
    said = text.replace(ADDRESS, gateway.base_url).replace('"gp_..."', f'"{gateway.runtime_key}"')
    return said.replace("<trace id>", last).replace(".venv/bin/gatepost", str(ROOT / ".venv/bin/gatepost"))


def environment(gateway: Gateway) -> dict[str, str]:
    return {
        **bare_environment(),
        "GATEPOST_API_KEY": gateway.runtime_key,
        "GATEPOST_ADMIN_KEY": gateway.admin_key,
        "GATEPOST_BASE_URL": gateway.base_url,
    }


def test_there_are_blocks_of_both_kinds_and_no_others() -> None:
    assert {name for name, _ in BLOCKS} == {"console", "python"}
    assert len(blocks("console")) >= 3
    assert len(blocks("python")) >= 2


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_python_runs(live: Gateway, number: int) -> None:
    said = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", filled(blocks("python")[number], live)],
        capture_output=True, text=True, check=False, env=environment(live), timeout=60,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "Hello, gate." in said.stdout


@pytest.mark.parametrize("number", range(len(blocks("console"))))
def test_console_runs(live: Gateway, number: int, gateways: Callable[..., Gateway]) -> None:
    for line in commands(blocks("console")[number]):
        if line in MAKES:
            assert re.search(MAKES[line], (ROOT / "Makefile").read_text()), line
        elif " serve" in line:
            assert_serves(line, live, gateways)
        else:
            said = subprocess.run(
                ["/bin/sh", "-c", filled(line, live)], capture_output=True, text=True, check=False,
                env=environment(live), cwd=live.folder, timeout=60,
            )  # fmt: skip
            assert said.returncode == 0, f"{line}\n{said.stderr}"
            assert said.stdout, line


def commands(block: str) -> list[str]:
    """The lines of a block, those that are continued in one."""
    return [line.split("  #")[0].strip() for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def assert_serves(line: str, live: Gateway, gateways: Callable[..., Gateway]) -> None:
    """Starts as it stands, with the file that the line before it wrote."""
    program, *words = line.split()
    assert program.endswith("/gatepost")
    other = gateways(start=False)
    shutil.copy(live.folder / "gatepost.yaml", other.folder)
    other.words = words
    other.start()
    assert other.chat().status_code == 200
