"""The simple API of the fake gateway: chats, keys, sums. No HTTP."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from . import wire
from ._fake_book import COST, MODEL, PROJECT, Refused, Script, now
from ._plain import ERROR
from .sse import encode

_USAGE = wire.ChatUsage(prompt_tokens=8, completion_tokens=4, total_tokens=12)


class Desk:
    """What the simple API remembers: how many chats there were, and the keys that were made."""

    def __init__(self) -> None:
        self.chats = 0
        self.keys = 0
        self.providers: list[str] = []

    def chat(self, asked: wire.ChatRequest, said: Script) -> wire.ChatResponse:
        """The script's answer; without one, the last message."""
        self.chats += 1
        return wire.ChatResponse(
            id=f"chat-{self.chats}", provider="sandbox", model=asked.model, content=_text(asked, said),
            finish_reason="stop", latency_ms=1.0, usage=_USAGE, cost_usd=COST,
        )  # fmt: skip

    def stream(self, asked: wire.ChatRequest, said: Script) -> str:
        """The same as it goes over the wire; a broken one ends with the line that says so."""
        self.chats += 1
        return _text(asked, said) + (f"{ERROR}{said.broken}" if said.broken is not None else "")

    def completion(self, model: str, output: str) -> dict[str, Any]:
        """A chat completion in OpenAI's format."""
        self.chats += 1
        message = {"role": "assistant", "content": output}
        return {
            "id": f"chatcmpl-{self.chats}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 8, "completion_tokens": 4, "total_tokens": 12},
        }

    def key(self, asked: wire.ApiKeyNew) -> wire.ApiKeyCreated:
        """A key that no other request will know."""
        self.keys += 1
        name = f"made{self.keys}"
        return wire.ApiKeyCreated(
            id=name, name=asked.name, key_prefix=f"gp_{name}", status="active", created_at=now().isoformat(),
            models=asked.models or [], paths=asked.paths or [], api_key=f"gp_{name}_secret",
        )  # fmt: skip

    def bring(self, asked: wire.ProviderKeySet) -> None:
        """Remember that this provider has a key."""
        if asked.provider not in self.providers:
            self.providers.append(asked.provider)

    def me(self, key: str) -> wire.MeResponse:
        """Whose key it is."""
        prefix = "_".join(key.split("_")[:2])
        return wire.MeResponse(
            org_id="test", project_id=PROJECT, project_name="Test", key_prefix=prefix,
            configured_providers=sorted(self.providers),
        )  # fmt: skip

    def metrics(self, group_by: str) -> wire.MetricsResponse:
        """All chats in one point."""
        cost, moment = COST * self.chats, now().isoformat()
        sums: dict[str, Any] = {"requests": self.chats, "total_tokens": 12 * self.chats, "cost_usd": cost}
        group = wire.MetricsGroup(key=MODEL if group_by == "model" else "sandbox", avg_latency_ms=1.0, **sums)
        return wire.MetricsResponse(
            scope="project", scope_id=PROJECT, range_from=moment, range_to=moment, group_by=group_by,
            granularity="hour", totals=wire.MetricsTotals(p95_latency_ms=1.0, **sums),
            breakdown=[group] if self.chats else [],
            timeseries=[wire.MetricsPoint(bucket=moment, **sums)] if self.chats else [],
        )  # fmt: skip


def account(asked: wire.SignupRequest, key: str) -> wire.Account:
    """An account with the key that the fake gateway knows."""
    return wire.Account(org_id="test", project_id=PROJECT, email=asked.email, api_key=key, message="keep this key")


def spoken(said: Script) -> Script:
    """A script of a chat. Raises Refused where it says no: a block is an error here."""
    if said.refusal is not None:
        raise said.refusal
    if said.reason is not None:
        raise Refused(403, "policy_violation", said.reason, policy="test")
    return said


def _text(asked: wire.ChatRequest, said: Script) -> str:
    return said.output if said.output is not None else asked.messages[-1].content if asked.messages else ""


class Events(str):
    """Server-sent events."""

    __slots__ = ()


def events_of(done: wire.Execution, broken: str | None) -> Events:
    """An execution as it goes over the wire when it is streamed, a word a piece; a broken one ends with an error."""
    words = re.findall(r"\S+\s*", done.output or "")
    said = [encode(json.dumps({"round": 1, "text": word}), event="text") for word in words]
    if broken is not None:
        problem = {"status": 502, "error": broken, "code": "upstream_failed"}
        said.append(encode(json.dumps(problem), event="error"))
    else:
        said.append(encode(done.model_dump_json(), event="result"))
    return Events(b"".join(said).decode())
