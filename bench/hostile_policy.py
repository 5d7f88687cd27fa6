"""What a hostile policy costs the calls of others, over HTTP: `python -m bench.hostile_policy`.

One gateway, two proxies. Four callers ask one proxy without a pause; a caller of the other asks every few milliseconds,
and its latency is what is compared: alone, beside those four, and beside those four with a policy that never ends.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.rego_policy import HOSTILE

KEY = "gp_bench_" + "b" * 32
CALLERS = 4
PAUSE = 0.005
WARM_SECONDS = 1.5
"""Not counted: the policy has to leave the loop first."""
CONFIG = """
server: {{listen: 127.0.0.1:{port}, data_dir: data}}
proxies:
  - {{id: good}}
  - {{id: idle}}
  - {{id: hostile, request_policy: {{file: hostile.rego}}}}
"""
BODY = json.dumps({"model": "sandbox/echo", "messages": [{"role": "user", "content": "hello"}]}).encode()


RUNS = (("alone", None), ("beside four callers", "idle"), ("beside a hostile policy", "hostile"))


class Caller:
    """One connection to one proxy's path."""

    def __init__(self, port: int, proxy: str) -> None:
        self._port = port
        head = f"POST /a/{proxy}/openai/v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n"
        self._request = f"{head}content-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n".encode() + BODY

    async def open(self) -> "Caller":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def ask(self) -> int:
        """The status of one call."""
        self._writer.write(self._request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await self._reader.readexactly(int(length))
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        self._writer.close()


async def measured(port: int, others: str | None, seconds: float) -> tuple[list[float], dict[int, int]]:
    """Latencies of the good caller in ms, in order, and the others' answers by status."""
    start = time.monotonic() + WARM_SECONDS
    end = start + seconds
    statuses: dict[int, int] = {}

    async def press(proxy: str) -> None:
        one = await Caller(port, proxy).open()
        while time.monotonic() < end:
            status = await one.ask()
            statuses[status] = statuses.get(status, 0) + 1
        one.close()

    tasks = [asyncio.ensure_future(press(others)) for _ in range(CALLERS)] if others else []
    good = await Caller(port, "good").open()
    took: list[float] = []
    while time.monotonic() < end:
        began = time.perf_counter()
        assert await good.ask() == 200
        if time.monotonic() > start:
            took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE)
    await asyncio.gather(*tasks)
    good.close()
    return sorted(took), statuses


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the gateway ended"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the gateway did not start")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds: float = parser.parse_args().seconds
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "gatepost.yaml").write_text(CONFIG.format(port=port))
        Path(folder, "hostile.rego").write_text(HOSTILE)
        command = [str(Path(sys.executable).with_name("gatepost")), "serve", "--config", "gatepost.yaml"]
        env = {**os.environ, "GATEPOST_RUNTIME_KEY": KEY}
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(port, process)
            asyncio.run(measured(port, None, 1.0))
            for words, others in (
                ("alone", None),
                ("beside four callers", "idle"),
                ("beside a hostile policy", "hostile"),
            ):
                took, statuses = asyncio.run(measured(port, others, seconds))
                p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
                figures = f"p50 {p50:6.2f} ms, p99 {p99:6.2f} ms, most {took[-1]:6.2f} ms of {len(took)}"
                print(f"{words:24} {figures}; {statuses}")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
    return 0


if __name__ == "__main__":
    sys.exit(main())
