"""Conversations that others recorded, played turn by turn: each stays in one session, and no two share one."""

import json
import re
from typing import Any

import pytest

from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.snapshot import ProviderKind

from ..recordings import need
from .fakes import Answer, House, ScriptedTransport, entry, run, snapshot_of

FORMATS = {
    "openai": (DialectName.OPENAI_CHAT, ProviderKind.OPENAI, r"/chat/completions$"),
    "openai-compatible": (DialectName.OPENAI_CHAT, ProviderKind.OPENAI, r"/chat/completions$"),
    "azure-openai": (DialectName.OPENAI_CHAT, ProviderKind.OPENAI, r"/chat/completions$"),
    "anthropic": (DialectName.ANTHROPIC_MESSAGES, ProviderKind.ANTHROPIC, r"/messages$"),
    "gemini": (DialectName.GEMINI_GENERATE, ProviderKind.GEMINI, r"enerateContent$"),
}


LEAST = {"openai": 10, "openai-compatible": 15, "azure-openai": 5, "anthropic": 10, "gemini": 15}
"""Turns that go on with a recorded call, at least: some of the recordings are kept back."""


def cassette(row: dict[str, Any]) -> str:
    return row["id"].rpartition("#")[0]


def played(family: str) -> list[dict[str, Any]]:
    """The family's answered chats, each once."""
    wanted = FORMATS[family][2]
    rows: dict[str, dict[str, Any]] = {}
    for row in need(f"provider-recordings/{family}.jsonl"):
        request, response = row["request"] or {}, row["response"]
        body = request.get("body")
        path = (request.get("path") or "").partition("?")[0]
        if response["status"] == 200 and isinstance(body, dict) and re.search(wanted, path) and messages(body):
            rows.setdefault(json.dumps([path, body]), row)
    return list(rows.values())


def messages(body: dict[str, Any]) -> list[Any]:
    found = body.get("messages", body.get("contents"))
    return found if isinstance(found, list) else []


def frame(body: dict[str, Any]) -> Any:
    return [body.get(name) for name in ("system", "systemInstruction", "system_instruction")]


def opening(row: dict[str, Any]) -> tuple[str, ...]:
    """The words that a conversation began with: its system prompt's and its first message's."""
    body = row["request"]["body"]
    texts = re.findall(
        r'"(?:text|content|system)": "((?:[^"\\\\]|\\\\.)*)"',
        json.dumps([frame(body), messages(body)[0], {"system": body.get("system")}]),
    )
    return tuple(sorted({text.strip() for text in texts}))


def goes_on(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether `other` is the next turn of `one`, by what was recorded: its messages, its answer, and what follows."""
    before, after = one["request"]["body"], other["request"]["body"]
    said, follows = messages(before), messages(after)
    if frame(before) != frame(after) or follows[: len(said)] != said or len(follows) < len(said) + 2:
        return False
    roles = [message.get("role") in ("assistant", "model") for message in follows[len(said) :]]
    return roles[0] and not any(roles[1:]) and echoed(follows[len(said)], one["response"])


def echoed(answer: dict[str, Any], response: dict[str, Any]) -> bool:
    """Whether a message is what was answered: each word of it is in the answer's bytes, and its calls are."""
    wire = json.dumps(response.get("body") or response.get("chunks") or "") + (response.get("body_text") or "")
    if "functionCall" in wire and "functionCall" not in json.dumps(answer):
        return False  # a client that tells its own tool as text
    heard = set(re.findall(r"\w+", wire))
    words: list[str] = []
    for part in answer.get("content") if isinstance(answer.get("content"), list) else answer.get("parts") or ():
        words += re.findall(r"\w+", str(part.get("text") or "")) if not part.get("thought") else []
        name = (part.get("functionCall") or part).get("name")
        words += [name] if name else []
        words += re.findall(r"\w+", json.dumps(part.get("input") or (part.get("functionCall") or {}).get("args") or ""))
    if isinstance(answer.get("content"), str):
        words += re.findall(r"\w+", answer["content"])
    for call in answer.get("tool_calls") or ():
        words += re.findall(r"\w+", call["function"]["name"] + " " + call["function"]["arguments"])
    return set(words) <= heard


def wire(response: dict[str, Any]) -> bytes | None:
    if response.get("body") is not None:
        return json.dumps(response["body"]).encode()
    return response["body_text"].encode() if response.get("body_text") else None


def play(house: House, family: str, row: dict[str, Any]) -> tuple[str | None, int | None] | None:
    """The session and turn of a recorded call, answered as it was; None where the answer cannot be replayed."""
    dialect = FORMATS[family][0]
    answer = wire(row["response"])
    body = {**row["request"]["body"], "model": "m"}
    for name in ("user", "metadata"):
        body.pop(name, None)
    streams = row["operation"] == "chat_stream"
    if answer is None:
        return None
    more: dict[str, Any] = {"dialect": dialect}
    if dialect is DialectName.GEMINI_GENERATE:
        body.pop("model")
        more |= {"model": "m", "stream": streams}
    house.transport.answers.append(Answer(200, [answer]))
    outlet_body = json.dumps(body).encode()
    try:
        run(house.call(outlet_body, **more))
    except GatewayError:
        house.transport.answers.clear()
        return None
    return house.record.session_id, house.record.turn


def house_of(family: str) -> House:
    return House(snapshot_of(entry(provider=FORMATS[family][1])), ScriptedTransport())


@pytest.mark.parametrize("family", FORMATS)
def test_the_next_turn_of_a_recorded_conversation_is_in_its_session(family):
    rows = played(family)
    pairs = [(one, two) for one in rows for two in rows if cassette(one) == cassette(two) and goes_on(one, two)]
    for one, other in pairs:
        house = house_of(family)
        first, second = play(house, family, one), play(house, family, other)
        if first is not None and second is not None:
            assert second == (first[0], 2), other["id"]
    assert len(pairs) >= LEAST[family]


@pytest.mark.parametrize("family", FORMATS)
def test_conversations_that_begin_otherwise_share_no_session(family):
    """All of a family through one key: with the same system prompts, the same tools, the same questions."""
    house = house_of(family)
    openings: dict[str | None, set[tuple[str, ...]]] = {}
    for row in played(family):
        if (place := play(house, family, row)) is not None:
            openings.setdefault(place[0], set()).add(opening(row))
    mixed = [found for found in openings.values() if len(found) > 1]
    assert not mixed
    assert len(openings) >= LEAST[family]
