"""What a translated answer says of itself, taken down while it passes."""

from gatepost_gateway.domain.conversation import (
    ArgumentsDelta,
    Event,
    Losses,
    Media,
    Opaque,
    PartCame,
    Reasoning,
    ReasoningDelta,
    Refusal,
    RefusalDelta,
    Reply,
    Started,
    Stopped,
    Text,
    TextDelta,
    ToolCall,
    ToolCallBegan,
    Used,
)
from gatepost_gateway.domain.ports import Summary

MAX_NAMES = 256
MAX_CHOICES = 128


def lost_of_text(event: TextDelta, losses: Losses) -> None:
    """What a piece of text has beside its words, for a format that has neither."""
    if event.logprobs is not None:
        losses.add("logprobs")
    if event.signature is not None:
        losses.add("content.signature")


class Notes:
    """A summary that grows with the events of a stream. `tokens` is a lower bound: who says something says a token."""

    __slots__ = ("_finish", "_names", "spoke", "summary", "tokens")

    def __init__(self) -> None:
        self.summary = Summary()
        self.spoke = False
        self.tokens = 0
        self._finish: dict[int, str] = {}
        self._names: list[str] = []

    def take(self, event: Event) -> None:
        summary = self.summary
        match event:
            case TextDelta() | RefusalDelta() | ReasoningDelta() | ArgumentsDelta():
                self._said(event.text)
            case ToolCallBegan():
                self._said(event.name)
                if len(self._names) < MAX_NAMES:
                    self._names.append(event.name)
                    summary.tool_calls = tuple(self._names)
            case PartCame():
                self.spoke = True
            case Stopped():
                if len(self._finish) < MAX_CHOICES:
                    self._finish[event.choice] = event.stop.value
                    summary.finish = tuple(self._finish.values())
            case Started():
                summary.upstream_id, summary.model, summary.fingerprint = event.id, event.model, event.fingerprint
                summary.usage = event.usage or summary.usage
            case Used():
                summary.usage = event.usage
            case _:
                pass

    def _said(self, text: str) -> None:
        if text:
            self.spoke = True
            self.tokens += 1
            self.summary.text_bytes += len(text.encode("utf-8", "replace"))


def summary_of(reply: Reply) -> Summary:
    """The summary of a whole answer."""
    parts = [part for choice in reply.choices for part in choice.parts]
    said = 0
    for part in parts:
        match part:
            case Text() | Refusal() | Reasoning():
                said += len(part.text.encode("utf-8", "replace"))
            case ToolCall():
                said += len(part.name) + len(part.arguments.encode("utf-8", "replace"))
            case Media() | Opaque() | _:
                pass
    return Summary(
        usage=reply.usage,
        upstream_id=reply.id,
        fingerprint=reply.fingerprint,
        model=reply.model,
        finish=tuple(choice.stop.value for choice in reply.choices[:MAX_CHOICES] if choice.stop is not None),
        tool_calls=tuple(part.name for part in parts if isinstance(part, ToolCall))[:MAX_NAMES],
        text_bytes=said,
    )
