"""What a call through the SDK costs its caller beside the same request through bare httpx, and what importing it takes.

    python bench/sdk.py [rounds]

A server in a process of its own answers at once over one kept connection. Every round asks both ways in turn; what is
counted is the processor time of this process alone, so that other work on the machine does not matter much. Imports are
timed in fresh interpreters, by their own processor time.
"""

import json
import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection

import httpx

import gatepost

CALLS = 200
IMPORTS = 15
ANSWER = json.dumps(
    {
        "trace_id": "01a1d3a0-0000-7000-8000-000000000001",
        "step_id": "01a1d3a0-0000-7000-8000-000000000002",
        "output": "Bonjour, le monde. " * 20,
        "model": "gpt-4o-mini",
        "status": None,
        "tool_calls": [],
        "usage": {"input": 20, "output": 80, "cache_read": 0, "cache_write": 0, "images": 0, "exact": True},
        "cost": "0.000123",
        "latency_ms": 412.0,
        "finish_reason": "stop",
        "provider": "openai",
        "attempts": 1,
        "fallback_used": False,
    }
).encode()
TRACE = "01a1d3a0-0000-7000-8000-000000000001"
TEXT = "Translate to French: Hello, world."


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(ANSWER)}\r\n\r\n"
        self.wfile.write(head.encode() + ANSWER)

    def log_message(self, *args):
        """Quiet."""


def serve(told: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.send(server.server_port)
    server.serve_forever()


def bare(client: httpx.Client, url: str):
    """The same request by hand: JSON out, JSON in, a key, a timeout."""
    headers = {"authorization": "Bearer gp_a_b", "content-type": "application/json", "accept": "application/json"}

    def call() -> None:
        body = json.dumps({"trace_id": TRACE, "input": TEXT}).encode()
        response = client.post(f"{url}/api/v1/executions", content=body, headers=headers)
        response.raise_for_status()
        assert json.loads(response.content)["output"]

    return call


def sdk(client: gatepost.Client):
    def call() -> None:
        assert client.execute(trace_id=TRACE, input=TEXT).output

    return call


def micros(call) -> float:
    began = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - began) / CALLS * 1e6


def measured(ways: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Microseconds of each way, round by round, the first of them in turn."""
    for call in ways.values():
        micros(call)
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in sorted(ways, reverse=bool(number % 2)):
            taken[name].append(micros(ways[name]))
    return taken


def imports(statement: str) -> float:
    """The least processor time of a fresh interpreter's import, in milliseconds."""
    code = f"import time; began = time.process_time()\n{statement}\nprint((time.process_time() - began) * 1000)"
    words = [sys.executable, "-c", code]
    runs = (subprocess.run(words, capture_output=True, text=True, check=True).stdout for _ in range(IMPORTS))
    return min(map(float, runs))


def main(rounds: int) -> None:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}"
    with httpx.Client(timeout=30.0) as plain, gatepost.Client("gp_a_b", base_url=url) as client:
        taken = measured({"bare httpx": bare(plain, url), "gatepost": sdk(client)}, rounds)
    server.terminate()
    server.join()
    pairs = zip(taken["gatepost"], taken["bare httpx"], strict=True)
    more = statistics.median((one / other - 1) * 100 for one, other in pairs)
    for name, values in taken.items():
        print(f"{name:12} {statistics.median(values):8.0f} µs CPU a call (least {min(values):.0f})")
    print(f"overhead     {more:8.1f} % (median of {rounds} rounds of {CALLS} calls)")
    base = imports("import httpx, pydantic")
    print(f"import httpx, pydantic           {base:6.1f} ms CPU")
    for loaded in ("", "; gatepost.Client", "; gatepost.Client; gatepost.Trace; gatepost.ExecuteResult"):
        # The last is what there is when a first governed call has been answered.
        statement = f"import gatepost{loaded}"
        taken_by = imports(statement)
        print(f"{statement:32} {taken_by:6.1f} ms CPU, {taken_by - base:+.1f} over both")
    named = imports("import httpx\nfrom pydantic import BaseModel, Field")
    print(f"import httpx, pydantic's names   {named:6.1f} ms CPU: pydantic loads little before it is asked for a name")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
