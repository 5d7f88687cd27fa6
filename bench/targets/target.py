"""What every target has to say of itself."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "bench" / ".cache"
CALL_PATH = "/v1/chat/completions"
_INSTALL_SECONDS = 600


class UnavailableError(Exception):
    """The target cannot run here; the text says why, in words for the results."""


class Site(NamedTuple):
    """Where a target is to run."""

    provider_port: int
    port: int
    folder: Path


class Launch(NamedTuple):
    """How a target is started and called; without a command it runs already."""

    argv: list[str]
    env: dict[str, str]
    port: int
    path: str
    headers: dict[str, str]


class Target(Protocol):
    """One way from the driver to the provider."""

    name: str
    warm_seconds: float
    """How long it takes calls before it is measured: compilers and caches differ."""
    linger_seconds: float
    """How long after the last call it may still work for it."""
    start_seconds: float

    def prepare(self) -> str:
        """Installs what is missing and returns the version; raises UnavailableError."""
        ...

    def launch(self, site: Site) -> Launch:
        """Writes its configuration into the site's folder and says how to start it."""
        ...


def command_output(argv: list[str], cwd: Path | None = None) -> str:
    """Runs a command to its end and returns what it printed; raises UnavailableError when it fails."""
    try:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"{Path(argv[0]).name} did not run: {type(error).__name__}") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise UnavailableError(f"{Path(argv[0]).name} {' '.join(argv[1:3])} failed: {' '.join(last)[:160]}")
    return done.stdout + done.stderr


def environment(name: str, requirements: list[str]) -> Path:
    """Returns a Python environment of its own with the requirements in it, made on the first use."""
    folder = CACHE / name
    python = folder / "bin" / "python"
    mark = folder / "installed"
    wanted = "\n".join(requirements)
    if mark.exists() and mark.read_text() == wanted:
        return folder
    CACHE.mkdir(exist_ok=True)
    command_output([sys.executable, "-m", "venv", str(folder)])
    command_output([str(python), "-m", "pip", "install", "--quiet", *requirements])
    mark.write_text(wanted)
    return folder


def installed_version(folder: Path, distribution: str) -> str:
    """Returns the version of a distribution in an environment."""
    code = f"import importlib.metadata as m; print(m.version({distribution!r}))"
    return command_output([str(folder / "bin" / "python"), "-c", code]).strip()
