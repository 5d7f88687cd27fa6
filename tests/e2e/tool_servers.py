"""Real tool servers as processes, and a model that asks for tools as its user says."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from e2e.running import ROOT, bare_environment
from e2e.upstream import DONE, Seen, Wire, chunk, completion, usage_chunk

MAIN = ROOT / "gateway" / "tests" / "mcp" / "tool_server.py"


class ToolServer:
    """A process that serves the set of tools `kind`."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.notes_path = folder / f"{kind}.notes"
        self.notes_path.touch()
        self.process = subprocess.Popen(
            [sys.executable, str(MAIN), "0", str(self.notes_path), kind], env=bare_environment(), stdout=subprocess.PIPE
        )
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def tool(self, **more: Any) -> dict[str, Any]:
        """The member of `tools` that names it."""
        return {"type": "mcp", "server_label": self.kind, "server_url": self.url, **more}

    def start(self) -> "ToolServer":
        """Waits until it is up."""
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        return self

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def notes(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.notes_path.read_text().splitlines()]

    def used(self, name: str) -> list[dict[str, Any]]:
        """The calls of one tool."""
        return [one for one in self.notes if one.get("tool") == name]


@contextmanager
def tool_server(kind: str, folder: Path) -> Iterator[ToolServer]:
    server = ToolServer(kind, folder)
    try:
        yield server.start()
    finally:
        server.stop()


def plan(*rounds: list[tuple[str, dict[str, Any]]]) -> str:
    """What a user says to the model below: the calls that it should ask for, round by round."""
    return json.dumps(rounds)


async def obedient(seen: Seen, wire: Wire) -> None:
    """A model that asks for the tools of the plan that the last user gave it, and then says what they answered."""
    messages = seen.json["messages"]
    asked = next(one["content"] for one in reversed(messages) if one["role"] == "user")
    rounds = json.loads(asked) if asked.startswith("[") else []
    done = sum(1 for one in messages if one.get("tool_calls"))
    if asked == "again and again":
        rounds = [[("search", {"query": f"number {done}"})]] * (done + 1)
    if done < len(rounds):
        calls = [
            {
                "id": f"call_{done}_{number}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for number, (name, arguments) in enumerate(rounds[done])
        ]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
        await _say(seen, wire, message, "tool_calls", (100, 20))
        return
    said = " | ".join(one["content"] for one in messages if one["role"] == "tool")
    await _say(seen, wire, {"role": "assistant", "content": f"They say: {said}"}, "stop", (200, 10))


async def _say(seen: Seen, wire: Wire, message: dict[str, Any], finish: str, used: tuple[int, int]) -> None:
    """Plain, or streamed as it was asked for."""
    prompt, output = used
    if not seen.json.get("stream"):
        choices = [{"index": 0, "message": message, "finish_reason": finish}]
        await wire.plain(completion(choices=choices, prompt=prompt, output=output))
        return
    await wire.begin()
    text, calls = message.get("content") or "", message.get("tool_calls", [])
    deltas = [{"content": text[at : at + 5]} for at in range(0, len(text), 5)]
    deltas += [{"tool_calls": [{"index": number, **call}]} for number, call in enumerate(calls)]
    for delta in deltas:
        await wire.chunk(chunk(choices=[{"index": 0, "delta": delta, "finish_reason": None}]))
    for event in (chunk(finish=finish), usage_chunk(prompt, output), DONE):
        await wire.chunk(event)
    await wire.end()
