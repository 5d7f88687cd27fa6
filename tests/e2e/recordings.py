"""The recorded traffic of OpenAI-compatible providers, as a table of what is sent and what is answered."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAMILIES = {
    "openai": ("openai",), "openai-responses": ("openai",), "azure-openai": ("azure",),
    "openai-compatible": ("openai", "internal"),
}  # fmt: skip
"""Recordings by file, and the provider families that they are replayed through."""
SUFFIXES = {"chat": "/chat/completions", "completions": "/completions", "responses": "/responses"}
"""Where each format stands below a server's root."""
OPERATIONS = tuple(f"{kind}{way}" for kind in SUFFIXES for way in ("", "_stream"))
# Told by the wire, not by the answer: the upstream frames its body anew, and these would contradict it.
_FRAMING = frozenset({"content-length", "transfer-encoding", "content-encoding", "connection", "keep-alive"})
_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")


@dataclass
class Recording:
    """One recorded exchange and where it is replayed. `number` is its place in the upstream's paths."""

    number: int
    provider: str
    family: str
    operation: str
    source: str
    path: str
    sent: dict[str, Any]
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def name(self) -> str:
        return f"rec-{self.number}"

    @property
    def identifier(self) -> str:
        return self.sent.get("model") or self.name

    @property
    def kind(self) -> str:
        return self.operation.removesuffix("_stream")

    @property
    def suffix(self) -> str:
        return SUFFIXES[self.kind]

    @property
    def stream(self) -> bool:
        return self.operation.endswith("_stream")

    @property
    def asks_usage(self) -> bool:
        return self.kind == "responses" or bool((self.sent.get("stream_options") or {}).get("include_usage"))

    def body_to_send(self) -> dict[str, Any]:
        return {**self.sent, "model": self.name}

    def body_to_arrive(self) -> dict[str, Any]:
        """What the upstream must get: what was sent, with the usage of a stream asked for."""
        body = {**self.sent, "model": self.identifier}
        if self.stream and self.kind != "responses":
            body["stream_options"] = {**(self.sent.get("stream_options") or {}), "include_usage": True}
        return body

    def entry(self, upstream: str) -> dict[str, Any]:
        """Its entry in gatepost.yaml."""
        at = f"{upstream}/r/{self.number}"
        path, _, query = self.path.partition("?")
        entry: dict[str, Any] = {
            "id": self.name, "identifier": self.identifier, "provider": self.family,
            "base_url": at + (path if self.family == "internal" else path.removesuffix(self.suffix)),
            "api_key": {"env": "RECORDED_KEY"},
        }  # fmt: skip
        if self.family == "azure":
            version = re.search(r"api-version=([^&]+)", query)
            entry["additional_config"] = {"api_version": version[1] if version else "", "completions": True}
        return entry

    def target(self) -> str:
        """The path, and Azure's query, that the upstream must see."""
        path, _, query = self.path.partition("?")
        return f"/r/{self.number}{path}" + (f"?{query}" if self.family == "azure" and query else "")

    def events(self) -> list[bytes]:
        """What the caller must get: all but a usage event that it did not ask for, and what follows the end."""
        found = [one for one in events_of(self.body) if self.asks_usage or not only_usage(one)]
        return [one for one in found if b"[DONE]" not in one] if self.kind == "responses" else found


def events_of(body: bytes) -> list[bytes]:
    """The events of a stream with their ends; a last one may have none."""
    found, start = [], 0
    for match in _EVENT_END.finditer(body):
        found.append(body[start : match.end()])
        start = match.end()
    return [*found, body[start:]] if body[start:].strip() else found


def only_usage(event: bytes) -> bool:
    lines = [line.partition(b":")[2] for line in event.splitlines() if line.startswith(b"data:")]
    try:
        said = json.loads(b"\n".join(lines))
    except ValueError:
        return False
    return isinstance(said, dict) and bool(said.get("usage")) and not said.get("choices")


def read(folder: Path) -> Iterator[Recording]:
    """Every recording of the families that says something, once for each way it is replayed."""
    number = 0
    for file, families in FAMILIES.items():
        for line in (folder / f"{file}.jsonl").read_text().splitlines():
            row = json.loads(line)
            if row["operation"] not in OPERATIONS or _of_another_format(row):
                continue
            for family in families:
                number += 1
                yield _recording(number, family, row)


def _recording(number: int, family: str, row: dict[str, Any]) -> Recording:
    request, answer = row["request"] or {}, row["response"]
    sent = request.get("body") or _plain_request(row["operation"])
    kind = row["operation"].removesuffix("_stream")
    usual = f"/openai/v1{SUFFIXES[kind]}" if family == "azure" and kind == "responses" else f"/v1{SUFFIXES[kind]}"
    headers = [(name, value) for name, value in answer["headers"].items() if name.lower() not in _FRAMING]
    path = request.get("path") or usual
    # Of an `internal` entry the address says what is spoken there; for chats any will do.
    if not path.partition("?")[0].endswith(SUFFIXES[kind]) and (family != "internal" or kind != "chat"):
        path = usual
    return Recording(
        number, row["provider"], family, row["operation"], row["id"], path, sent, answer["status"], headers,
        _body(answer),
    )  # fmt: skip


def _of_another_format(row: dict[str, Any]) -> bool:
    """Text completions of Ollama and Writer in formats of their own; joined answers; a chat under another name."""
    text = row["response"].get("body_text") or ""
    own = row["operation"] == "completions_stream" and '"choices"' not in text and not row["response"].get("chunks")
    joined = row["operation"] == "responses_stream" and json.dumps(row["response"]).count("response.created") > 2
    return own or joined or (row["operation"] == "responses" and "choices" in (row["response"].get("body") or {}))


def _plain_request(operation: str) -> dict[str, Any]:
    """For sources that kept answers only."""
    kind, _, stream = operation.partition("_")
    if kind == "responses":
        return {"input": "Hello.", **({"stream": True} if stream else {})}
    said = {"prompt": "Hello."} if kind == "completions" else {"messages": [{"role": "user", "content": "Hello."}]}
    return {**said, "stream": True, "stream_options": {"include_usage": True}} if stream else said


def _body(answer: dict[str, Any]) -> bytes:
    if answer.get("body_text") is not None:
        return answer["body_text"].encode()
    if answer.get("chunks") is not None:
        said = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in answer["chunks"]]
        if said[-1] != "[DONE]" and '"response.' not in said[-1]:
            said.append("[DONE]")
        return b"".join(b"data: " + one.encode() + b"\n\n" for one in said)
    return json.dumps(answer["body"], ensure_ascii=False).encode()
