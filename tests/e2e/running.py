"""A real `gatepost serve` in a folder of its own, as a user would run it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (str(Path(sys.executable).with_name("gatepost")),)
ADMIN_KEY = "gpa_e2ea_" + "a" * 32
RUNTIME_KEY = "gp_e2er_" + "r" * 32
START_SECONDS = 30.0
STOP_SECONDS = 20.0
CLIENT = httpx.Client(verify=False, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
"""A new connection for each request: a gateway that was started again is asked, not the one before."""


def fixtures_folder() -> Path:
    """Where recorded traffic lies: GATEPOST_FIXTURES, or beside the repository."""
    said = os.environ.get("GATEPOST_FIXTURES")
    return Path(said) if said else ROOT.parent / "shared" / "fixtures"


def bare_environment() -> dict[str, str]:
    """This process's environment without anything that would speak to a gateway or a provider.

    Python may keep what it has compiled: a test starts many processes.
    """
    apart = ("GATEPOST_", "OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_", "AWS_", "AZURE_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(apart)}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def until(true: Callable[[], Any], seconds: float = 10.0, every: float = 0.02) -> Any:
    """What `true` gives as soon as it gives something. Fails after `seconds`."""
    end = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > end:
            raise AssertionError(f"not so within {seconds:g} s: {true}")
        time.sleep(every)
    return found


def alive(pid: int) -> bool:
    """Whether a process runs (one that has ended and was not waited for does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children_of(pid: int) -> list[int]:
    """The process ids below `pid`, all generations."""
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *children_of(int(child))]
    except OSError:
        pass
    return found


class Gateway:
    """One gateway over one data directory; it can be stopped, killed and started again."""

    def __init__(
        self,
        config: str = "",
        *,
        folder: Path | None = None,
        keys: bool = True,
        env: Mapping[str, str] | None = None,
        port: int = 0,
    ) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="gatepost-e2e-") if folder is None else None
        self.folder = folder or Path(self._own.name)  # type: ignore[union-attr]
        self.data = self.folder / "data"
        self.port = port or free_port()
        self.keys = keys
        self.env = dict(env or {})
        self.words = ["serve"]
        self.admin_key, self.runtime_key = ADMIN_KEY, RUNTIME_KEY
        self.process: subprocess.Popen[bytes] | None = None
        self.scheme = "http"
        self._children: list[int] = []
        self.log_path = self.folder / "gateway.log"
        self.configure(config)

    def configure(self, config: str) -> None:
        """Writes gatepost.yaml; it is read at the next start."""
        self.config = config
        (self.folder / "gatepost.yaml").write_text(config)

    @property
    def base_url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        own = {"GATEPOST_LISTEN": f"127.0.0.1:{self.port}", "GATEPOST_DATA_DIR": str(self.data)}
        if self.keys:
            own |= {"GATEPOST_ADMIN_KEY": self.admin_key, "GATEPOST_RUNTIME_KEY": self.runtime_key}
        return {**bare_environment(), **own, **self.env}

    def launch(self) -> subprocess.Popen[bytes]:
        """Starts the process, and does not wait for it."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, *self.words], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        return self.process

    def start(self) -> "Gateway":
        process = self.launch()
        end = time.monotonic() + START_SECONDS
        while not self.ready():
            if process.poll() is not None:
                self.process = None
                raise AssertionError(f"the gateway ended with {process.returncode}:\n{self.log()}")
            assert time.monotonic() < end, f"the gateway was not ready in time:\n{self.log()}"
            time.sleep(0.03)
        self._children = self.children()
        return self

    def ready(self) -> bool:
        with suppress(httpx.HTTPError):
            return CLIENT.get(f"{self.base_url}/health/ready", timeout=2).status_code == 200
        return False

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def children(self) -> list[int]:
        return children_of(self.pid)

    def control_pid(self) -> int:
        """The control plane's process."""
        return until(self.children)[0]

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def stop(self, number: int = SIGTERM, seconds: float = STOP_SECONDS) -> None:
        """Ends it as an operator would, and looks that nothing is left of it."""
        process = self.process
        if process is None:
            return
        family = {*self._children, *self.children()}
        process.send_signal(number)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the gateway did not stop within {seconds:g} s:\n{self.log()}") from None
        self.process = None
        left = [pid for pid in family if alive(pid)]
        for pid in left:
            os.kill(pid, SIGKILL)
        assert code == 0, f"the gateway ended with {code}:\n{self.log()}"
        assert not left, f"processes were left: {left}\n{self.log()}"

    def kill(self) -> None:
        """Ends every process of it at once, without a word."""
        process, self.process = self.process, None
        if process is None:
            return
        family = {*self._children, *children_of(process.pid)}
        process.kill()
        process.wait()
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, SIGKILL)

    def close(self) -> None:
        """Stops it, and removes its folder when it is ours."""
        try:
            self.stop()
        finally:
            self.kill()
            if self._own is not None:
                self._own.cleanup()

    # What a test asks it.

    def request(self, method: str, path: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {key or self.admin_key}", **more.pop("headers", {})}
        more.setdefault("timeout", 20)
        return CLIENT.request(method, self.base_url + path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        """The JSON of an admin page; fails when it is not 200."""
        answer = self.request("GET", path, **more)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return self.request("POST", path, json=body, **more)

    def chat(self, model: str = "sandbox/echo", text: str = "Hello, gate.", **more: Any) -> httpx.Response:
        """A chat completion with the runtime key; what is not of httpx goes into the body."""
        passed = {name: more.pop(name) for name in ("headers", "key", "timeout") if name in more}
        passed.setdefault("key", self.runtime_key)
        body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        return self.request("POST", "/v1/chat/completions", json=body, **passed)

    def trace(self, trace_id: str) -> dict[str, Any]:
        return self.get(f"/api/v1/traces/{trace_id}")

    def step(self, answer: httpx.Response) -> dict[str, Any]:
        """The one step of an answer's trace."""
        (step,) = self.trace(answer.headers["x-gatepost-trace-id"])["steps"]
        return step

    def run(self, *words: str, code: int | None = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """A command of the command line tool beside the running server."""
        done = subprocess.run(
            [*COMMAND, *words], cwd=self.folder, env={**self.environment(), **env}, capture_output=True, text=True,
            timeout=60, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert code is None or done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def run_json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json").stdout)
