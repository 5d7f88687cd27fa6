"""An answer for a caller that wants it whole, and the message in it."""

from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.ports import Headers


class Collected:
    """Implements `Outlet` for a caller that wants the whole answer: it keeps it."""

    def __init__(self) -> None:
        self.body = b""

    @property
    def message(self) -> dict[str, Any]:
        return first_message(self.body)

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:  # noqa: ARG002
        self.body = body

    async def begin(self, headers: Headers) -> None:  # noqa: ARG002
        raise GatewayFault("an execution is not streamed")

    def push(self, batch: bytes) -> bool:  # noqa: ARG002
        raise GatewayFault("an execution is not streamed")

    async def alive(self) -> None:
        raise GatewayFault("an execution is not streamed")

    async def drain(self) -> None:
        raise GatewayFault("an execution is not streamed")

    async def end(self, batch: bytes) -> None:  # noqa: ARG002
        raise GatewayFault("an execution is not streamed")


class _Choice(Struct):
    message: dict[str, Any] | None = None


class _Reply(Struct):
    choices: list[_Choice]


def first_message(body: bytes) -> dict[str, Any]:
    """The message of an answer's first choice, each tool call with an id of its own; an empty one if there is none."""
    reply = msgspec.json.decode(body, type=_Reply)
    message = (reply.choices[0].message if reply.choices else None) or {}
    own_ids(message.get("tool_calls") or [])
    return message


def own_ids(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Gives an id to each call that has none, or another's."""
    seen: set[Any] = set()
    for number, call in enumerate(calls):
        if not isinstance(call.get("id"), str) or call["id"] in seen:
            call["id"] = f"call_{number}"
        seen.add(call["id"])
    return calls
