"""The input of a policy: one object, the same for every surface, of which only what the policy reads is built.

Its members and their meaning are in docs/rego.md. A member that is not known is left out: undefined, never a guess.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from gatepost_gateway.dialects.members import parsed
from gatepost_gateway.dialects.members import Malformed, as_object
from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind, undated
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.rego.turns import Turn, Turns, call_turn, flat, read_turns

MASKED: Final = "[MASKED]"
_SECRET_HEADERS: Final = frozenset(
    {b"authorization", b"proxy-authorization", b"cookie", b"set-cookie", b"x-amz-security-token"}
)
_SECRET_WORDS: Final = (b"key", b"token", b"secret", b"password", b"credential", b"signature")
_ADAPTERS: Final = {ProviderKind.AZURE: "openai", ProviderKind.INTERNAL: "openai", ProviderKind.SANDBOX: "openai"}
_TYPES: Final = {Operation.EMBED: "embeddings", Operation.IMAGE: "images", Operation.ACTION: "action"}
_FORMATS: Final = {"openai_responses": "responses", "openai_completions": "completions"}
ROUTE: Final = frozenset(
    {"provider", "provider_adapter", "provider_host", "model_family", "route_attempt", "route_is_fallback"}
)
"""The members that differ between the targets of one call."""


class Route(Struct, frozen=True):
    """Which of a call's targets is meant. `attempt` counts them from 1."""

    entry: ModelEntry
    attempt: int = 1


class View:
    """What the members are made from; each part is read at most once."""

    def __init__(self, facts: Facts, route: Route | None) -> None:
        self.facts = facts
        self.route = route

    @cached_property
    def body(self) -> dict[str, Any]:
        """The caller's JSON, once it is known that every reader reads it alike."""
        try:
            read = self.facts.request.body
            return as_object(parsed(self.facts.asked.body) if read is None else read, "body")
        except Malformed as error:
            raise CallerError(f"the request body is not valid: {error}") from None

    @cached_property
    def turns(self) -> Turns:
        return read_turns(self.facts, self.body)

    @property
    def messages(self) -> list[Turn]:
        """Raises CallerError (400) for words that no policy can read: none of them are no messages."""
        turns = self.turns
        if self.facts.request.unread:
            names = ", ".join(f"`{name}`" for name in self.facts.request.unread)
            raise CallerError(f"{names} holds tokens as numbers, which policies cannot read: send text")
        return turns.messages

    @property
    def answered(self) -> bool:
        return self.facts.phase is Phase.RESPONSE


class Document:
    """Builds the input for one policy, from the paths that it reads."""

    def __init__(self, reads: frozenset[tuple[str, ...]]) -> None:
        whole = () in reads
        self.names = frozenset(name for name in MEMBERS if whole or any(path[0] == name for path in reads if path))
        self._makers = tuple((name, MEMBERS[name]) for name in sorted(self.names))
        self.per_target = bool(self.names & ROUTE)
        """Whether the answer may differ between two targets of one call."""
        self.reads_answer = bool(self.names & {"output", "usage"})

    def build(self, facts: Facts, route: Route | None = None) -> dict[str, Any]:
        """Raises CallerError (400) for a request that cannot be read by its own format."""
        view = View(facts, route)
        return {name: value for name, make in self._makers if (value := make(view)) is not None}


def _system_prompt(view: View) -> str:
    return "\n".join(turn["content"] for turn in view.messages if turn["role"] == "system")


def _tool_names(view: View) -> list[str]:
    return [str(tool["function"].get("name", "")).lower() for tool in view.turns.tools]


def _tool_results(view: View) -> list[Turn]:
    names = {call["id"]: call["name"] for turn in view.messages for call in turn.get("tool_calls", ())}
    found: list[Turn] = []
    for turn in view.messages:
        if turn["role"] == "tool":
            call_id = turn.get("tool_call_id", "")
            name = turn.get("name") or names.get(call_id, "")
            found.append({"tool_call_id": call_id, "name": name, "content": turn["content"]})
    return found


def _headers(view: View) -> dict[str, str]:
    return shown_headers(view.facts.setting.headers)


def shown_headers(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    """Headers as rules and records see them: without what is secret by its name."""
    return {
        name.decode("latin-1"): MASKED if _is_secret(name) else value.decode("utf-8", "replace")
        for name, value in headers.items()
    }


def _is_secret(name: bytes) -> bool:
    return name in _SECRET_HEADERS or any(word in name for word in _SECRET_WORDS)


def _request_type(view: View) -> str:
    asked = view.facts.asked
    return _TYPES.get(asked.operation) or _FORMATS.get(asked.dialect.value, "chat_completions")


def _provider(view: View) -> str | None:
    return view.route.entry.provider.value if view.route else None


def _adapter(view: View) -> str | None:
    if view.route is None:
        return None
    kind = view.route.entry.provider
    return _ADAPTERS.get(kind, kind.value)


def _host(view: View) -> str | None:
    return (urlsplit(view.route.entry.base_url).hostname or None) if view.route else None


def _output(view: View) -> Turn | None:
    if not view.answered:
        return None
    answer = view.facts.answer
    texts = [leaf.text for leaf in answer.leaves if leaf.place is Place.ASSISTANT]
    calls = [call_turn(call.id, call.name, call.arguments) for call in answer.calls]
    return {"content": "\n".join(texts), "tool_calls": calls}


def _usage(view: View) -> dict[str, int] | None:
    said = view.facts.said
    if said is None or said.usage is None:
        return None
    usage = said.usage
    return {
        "input_tokens": usage.total - usage.output,
        "output_tokens": usage.output,
        "total_tokens": usage.total,
    }


def _request(view: View) -> Any:
    # Gemini names the model in the path.
    if view.facts.asked.dialect is DialectName.GEMINI_GENERATE:
        return {"model": view.facts.asked.model, **view.body}
    return view.body


Maker = Callable[[View], Any]
MEMBERS: Final[Mapping[str, Maker]] = {
    "agent_id": lambda view: view.facts.setting.principal.proxy,
    "org_id": lambda view: view.facts.setting.principal.org,
    "project_id": lambda view: view.facts.setting.project.id,
    "key_id": lambda view: view.facts.setting.principal.key_id,
    "user": lambda view: view.facts.setting.principal.user,
    "request_type": _request_type,
    "provider": _provider,
    "model": lambda view: view.facts.asked.model,
    "stream": lambda view: view.facts.asked.stream,
    "messages": lambda view: view.messages,
    "tools": lambda view: view.turns.tools,
    "tool_names": _tool_names,
    "tool_results": _tool_results,
    "system_prompt": _system_prompt,
    "request": _request,
    "request_flat": lambda view: flat(_request(view)),
    "request_max_tokens": lambda view: view.facts.asked.max_output,
    "http_headers": _headers,
    "metadata": lambda view: dict(view.facts.setting.metadata()),
    "properties": lambda view: dict(view.facts.setting.properties),
    "session_id": lambda view: view.facts.setting.session_id,
    "session_turn": lambda view: view.facts.setting.turn,
    "session_path": lambda view: view.facts.setting.session_path,
    "stage": lambda view: "response" if view.answered else None,
    "output": _output,
    "usage": _usage,
    "provider_adapter": _adapter,
    "provider_host": _host,
    "model_family": lambda view: undated(view.route.entry.identifier) if view.route else None,
    "route_attempt": lambda view: view.route.attempt if view.route else None,
    "route_is_fallback": lambda view: view.route.attempt > 1 if view.route else None,
}
"""Every member of the input, and how it is made; None: not known, and left out."""
