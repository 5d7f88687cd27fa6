"""The wheels, in an environment that has nothing else: installed, started, asked."""

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e import running
from e2e.running import ROOT, Gateway, bare_environment

DISTRIBUTIONS = ("sdk", "rego", "gateway")
OFFLINE = ("--no-index", "--no-deps", "--disable-pip-version-check", "--quiet")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One of each distribution, built as a release would be."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in DISTRIBUTIONS:
        if (ROOT / name / "pyproject.toml").exists():
            subprocess.run(
                [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT / name],
                check=True, capture_output=True, env=bare_environment(), timeout=120,
            )  # fmt: skip
    return sorted(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def home(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheels; what they depend on is lent by ours, the distributions themselves are not."""
    home = tmp_path_factory.mktemp("home") / "env"
    venv.create(home)
    pip = [sys.executable, "-m", "pip", "--python", home / "bin" / "python"]
    subprocess.run([*pip, "install", *OFFLINE, *wheels], check=True, capture_output=True, timeout=120)
    (lent,) = home.glob("lib/python3*/site-packages")
    ours = Path(os.path.realpath(pytest.__file__)).parents[1]
    lend = lent / "lent"
    lend.mkdir()
    for path in ours.iterdir():
        # Not the packages under test, and not the links that lead into the working tree.
        if "gatepost" not in path.name.lower() and path.suffix != ".pth" and not (lent / path.name).exists():
            (lend / path.name).symlink_to(path)
    (lent / "lent.pth").write_text(f"{lend}\n")
    return home


@pytest.fixture
def installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setattr(running, "COMMAND", (str(home / "bin" / "gatepost"),))
    gateway = Gateway()
    try:
        yield gateway.start()
    finally:
        gateway.close()


def test_each_distribution_makes_one_wheel(wheels: list[Path]) -> None:
    names = {wheel.name.split("-")[0] for wheel in wheels}
    expected = {"gatepost", "gatepost_gateway"} | (
        {"gatepost_rego"} if (ROOT / "rego/pyproject.toml").exists() else set()
    )
    assert names == expected


def test_nothing_comes_from_the_working_tree(home: Path) -> None:
    words = "import gatepost, gatepost_gateway as g; print(gatepost.__file__); print(g.__file__)"
    said = subprocess.run(
        [home / "bin" / "python", "-c", words], capture_output=True, text=True, check=True, cwd=home, timeout=60
    ).stdout.split()
    assert len(said) == 2
    assert all(Path(path).is_relative_to(home) for path in said)


def test_the_installed_gateway_serves(installed: Gateway) -> None:
    answer = installed.chat()
    assert answer.json()["choices"][0]["message"]["content"] == "Hello, gate."
    assert installed.step(answer)["outcome"] == "answered"
    assert installed.run_json("traces")["items"][0]["id"] == answer.headers["x-gatepost-trace-id"]
    assert installed.run("init", str(installed.folder / "new.yaml")).returncode == 0


def test_the_installed_sdk_works(home: Path, installed: Gateway) -> None:
    words = (
        "import gatepost; c = gatepost.Client(); t = c.traces.create();"
        "print(c.execute(t.id, 'Hello.', model='sandbox/echo').output); c.close()"
    )
    env = {
        **bare_environment(),
        "GATEPOST_API_KEY": installed.runtime_key,
        "GATEPOST_BASE_URL": installed.base_url,
    }
    said = subprocess.run(
        [home / "bin" / "python", "-W", "error", "-c", words], capture_output=True, text=True, check=True, env=env,
        cwd=home, timeout=60,
    )  # fmt: skip
    assert said.stdout.strip() == "Hello."
