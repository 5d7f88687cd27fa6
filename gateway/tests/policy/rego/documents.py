"""Facts for the tests of policies: a request in a caller's format, and the answer to it."""

from typing import Any

import msgspec

from gatepost_gateway.dialects.leaves import open_answer, open_request
from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.governance import Phase, Principal
from gatepost_gateway.domain.snapshot import ModelEntry, ProjectEntry, ProviderKind
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.policy.facts import Facts, Said, Setting

SETTING = Setting(
    principal=Principal("key1", "acme", "p", proxy="bot", user="ann"),
    project=ProjectEntry("p", "acme"),
    surface="openai",
    headers={b"authorization": b"Bearer gp_x_y", b"x-env": b"prod", b"x-goog-api-key": b"k", b"user-agent": b"t"},
    properties={"team": "red"},
    metadata=lambda: {"intent": "refund"},
    session_id="s1",
    turn=3,
    session_path="/a/b",
)
ENTRY = ModelEntry("gpt", "gpt-4o-2024-08-06", ProviderKind.OPENAI, "https://api.openai.com/v1")


def asked_of(body: Any, dialect: DialectName = DialectName.OPENAI_CHAT) -> Asked:
    """A decoded request."""
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    if dialect in CALLERS and dialect is not DialectName.GEMINI_GENERATE:
        return CALLERS[dialect].read_asked(data)
    fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    return Asked(Operation.CHAT, dialect, "gemini-x", stream=False, body=data, fields=fields)


def facts_of(body: Any, dialect: DialectName = DialectName.OPENAI_CHAT, setting: Setting = SETTING) -> Facts:
    asked = asked_of(body, dialect)
    return Facts(Phase.REQUEST, setting, asked, lambda: open_request(asked))


def answered(facts: Facts, body: Any, usage: Usage | None = None) -> Facts:
    data = msgspec.json.encode(body)
    facts.answered(Said(data, usage), lambda: open_answer(data))
    return facts


def said(*messages: Any, model: str = "gpt", **more: Any) -> dict[str, Any]:
    """An OpenAI request."""
    return {"model": model, "messages": [{"role": "user", "content": one} for one in messages], **more}
