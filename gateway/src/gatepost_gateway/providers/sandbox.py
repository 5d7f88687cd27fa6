"""`sandbox/echo`: a local model for first steps, tests and offline work. It proves nothing about real providers.

It sits where a connection would: it implements `ports.Transport` for addresses of the scheme `sandbox` and speaks
OpenAI's format, so a call to it takes the same way through the house as any other. The same request gets the same
answer. By itself it repeats the last user message; lines at its start that begin with a slash ask for more:

    /error 503 words     refuse with that status and those words     /retry-after 2   ... and this header
    /delay 250           wait so many milliseconds before the head   /pace 20         wait between events
    /tool name {json}    call an offered tool                        /words 12        say so many words
    /cut                 stop a stream before its end                /stall           never send the first byte
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import Headers, UpstreamAnswer, UpstreamRequest
from gatepost_gateway.domain.snapshot import Timeouts
from gatepost_gateway.providers.sandbox_making import embeddings, first_text, images

SCHEME = "sandbox"
MOST_ORDERS = 64
MOST_WORDS = 10_000
MOST_TEXT = 1_000_000
"""Characters that it repeats, over all choices: what it says is made in our own memory."""
_MAKES = {b"/embeddings": embeddings, b"/images/generations": images}
LONGEST_WAIT = 600.0
_JSON = ((b"content-type", b"application/json"),)
_EVENTS = ((b"content-type", b"text/event-stream"),)


class Script(Struct):
    """What a message asks of the sandbox."""

    text: str = ""
    error: int | None = None
    words: str = ""
    retry_after: str | None = None
    delay: float = 0.0
    pace: float = 0.0
    tools: list[tuple[str, str]] = []
    cut: bool = False
    stall: bool = False


def read_script(message: str) -> Script:
    """The leading slash lines of a message, and the rest as the text to repeat."""
    script = Script()
    lines = message.split("\n", MOST_ORDERS)
    taken = 0
    while taken < min(len(lines), MOST_ORDERS) and lines[taken].startswith("/") and _order(script, lines[taken]):
        taken += 1
    script.text = "\n".join(lines[taken:])
    return script


def _seconds(text: str) -> float:
    """Milliseconds in words as seconds. Raises ValueError for what is no time to wait."""
    seconds = float(text) / 1000
    if not 0 <= seconds <= LONGEST_WAIT:
        raise ValueError(text)
    return seconds


def _order(script: Script, line: str) -> bool:
    """Notes one order; False when the line is none, and is then a part of the text."""
    name, _, rest = line.partition(" ")
    try:
        match name:
            case "/error":
                status, _, script.words = rest.partition(" ")
                script.error = int(status)
            case "/retry-after":
                script.retry_after = str(float(rest))
            case "/delay":
                script.delay = _seconds(rest)
            case "/pace":
                script.pace = _seconds(rest)
            case "/words":
                script.words = " ".join(f"word{number}" for number in range(1, min(int(rest), MOST_WORDS) + 1))
            case "/tool":
                tool, _, arguments = rest.partition(" ")
                script.tools.append((tool, arguments or "{}"))
            case "/cut":
                script.cut = True
            case "/stall":
                script.stall = True
            case _:
                return False
    except ValueError:
        return False
    return True


class SandboxAnswer:
    """Implements `ports.UpstreamAnswer` over pieces that a script makes."""

    def __init__(self, status: int, headers: Headers, pieces: AsyncIterator[bytes]) -> None:
        self.status = status
        self.headers = headers
        self._pieces = pieces

    async def read(self) -> bytes:
        return await anext(self._pieces, b"")

    async def pump(self, sink: Callable[[bytes], bool]) -> bool:
        while data := await self.read():
            if not sink(data):
                return False
        return True

    async def read_all(self, limit: int) -> bytes:
        body = b"".join([piece async for piece in self._pieces])
        if len(body) > limit:
            raise _failed("the answer is too long", Code.UPSTREAM_GARBAGE, 502)
        return body

    def close(self) -> None:
        """Nothing is open: the pieces are made when they are asked for."""


class SandboxTransport:
    """Implements `ports.Transport`."""

    async def open(self, request: UpstreamRequest, timeouts: Timeouts, provider: str) -> UpstreamAnswer:  # noqa: ARG002
        body = cast("dict[str, Any]", msgspec.json.decode(request.body))
        make = _MAKES.get(request.target)
        script = read_script(first_text(body) if make else _last_user_text(body))
        if script.stall or script.delay > timeouts.first_byte:
            await asyncio.sleep(timeouts.first_byte)
            raise _failed("no first byte in time", Code.UPSTREAM_TIMEOUT, 504)
        if script.delay:
            await asyncio.sleep(script.delay)
        if script.error is not None:
            return _refusal(script)
        if make:
            return SandboxAnswer(200, _JSON, _once(make(body)))
        reply = _Reply(request.body, body, script)
        if body.get("stream"):
            return SandboxAnswer(200, _EVENTS, reply.events())
        return SandboxAnswer(200, _JSON, _once(reply.whole()))


def _failed(words: str, code: Code, status: int) -> UpstreamError:
    return UpstreamError(f"sandbox: {words}", code=code, status=status, next_step=NextStep.TRY_NEXT, provider=SCHEME)


def _refusal(script: Script) -> SandboxAnswer:
    headers = [*_JSON]
    if script.retry_after is not None:
        headers.append((b"retry-after", script.retry_after.encode()))
    error = {
        "message": script.words or f"asked for {script.error}",
        "type": "sandbox_error",
        "param": None,
        "code": None,
    }
    return SandboxAnswer(script.error or 500, headers, _once(msgspec.json.encode({"error": error})))


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    said: list[Any] = body.get("messages") or []
    return [message for message in said if isinstance(message, dict)]


def _last_user_text(body: dict[str, Any]) -> str:
    for message in reversed(_messages(body)):
        if message.get("role") == "tool":
            return f"{message.get('name') or message.get('tool_call_id')} said: {_plain(message.get('content'))}"
        if message.get("role") == "user":
            return _plain(message.get("content"))
    return ""


def _plain(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts: list[Any] = cast("list[Any]", content) if isinstance(content, list) else []
    texts = [cast("dict[str, Any]", part) for part in parts if isinstance(part, dict)]
    return "\n".join(str(part.get("text", "")) for part in texts if part.get("type") == "text")


class _Reply:
    """One deterministic answer, plain or as events."""

    def __init__(self, raw: bytes, body: dict[str, Any], script: Script) -> None:
        self.model = str(body.get("model", ""))
        self.script = script
        self.choices = int(body.get("n") or 1)
        options: dict[str, Any] = body.get("stream_options") or {}
        self.usage_asked = bool(options.get("include_usage"))
        words = (script.words or script.text)[: MOST_TEXT // self.choices].split(" ")
        limit = min(body.get("max_completion_tokens") or body.get("max_tokens") or MOST_WORDS, MOST_WORDS)
        cut = limit < len(words)
        self.words = words[:limit]
        self.finish = "tool_calls" if script.tools else "length" if cut else "stop"
        self.id = "chatcmpl-sandbox-" + hashlib.sha256(raw).hexdigest()[:12]
        output = sum(len(arguments.split()) + 1 for _, arguments in script.tools) if script.tools else len(self.words)
        prompt = sum(len(_plain(message.get("content")).split()) for message in _messages(body))
        output *= self.choices
        self.usage = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}

    def _calls(self) -> list[dict[str, Any]]:
        return [
            {
                "index": index,
                "id": f"call_{index}",
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for index, (name, arguments) in enumerate(self.script.tools)
        ]

    def whole(self) -> bytes:
        message: dict[str, Any] = {"role": "assistant", "content": None if self.script.tools else " ".join(self.words)}
        if self.script.tools:
            message["tool_calls"] = [{k: v for k, v in call.items() if k != "index"} for call in self._calls()]
        choices = [
            {"index": n, "message": message, "logprobs": None, "finish_reason": self.finish}
            for n in range(self.choices)
        ]
        return msgspec.json.encode({**self._head("chat.completion"), "choices": choices, "usage": self.usage})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": 0, "model": self.model, "system_fingerprint": "sandbox"}

    def _event(self, choices: list[dict[str, Any]], **more: object) -> bytes:
        return (
            b"data: "
            + msgspec.json.encode({**self._head("chat.completion.chunk"), "choices": choices, **more})
            + b"\n\n"
        )

    def _pieces(self) -> list[dict[str, Any]]:
        if self.script.tools:
            return [{"tool_calls": [call]} for call in self._calls()]
        return [{"content": word if at == 0 else " " + word} for at, word in enumerate(self.words)]

    async def events(self) -> AsyncIterator[bytes]:
        each = range(self.choices)
        yield self._event(
            [{"index": n, "delta": {"role": "assistant", "content": ""}, "finish_reason": None} for n in each]
        )
        for piece in self._pieces():
            if self.script.pace:
                await asyncio.sleep(self.script.pace)
            for n in each:
                yield self._event([{"index": n, "delta": piece, "finish_reason": None}])
        if self.script.cut:
            raise _failed("the stream stopped before its end", Code.UPSTREAM_TRUNCATED, 502)
        yield self._event([{"index": n, "delta": {}, "finish_reason": self.finish} for n in each])
        if self.usage_asked:
            yield self._event([], usage=self.usage)
        yield b"data: [DONE]\n\n"
