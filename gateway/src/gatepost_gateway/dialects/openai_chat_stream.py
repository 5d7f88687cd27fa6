"""The OpenAI chat completions stream, read as it passes: whole events go on byte for byte."""

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.dialects.framing import EventSplitter, StreamFailed, data_of
from gatepost_gateway.dialects.mould import Mould
from gatepost_gateway.dialects.openai_chat import MAX_CHOICES, MAX_NAMES, NULL, WireUsage, read_usage
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.ports import Summary
from gatepost_gateway.domain.usage import Usage

DONE = b"data: [DONE]\n\n"


class _Function(Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(Struct):
    function: _Function | None = None


class _Delta(Struct):
    content: Raw = NULL
    tool_calls: list[_ToolCall] | None = None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    function_call: Raw = NULL
    audio: Raw = NULL


class _Choice(Struct):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(Struct):
    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: WireUsage | None = None
    system_fingerprint: str | None = None
    error: Raw = NULL


_chunk = msgspec.json.Decoder(_Chunk)
_SHOWN = 500
_SILENT = (b"null", b'""', b"[]")


class OpenAIChatReader:
    """Implements `ports.StreamReader` for a caller and a provider that both speak the format.

    `spoke` turns true with the first event that carries a part of the answer, not with the role alone. `tokens` is a
    lower bound of the output tokens so far: each event that says something says at least one.
    """

    __slots__ = (
        "_choices",
        "_finish",
        "_mould",
        "_names",
        "_splitter",
        "ended",
        "keep_usage",
        "spoke",
        "summary",
        "tokens",
    )

    def __init__(self, asked: Asked) -> None:
        self.keep_usage = asked.wants_usage
        self._choices = asked.choices
        self.summary = Summary()
        self.ended = False
        self.spoke = False
        self.tokens = 0
        self._splitter = EventSplitter()
        self._mould = Mould()
        self._finish: dict[int, str] = {}
        self._names: list[str] = []

    def feed(self, data: bytes) -> bytes:
        """Raises ValueError on what is not the format, StreamFailed on an error event."""
        kept = [event for event in self._splitter.feed(data) if not self.ended and self._read(event)]
        return kept[0] if len(kept) == 1 else b"".join(kept)

    def close(self) -> bytes:
        """The body ended cleanly; `ended` says whether the answer did too.

        Some compatible servers send no `[DONE]`; then the finish reason of every choice is the end.
        """
        if not self.ended:
            rest = self.rest
            self.ended = _is_done(data_of(rest + b"\n\n")) if rest else len(self._finish) >= self._choices
        return b""

    @property
    def rest(self) -> bytes:
        """Bytes of an event that never ended."""
        return self._splitter.rest.strip()

    def _read(self, event: bytes) -> bool:
        """Takes note of an event; whether it goes on to the caller."""
        text = self._mould.text_of(event)
        if text is not None:
            self._spoken(len(text.encode()) + 2)
            return True
        data = data_of(event)
        if data is None:
            return True
        if _is_done(data):
            self.ended = True
            return True
        try:
            chunk = _chunk.decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            msg = f"an event of the stream is not a chat completion chunk: {error}"
            raise ValueError(msg) from None
        if chunk.error is not NULL and bytes(chunk.error) != b"null":
            raise StreamFailed(bytes(chunk.error)[:_SHOWN].decode("utf-8", "replace"))
        summary = self.summary
        if not summary.upstream_id:
            summary.upstream_id, summary.model, summary.fingerprint = chunk.id, chunk.model, chunk.system_fingerprint
        if chunk.choices:
            for choice in chunk.choices:
                self._note(choice)
        if chunk.usage is not None:
            self._used(read_usage(chunk.usage))
            return bool(chunk.choices) or self.keep_usage
        if self._mould.learns and (text := _only_content(chunk)) is not None:
            self._mould.take(event, text, _content_of)
        return True

    def _used(self, usage: Usage | None) -> None:
        # Some servers repeat a growing usage in every event: the last one counts.
        if usage is not None:
            self.summary.usage = usage

    def _note(self, choice: _Choice) -> None:
        if choice.finish_reason and len(self._finish) < MAX_CHOICES:
            self._finish[choice.index] = choice.finish_reason
            self.summary.finish = tuple(self._finish.values())
        delta = choice.delta
        if delta is None:
            return
        said = _said(delta)
        if delta.tool_calls:
            for call in delta.tool_calls:
                if call.function is not None:
                    said += len(call.function.arguments or "") + len(call.function.name or "")
                    if call.function.name and len(self._names) < MAX_NAMES:
                        self._names.append(call.function.name)
            self.summary.tool_calls = tuple(self._names)
        if said:
            self._spoken(said)

    def _spoken(self, size: int) -> None:
        """An event carries a part of the answer, of `size` bytes."""
        self.spoke = True
        self.tokens += 1
        self.summary.text_bytes += size


def _is_done(data: bytes | None) -> bool:
    return data is not None and data.strip() == b"[DONE]"


def _only_content(chunk: _Chunk) -> str | None:
    """The text of a chunk that says a piece of the content, and nothing else that is taken note of."""
    if chunk.usage is not None or not chunk.choices or len(chunk.choices) != 1:
        return None
    choice = chunk.choices[0]
    delta = choice.delta
    if delta is None or choice.finish_reason or delta.tool_calls:
        return None
    raw = bytes(delta.content)
    if raw[:1] != b'"' or _said(delta) != len(raw):
        return None
    try:
        return msgspec.json.decode(raw, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Nobody has asked yet what stands in it.
        return None


def _content_of(event: bytes) -> str | None:
    data = data_of(event)
    try:
        return _only_content(_chunk.decode(data)) if data is not None else None
    except (ValueError, RecursionError):
        return None


def _said(delta: _Delta) -> int:
    """Bytes of what one delta says, counted on the wire (never fewer than the tokens)."""
    size = 0
    for raw in (delta.content, delta.function_call, delta.audio):
        if raw is not NULL and (text := bytes(raw)) not in _SILENT:
            size += len(text)
    for words in (delta.refusal, delta.reasoning, delta.reasoning_content):
        if words:
            size += len(words.encode())
    return size
