"""What the tools of a proxy's agent were asked and what they answered, for the record: sealed, and bounded."""

import msgspec

from gatepost_gateway.dialects.tool_uses import calls_of, results_of, streamed_calls
from gatepost_gateway.domain.ports import Vault
from gatepost_gateway.domain.records import TOOLS, ToolUse
from gatepost_gateway.pipeline.call import Call

MOST_BYTES = 128 * 1024
"""Of one step. Uses that are beyond it are left out, and the record warns of it."""


class ToolNotes:
    """Arguments and results may hold anything: only a proxy whose `record_tool_arguments` says so keeps them."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def note(self, call: Call, body: bytes | None = None) -> None:
        """Puts the uses of tools into the record. `body`: an answer before it is restored; None: a stream."""
        asked, record = call.asked, call.record
        if call.proxy is None or not call.proxy.record_tool_arguments or asked is None:
            return
        uses = results_of(asked)
        if call.summary is not None and call.summary.tool_calls:
            uses += calls_of(asked.dialect, body) if body is not None else _streamed(call)
        plain = msgspec.msgpack.encode(uses)
        while len(plain) > MOST_BYTES:
            uses.pop()
            plain = msgspec.msgpack.encode(uses)
            record.warnings = tuple(dict.fromkeys((*record.warnings, "not all uses of tools are recorded")))
        if uses:
            record.tools = self._vault.seal_state(TOOLS, record.step_id, plain)


def _streamed(call: Call) -> list[ToolUse]:
    words = call.masked_words or call.words
    return streamed_calls(words.calls()) if words is not None else []
