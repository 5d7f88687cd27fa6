"""Executions that wait for their caller: what they must remember to go on, encrypted, bounded in bytes and time."""

from collections import OrderedDict
from typing import Any

import msgspec
from msgspec import Struct, field

from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.ports import Archive, Found, Recorder, Vault
from gatepost_gateway.domain.records import Closed, Kept
from gatepost_gateway.pipeline.tool_servers import Json, Offer

KIND = "tool_loop"
LIFE = 24 * 3600 * 1_000_000
"""Microseconds that a pending tool loop is kept."""
MOST_BYTES = 64 * 1024 * 1024
MOST_TAKEN = 20_000


class Conversation(Struct):
    """What a pending step must remember. `servers`: as the caller named them, headers included."""

    model: str
    messages: list[Json]
    tools: list[Json]
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    by_default: bool = False
    """No model was named: it is the project's default."""
    servers: list[Json] = field(default_factory=list[Json])
    offers: list[Offer] = field(default_factory=list[Offer])
    offered: bool = False
    """The servers were asked what they have: what the model may call stands in `offers`."""
    session: tuple[str | None, int | None] = (None, None)

    def unanswered(self) -> list[Json]:
        """The calls of the model's last turn that nobody has answered yet."""
        last = max((number for number, one in enumerate(self.messages) if one.get("tool_calls")), default=None)
        if last is None:
            return []
        answered = {one.get("tool_call_id") for one in self.messages[last + 1 :]}
        return [call for call in self.messages[last]["tool_calls"] if call["id"] not in answered]

    def answer(self, call_id: str, text: str) -> None:
        self.messages.append({"role": "tool", "tool_call_id": call_id, "content": text})


class Pending:
    """Keeps conversations by the step that they wait at."""

    def __init__(self, recorder: Recorder, archive: Archive, vault: Vault) -> None:
        self._recorder = recorder
        self._archive = archive
        self._vault = vault
        self._kept: OrderedDict[str, Found] = OrderedDict()
        self._taken: OrderedDict[str, None] = OrderedDict()
        self._bytes = 0

    async def keep(self, record: Closed, conversation: Conversation) -> None:
        """Written down before the caller hears of it."""
        # JSON, because a tool's schema may hold numbers that are larger than MessagePack's.
        plain = msgspec.json.encode((record.trace_id, conversation))
        box = self._vault.seal_state(KIND, record.step_id, plain)
        project = record.project or ""
        kept = Found(project, box, record.at + LIFE)
        self._recorder.append(Kept(KIND, record.step_id, project, kept.expires_at, box))
        self._kept[record.step_id] = kept
        self._bytes += len(box)
        while self._bytes > MOST_BYTES and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone.box)
        await self._recorder.durable()

    async def load(self, step_id: str, trace_id: str, project: str, now: int) -> Conversation:
        """Raises CallerError (404) when the step waits for nothing, or is not this trace's or this project's."""
        kept = self._kept.get(step_id)
        if kept is None:
            kept = await self._archive.kept(KIND, step_id)
        if kept is not None and kept.box and kept.project == project and kept.expires_at > now:
            plain = self._vault.open_state(KIND, step_id, kept.box)
            of_trace, conversation = msgspec.json.decode(plain, type=tuple[str, Conversation])
            if of_trace == trace_id and step_id not in self._taken:
                return conversation
        raise _nothing(step_id)

    def take(self, step_id: str, project: str) -> None:
        """An approval is good for one execution: its step does not wait any more. Raises CallerError (404) if another
        has taken it.
        """
        if step_id in self._taken:
            raise _nothing(step_id)
        self._taken[step_id] = None
        while len(self._taken) > MOST_TAKEN:
            self._taken.popitem(last=False)
        kept = self._kept.pop(step_id, None)
        if kept is not None:
            self._bytes -= len(kept.box)
        self._recorder.append(Kept(KIND, step_id, project, 0, b""))


def _nothing(step_id: str) -> CallerError:
    return CallerError(
        f"step `{step_id[:64]}` of this trace does not wait for tool results or approvals",
        code=Code.STEP_NOT_FOUND,
        status=404,
    )
