"""A Responses request read into the canonical form.

Source: OpenAI's API reference, "Responses", create. What a provider of another format cannot do is left in `extra`
under its own name, and so becomes a listed loss.
"""

from typing import Any

from gatepost_gateway.dialects.logprobs import INCLUDE
from gatepost_gateway.dialects.members import (
    Malformed,
    as_flag,
    as_list,
    as_number,
    as_object,
    as_text,
    as_whole,
    decoded,
    rest_of,
)
from gatepost_gateway.dialects.openai_models import SHARED, shared_of
from gatepost_gateway.dialects.openai_responses_items import HOME, Thought, read_call, read_content, read_result
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.conversation import (
    AnyPart,
    Conversation,
    Message,
    Opaque,
    OutputFormat,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from gatepost_gateway.domain.errors import CallerError, Code

_ROLES = {"system": Role.SYSTEM, "developer": Role.SYSTEM, "user": Role.USER, "assistant": Role.ASSISTANT}
_CARRIED = frozenset(
    {"model", "input", "instructions", "stream", "tools", "tool_choice", "parallel_tool_calls", "max_output_tokens"}
    | {"temperature", "top_p", "text", "reasoning", "user"}
)
_KEPT_HERE = frozenset({"store", "metadata", "background"})
"""Members that the gateway itself does, whoever the provider is."""
_NOTHING_ASKED: dict[str, Any] = {
    "truncation": "disabled",
    "stream_options": {"include_obfuscation": False},
}
"""Members that say what is so without them; sealed thoughts are always given back."""
_ELSEWHERE = {
    "conversation": "a conversation",
    "prompt": "a prompt",
    "previous_response_id": "an answer",
}


def read_request(asked: Asked) -> Conversation:
    """Raises Malformed that names the member at fault, CallerError (422) for what stands with another provider."""
    body = {name: decoded(raw) for name, raw in asked.fields.items()}
    for name, what in _ELSEWHERE.items():
        if body.get(name) is not None:
            raise _elsewhere(name, what)
    rest = rest_of(body, _CARRIED | _KEPT_HERE | SHARED) or {}
    text = as_object(body.get("text") or {}, "text")
    shared = shared_of({**body, "verbosity": text.get("verbosity")})
    if shared.get("service_tier") == "auto":
        del shared["service_tier"]
    odds = _read_odds(rest)
    extra = {name: said for name, said in rest.items() if _NOTHING_ASKED.get(name) != said}
    known = frozenset({"format", "verbosity"})
    extra |= {f"text.{name}": said for name, said in (rest_of(text, known) or {}).items()}
    items = Items()
    messages = [*_read_instructions(body.get("instructions")), *items.read(body.get("input"), "input")]
    tools = [*_read_tools(body.get("tools")), *items.tools]
    if items.tools:
        # They were to be known only from there on.
        extra["messages.tools_position"] = True
    return Conversation(
        messages=messages,
        tools=tools,
        tool_choice=_read_choice(body.get("tool_choice"), extra) if tools else None,
        parallel_tools=as_flag(body.get("parallel_tool_calls"), "parallel_tool_calls"),
        max_tokens=asked.max_output,
        temperature=as_number(body.get("temperature"), "temperature"),
        top_p=as_number(body.get("top_p"), "top_p"),
        top_logprobs=odds,
        output=_read_format(text.get("format")),
        thinking=_read_thinking(body.get("reasoning")),
        user=asked.user,
        extra=extra,
        shared=shared,
    )


def _read_odds(rest: dict[str, Any]) -> int | None:
    """Whether tokens are wanted with how likely they were; takes out of `rest` what says so, and what is so anyway."""
    wanted = as_list(rest.pop("include", None), "include")
    count = as_whole(rest.pop("top_logprobs", None), "top_logprobs")
    if left := [one for one in wanted if one not in (INCLUDE, "reasoning.encrypted_content")]:
        rest["include"] = left
    return (count or 0) if count or INCLUDE in wanted else None


def _elsewhere(name: str, what: str) -> CallerError:
    return CallerError(
        f"`{name}` names {what} that OpenAI keeps, and this model's provider cannot see: send what it holds in `input`",
        code=Code.NOT_TRANSLATABLE,
        status=422,
    )


def _read_instructions(said: Any) -> list[Message]:
    if isinstance(said, str):
        return [Message(Role.SYSTEM, [Text(text=said)])] if said else []
    return Items().read(said, "instructions") if said else []


class Items:
    """A list of items as turns: what an assistant says and calls in a row is one turn."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._seal: Thought | None = None
        self.tools: list[Tool | Opaque] = []
        """Those that were added between the turns."""

    def read(self, said: Any, where: str) -> list[Message]:
        """Raises Malformed."""
        if isinstance(said, str):
            return [Message(Role.USER, [Text(text=said)])]
        for number, one in enumerate(as_list(said, where)):
            self._read(as_object(one, f"{where}[{number}]"), f"{where}[{number}]")
        return self._messages

    def _read(self, said: dict[str, Any], where: str) -> None:
        match said.get("type") or "message":
            case "message":
                self._say(said, where)
            case "function_call":
                self._assistant([self._call(said)])
            case "function_call_output":
                self._messages.append(Message(Role.TOOL, [read_result(said)]))
            case "reasoning":
                thought = Thought(said)
                if thought.call_seal is not None:
                    self._seal = thought
                self._assistant(list(thought.parts))
            case "additional_tools":
                self.tools += _read_tools(said.get("tools"))
            case "item_reference":
                raise _elsewhere(f"{where}.id", "an item")
            case kind:
                self._opaque(str(kind), said)

    def _say(self, said: dict[str, Any], where: str) -> None:
        role = _ROLES.get(str(said.get("role")))
        if role is None:
            raise Malformed(f"`{where}.role` is not a role of the format")
        parts = read_content(said.get("content"), f"{where}.content")
        if role is Role.ASSISTANT:
            self._assistant(parts)
        else:
            self._messages.append(Message(role, parts))

    def _assistant(self, parts: list[AnyPart]) -> None:
        if not parts:
            return
        if self._messages and self._messages[-1].role is Role.ASSISTANT:
            self._messages[-1].parts += parts
        else:
            self._messages.append(Message(Role.ASSISTANT, parts))

    def _call(self, said: dict[str, Any]) -> ToolCall:
        call = read_call(said)
        if self._seal is not None:
            call.signature, call.sealed_by = self._seal.call_seal, self._seal.owner
            self._seal = None
        return call

    def _opaque(self, kind: str, said: dict[str, Any]) -> None:
        """What a tool of the provider's own did. The result of a call stands beside other results."""
        part = Opaque(dialect=HOME, kind=kind, value=said)
        if kind.endswith("_output"):
            result = ToolResult(call_id=as_text(said.get("call_id"), f"{kind}.call_id"), parts=[part])
            self._messages.append(Message(Role.TOOL, [result]))
        else:
            self._assistant([part])


def _read_tools(said: Any) -> list[Tool | Opaque]:
    return [_read_tool(as_object(one, "tools")) for one in as_list(said, "tools")]


def _read_tool(said: dict[str, Any]) -> Tool | Opaque:
    kind = as_text(said.get("type"), "tools.type") or "function"
    if kind != "function":
        return Opaque(dialect=HOME, kind=kind, value=said)
    return Tool(
        name=as_text(said.get("name"), "tools.name"),
        description=said.get("description"),
        schema=said.get("parameters"),
        strict=as_flag(said.get("strict"), "tools.strict"),
        extra=rest_of(said, frozenset({"type", "name", "description", "parameters", "strict"})),
    )


def _read_choice(said: Any, extra: dict[str, Any]) -> ToolChoice | None:
    if said is None:
        return None
    if isinstance(said, str):
        try:
            return ToolChoice(ToolMode(said))
        except ValueError:
            raise Malformed("`tool_choice` is neither auto, none, required nor a tool") from None
    choice = as_object(said, "tool_choice")
    if choice.get("type") == "function":
        return ToolChoice(ToolMode.REQUIRED, as_text(choice.get("name"), "tool_choice.name"))
    extra["tool_choice"] = choice
    return ToolChoice(ToolMode.REQUIRED) if choice.get("mode") == "required" else None


def _read_format(said: Any) -> OutputFormat | None:
    wanted = as_object(said or {}, "text.format")
    match wanted.get("type", "text"):
        case "text":
            return None
        case "json_object":
            return OutputFormat()
        case "json_schema":
            return OutputFormat(
                schema=as_object(wanted.get("schema") or {}, "text.format.schema"),
                name=as_text(wanted.get("name"), "text.format.name") or None,
                description=as_text(wanted.get("description"), "text.format.description") or None,
                strict=as_flag(wanted.get("strict"), "text.format.strict"),
            )
        case _:
            raise Malformed("`text.format.type` is neither text, json_object nor json_schema")


def _read_thinking(said: Any) -> Thinking | None:
    wanted = as_object(said or {}, "reasoning")
    effort = as_text(wanted.get("effort"), "reasoning.effort") or None
    # Who asks for a summary wants to see thoughts: all of them are shown where they can be.
    shown = wanted.get("summary") or wanted.get("generate_summary")
    extra = rest_of(wanted, frozenset({"effort", "summary", "generate_summary"}))
    if effort is None and not shown and extra is None:
        return None
    return Thinking(on=True if shown and effort != "none" else None, effort=effort, extra=extra)
