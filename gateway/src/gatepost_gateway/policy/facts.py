"""What rules may ask about one call. Everything is read when it is first asked for, and kept."""

import copy
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.findings import Leaf
from gatepost_gateway.domain.findings import Texts as Texts  # noqa: PLC0414 - a part of the facts
from gatepost_gateway.domain.governance import Phase, Principal
from gatepost_gateway.domain.snapshot import ModelEntry, ProjectEntry
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.policy.counting import Counting
from gatepost_gateway.policy.placeholders import Placeholders


class Setting(Struct, frozen=True):
    """Whose call it is and where it came in. Header names are lower case."""

    principal: Principal
    project: ProjectEntry
    surface: str
    headers: Mapping[bytes, bytes]
    properties: Mapping[str, str]
    metadata: Callable[[], Mapping[str, Any]]
    """Of the trace that the call belongs to."""
    session_id: str | None = None
    turn: int = 1
    at: int = 0
    """Microseconds since the epoch."""
    session_path: str | None = None


class Said(Struct, frozen=True):
    """An answer, whole."""

    body: bytes
    usage: Usage | None = None
    finish: tuple[str, ...] = ()


class Facts:
    """`request` and `answer` open their side when they are first called. `target` is known from the plan on."""

    def __init__(
        self,
        phase: Phase,
        setting: Setting,
        asked: Asked,
        request: Callable[[], Texts],
        target: ModelEntry | None = None,
    ) -> None:
        self.phase = phase
        self.setting = setting
        self.asked = asked
        self.target = target
        self.attempt = 1
        """Which of the call's targets `target` is, counted from 1."""
        self.elsewhere: dict[str, Any] = {}
        """What rules found out about this call outside the loop, by their names."""
        self.counting = Counting()
        """What rules have counted, and count of this call."""
        self.sent: Callable[[], Texts] | None = None
        """Opens the request as it went on, at the response gate, for who must not see more."""
        self.judged_calls = 0
        """How many tool calls of the answer were judged before, each alone."""
        self.placeholders: Placeholders | None = None
        """What was given out in place of the caller's texts, or in the conversation that this call goes on with."""
        self.said: Said | None = None
        self._request = request
        self._answer: Callable[[], Texts] | None = None

    def answered(self, said: Said, answer: Callable[[], Texts]) -> None:
        """From here on the facts are those of the response gate."""
        self.phase = Phase.RESPONSE
        self.said = said
        self._answer = answer

    def with_answer(self, said: Said, answer: Texts, target: ModelEntry | None) -> "Facts":
        """The same call with this much of its answer, for rules that see answers in parts."""
        facts = copy.copy(self)
        facts.__dict__.pop("answer", None)
        facts.target = target
        facts.answered(said, lambda: answer)
        return facts

    def inquiry_key(self, rule: str) -> str:
        """What a judge's answer to a rule's question is kept under in `elsewhere`, a gate each."""
        return f"{self.phase.value}:{rule}"

    @property
    def reviewed_request(self) -> tuple[Leaf, ...]:
        """The request's texts as they went on."""
        return self.sent().leaves if self.sent is not None else self.request.leaves

    @cached_property
    def request(self) -> Texts:
        return self._request()

    @cached_property
    def answer(self) -> Texts:
        """Nothing, at the request gate."""
        return self._answer() if self._answer is not None else Texts(())

    @cached_property
    def body(self) -> dict[str, Any]:
        """The caller's request as JSON."""
        return msgspec.json.decode(self.asked.body)
