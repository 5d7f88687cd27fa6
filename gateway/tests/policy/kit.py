"""Small rules and facts for tests of policy."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from gatepost_gateway.detect.custom import custom
from gatepost_gateway.detect.keywords import keywords
from gatepost_gateway.dialects.leaves import open_answer, open_request
from gatepost_gateway.dialects.openai_chat import read_asked
from gatepost_gateway.domain.findings import Detector, Finding, Place
from gatepost_gateway.domain.governance import Effect, Mode, Phase, Principal
from gatepost_gateway.domain.snapshot import ProjectEntry
from gatepost_gateway.policy.facts import Facts, Said, Setting
from gatepost_gateway.policy.rules import Label, Reach, Vote

SHORTER = 5 if os.environ.get("SOAK") == "short" else 1
"""How many times fewer examples the short form of a long run tries."""
BOTH = frozenset(Phase)
ENFORCE, OBSERVE = Mode.ENFORCE, Mode.OBSERVE


class Words:
    """A text rule: what it finds gets `vote`; redacted, it becomes `mark`."""

    def __init__(
        self, name: str, effect: Effect, detector: Detector | Sequence[str], mode: Mode = ENFORCE, mark: str = "[X]"
    ) -> None:
        self.label = Label(name, "words", mode)
        self.phases = BOTH
        self.places: frozenset[Place] = frozenset()
        found = (
            keywords(name, name.upper(), detector, whole_words=False) if isinstance(detector, Sequence) else detector
        )
        self.detectors: tuple[Detector, ...] = (found,)
        self.vote = Vote(effect, f"{name} was said", name)
        self.mark = mark

    def weigh(self, finding: Finding) -> Vote:
        return self.vote

    def replacement(self, finding: Finding, found: str) -> str:
        return self.mark


class Says:
    """A call rule that always says the same, or raises it."""

    def __init__(self, name: str, vote: Vote | Exception | None, mode: Mode = ENFORCE) -> None:
        self.label = Label(name, "says", mode)
        self.phases = BOTH
        self.reach = Reach.WHOLE
        self.vote = vote

    def judge(self, facts: Facts) -> Vote | None:
        if isinstance(self.vote, Exception):
            raise self.vote
        return self.vote


def matching(name: str, *sources: str) -> Detector:
    """A detector of regular expressions."""
    return custom(name, name.upper(), sources)


def facts_of(body: Mapping[str, Any] | str) -> Facts:
    """At the request gate; a text is a user's only message."""
    said = {"model": "m", "messages": [{"role": "user", "content": body}]} if isinstance(body, str) else body
    asked = read_asked(json.dumps(said).encode())
    setting = Setting(Principal("k", "o", "p"), ProjectEntry("p", "o"), "openai", {}, {}, dict[str, Any])
    return Facts(Phase.REQUEST, setting, asked, lambda: open_request(asked))


def asking(headers: Mapping[str, str] | None = None, /, **members: Any) -> Facts:
    """At the request gate, with members of a chat request and these headers."""
    asked = read_asked(json.dumps({"model": "m", "messages": [], **members}).encode())
    named = {name.lower().encode(): value.encode() for name, value in (headers or {}).items()}
    setting = Setting(Principal("k", "o", "p"), ProjectEntry("p", "o"), "openai", named, {}, dict[str, Any], "s-1")
    return Facts(Phase.REQUEST, setting, asked, lambda: open_request(asked))


def tools(*names: str) -> list[dict[str, Any]]:
    """Tools as a request declares them."""
    return [{"type": "function", "function": {"name": name}} for name in names]


def call(name: str, arguments: Any = None) -> dict[str, Any]:
    """A tool call as a message holds it."""
    said = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
    return {"id": "c", "type": "function", "function": {"name": name, "arguments": said}}


def replying(facts: Facts, text: str | None = None, *calls: dict[str, Any]) -> Facts:
    """The same call at the response gate."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = list(calls)
    body = json.dumps({"choices": [{"message": message}]}).encode()
    facts.answered(Said(body), lambda: open_answer(body))
    return facts


def answered(text: str) -> Facts:
    """At the response gate."""
    facts = facts_of("hello")
    body = json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()
    facts.answered(Said(body), lambda: open_answer(body))
    return facts
