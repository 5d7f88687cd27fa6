"""Tool servers of the fake gateway: whose a call is, whether it waits for an approval, what it brings. No HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable, Union, cast

from . import wire

ROUNDS = 16
"""Model calls of one execution, as the gateway has it."""
Brought = Union[str, Callable[[Mapping[str, Any]], str]]
"""What a tool answers: always the same text, or what a function makes of its arguments."""
Tools = Sequence[Mapping[str, Any]]


class Refused(Exception):
    """The gateway says no."""

    def __init__(self, status: int, code: str, error: str, **more: Any) -> None:
        super().__init__(error)
        self.status = status
        self.body: dict[str, Any] = {"error": error, "code": code, **more}


@dataclass(frozen=True)
class Offer:
    """A tool of a server."""

    server: str
    tool: str
    waits: bool


@dataclass(frozen=True)
class Wanted:
    """A call of a server's tool that is to be made now. `denied`: it is not, and this is what the model is told."""

    offer: Offer
    arguments: Any
    denied: str | None = None


def decided(call: wire.PendingApproval, said: wire.Approval) -> Wanted:
    """A call that waited, after the word on it."""
    why = None
    if not said.approve:
        why = "error: the call was not approved" + (f": {said.reason}" if said.reason else "")
    return Wanted(Offer(call.server_label, call.name, waits=True), call.arguments, why)


@dataclass(frozen=True)
class Sorted:
    """The calls that a model asked for: those of servers to be made now, those that wait, and the caller's own."""

    now: tuple[tuple[Offer, wire.ToolCall], ...] = ()
    waiting: tuple[wire.PendingApproval, ...] = ()
    own: tuple[wire.ToolCall, ...] = ()

    @property
    def status(self) -> str | None:
        """The status of an execution that ends with them."""
        return "tool_calls_pending" if self.own else "approvals_pending" if self.waiting else None


@dataclass(frozen=True)
class Loop:
    """What a step remembers for its caller's answers."""

    tools: Tools = ()
    calls: Sorted = Sorted()

    def check(self, asked: wire.ExecutionRequest) -> None:
        """Raises Refused where not each call that waits is answered once."""
        _require("tool results", [one.id for one in self.calls.own], [r.tool_call_id for r in asked.tool_results or ()])
        _require("approvals", [one.id for one in self.calls.waiting], [one.id for one in asked.approvals or ()])


class ToolServers:
    """What the servers of tools have, by their labels."""

    def __init__(self) -> None:
        self._served: dict[str, dict[str, Brought]] = {}

    def serve(self, label: str, tools: Mapping[str, Brought]) -> None:
        """Let the server of this label have these tools, beside those that it has."""
        self._served.setdefault(label, {}).update(tools)

    def call(self, label: str, tool: str, arguments: Any) -> str:
        """What a tool answers."""
        brought = self._served[label][tool]
        return brought if isinstance(brought, str) else brought(arguments)

    def sort(self, calls: Sequence[wire.ToolCall], tools: Tools) -> Sorted:
        """Whose each call is. Raises Refused for one that is nobody's, where servers are named."""
        named = {str(one.get("function", {}).get("name")) for one in tools if one.get("type") == "function"}
        offers = self._offers([one for one in tools if one.get("type") == "mcp"])
        now: list[tuple[Offer, wire.ToolCall]] = []
        waiting: list[wire.PendingApproval] = []
        own: list[wire.ToolCall] = []
        for call in calls:
            offer = None if call.name in named else offers.get(call.name)
            if offer is None:
                if call.name not in named and any(one.get("type") == "mcp" for one in tools):
                    raise Refused(
                        502, "mcp_failed", f"no server offers `{call.name}`", hint="say what it brings with `serves`"
                    )
                own.append(call)
            elif offer.waits:
                said = wire.PendingApproval(
                    id=call.id, server_label=offer.server, name=offer.tool, arguments=call.arguments
                )
                waiting.append(said)
            else:
                now.append((offer, call))
        return Sorted(tuple(now), tuple(waiting), tuple(own))

    def _offers(self, servers: Tools) -> dict[str, Offer]:
        """By the names that the model may use: the tool's own, or with its server's label before it."""
        found: dict[str, Offer] = {}
        for server in servers:
            label = str(server.get("server_label"))
            for tool in self._served.get(label, {}):
                if _allowed(server, tool):
                    offer = Offer(label, tool, _waits(server, tool))
                    found.setdefault(tool, offer)
                    found[f"{label}__{tool}"] = offer
        return found


def _require(what: str, waiting: Sequence[str], given: Sequence[str]) -> None:
    if sorted(waiting) != sorted(given):
        odd = ", ".join(
            f"`{name}`" for name in sorted({*waiting} ^ {*given}) or sorted({*given})
        )  # or one is answered twice
        raise Refused(422, "validation_failed", f"{what} and pending calls differ in {odd}")


def _names(said: Any) -> Sequence[str]:
    return cast("Mapping[str, Any]", said).get("tool_names", ()) if isinstance(said, Mapping) else said or ()


def _allowed(server: Mapping[str, Any], tool: str) -> bool:
    return server.get("allowed_tools") is None or tool in _names(server["allowed_tools"])


def _waits(server: Mapping[str, Any], tool: str) -> bool:
    asked = server.get("require_approval")
    if not isinstance(asked, Mapping):
        return asked == "always"
    said = cast("Mapping[str, Any]", asked)
    never: Any = said.get("never")
    return tool in _names(said.get("always")) or (never is not None and tool not in _names(never))
