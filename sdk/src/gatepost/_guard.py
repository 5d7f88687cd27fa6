"""`@guard`: a function that policy is asked about before it runs.

    @gatepost.guard
    def delete_account(account_id: str) -> None: ...

The gateway judges the function's name and its arguments as a tool call and records them. Where it says no, the function
does not run and `BlockedError` says why; where it redacts, the function gets the redacted arguments.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Mapping
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Callable, Literal, TypeVar, Union, cast, overload

from ._settings import generation
from .client import AsyncClient, Client
from .errors import BlockedError, GatepostError, GatewayError

if TYPE_CHECKING:
    from . import wire

F = TypeVar("F", bound=Callable[..., Any])
Mode = Literal["enforce", "observe"]
Clients = Union[Client, AsyncClient]
Payload = dict[str, Any]
Tells = Callable[..., Mapping[str, Any]]

Heard = Union["wire.ActionDone", GatepostError]
"""What the gateway said, or why it said nothing."""

log = logging.getLogger("gatepost.guard")


@dataclass(frozen=True)
class _Watch:
    """How one function is guarded."""

    capability: str
    signature: inspect.Signature
    mode: Mode
    client: Clients | None
    payload: Tells | None
    fail_open: bool | None

    def question(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[inspect.BoundArguments, Payload]:
        """The call's arguments, and what the gateway is told of them."""
        bound = self.signature.bind(*args, **named)
        if self.payload is not None:
            return bound, dict(self.payload(*args, **named))
        return bound, {name: value for name, value in bound.arguments.items() if name not in {"self", "cls"}}

    def settle(self, bound: inspect.BoundArguments, verdict: Heard, *, opens: bool) -> None:
        """Lets the call go on, perhaps with other arguments, or raises why it may not."""
        if isinstance(verdict, GatepostError):
            self._unheard(verdict, opens=opens)
            return
        if verdict.status == "blocked":
            self._denied(verdict)
        elif verdict.payload is not None and self.mode == "enforce":
            self._redact(bound, verdict.payload)

    def _unheard(self, error: GatepostError, *, opens: bool) -> None:
        if self.mode == "enforce" and not (opens and isinstance(error, GatewayError)):
            raise error
        log.warning("`%s` runs unjudged: %s", self.capability, error)

    def _denied(self, verdict: wire.ActionDone) -> None:
        reason = verdict.reason or verdict.error or "policy said no"
        if self.mode == "observe":
            log.info("`%s` would be blocked: %s", self.capability, reason)
            return
        escalated = verdict.decision.escalated
        raise BlockedError(
            f"`{self.capability}` may not run: {reason}",
            code="escalation_required" if escalated else "policy_violation",
            trace_id=verdict.trace_id,
            hint="a person must decide; ask again when it is approved" if escalated else None,
        )

    def _redact(self, bound: inspect.BoundArguments, payload: Any) -> None:
        if self.payload is not None or not isinstance(payload, Mapping):
            raise BlockedError(
                f"`{self.capability}` may not run with what policy redacts, and what it was asked about is not its"
                " arguments",
                code="policy_violation",
            )
        for name, value in cast("Mapping[str, Any]", payload).items():
            if name in bound.arguments:
                bound.arguments[name] = value


@overload
def guard(function: F) -> F: ...


@overload
def guard(
    *,
    mode: Mode = "enforce",
    capability: str | None = None,
    client: Clients | None = None,
    payload: Tells | None = None,
    fail_open: bool | None = None,
) -> Callable[[F], F]: ...


def guard(
    function: Callable[..., Any] | None = None,
    *,
    mode: Mode = "enforce",
    capability: str | None = None,
    client: Clients | None = None,
    payload: Tells | None = None,
    fail_open: bool | None = None,
) -> Any:
    """Ask policy before the function runs. For plain functions and `async` ones, used with or without parentheses.

    Args:
        function: What is guarded.
        mode: "enforce" stops what policy blocks; "observe" asks and records, and the function runs in any case.
        capability: What the function is called in policy; `module.function` unless told.
        client: Who asks; a client of the process's defaults unless told.
        payload: From the arguments, what policy is told of them; all of them, by their names, unless told.
        fail_open: Whether the function runs when the gateway cannot be reached; as the client does unless told.

    Raises:
        BlockedError: From the guarded function: policy says no.
        GatewayError: From the guarded function: the gateway gave no answer, and it may not fail open.
        APIError: From the guarded function: the gateway refused to answer.
    """
    if function is None:
        options: dict[str, Any] = {"mode": mode, "capability": capability, "client": client, "payload": payload}
        return partial(guard, **options, fail_open=fail_open)
    name = capability or f"{function.__module__}.{function.__qualname__}"
    watch = _Watch(name, inspect.signature(function), mode, client, payload, fail_open)
    return _asynchronous(function, watch) if inspect.iscoroutinefunction(function) else _plain(function, watch)


def _plain(function: Callable[..., Any], watch: _Watch) -> Callable[..., Any]:
    if isinstance(watch.client, AsyncClient):
        raise TypeError("a plain function is guarded by a Client, not by an AsyncClient")
    given = watch.client

    @wraps(function)
    def guarded(*args: Any, **named: Any) -> Any:
        bound, payload = watch.question(args, named)
        client = given or _defaults.client()
        watch.settle(bound, _ask(client, watch, payload), opens=_opens(client, watch))
        return function(*bound.args, **bound.kwargs)

    return guarded


def _asynchronous(function: Callable[..., Any], watch: _Watch) -> Callable[..., Any]:
    @wraps(function)
    async def guarded(*args: Any, **named: Any) -> Any:
        bound, payload = watch.question(args, named)
        client = watch.client or _defaults.client()
        if isinstance(client, AsyncClient):
            verdict = await _ask_async(client, watch, payload)
        else:
            # A plain client in a thread: it belongs to no event loop, so that any of them may use it.
            carried = copy_context()
            verdict = await asyncio.get_running_loop().run_in_executor(
                None, lambda: carried.run(_ask, client, watch, payload)
            )
        watch.settle(bound, verdict, opens=_opens(client, watch))
        return await function(*bound.args, **bound.kwargs)

    return guarded


def _ask(client: Client, watch: _Watch, payload: Mapping[str, Any]) -> Heard:
    try:
        return client.judge(watch.capability, payload)
    except GatepostError as error:
        return error


async def _ask_async(client: AsyncClient, watch: _Watch, payload: Mapping[str, Any]) -> Heard:
    try:
        return await client.judge(watch.capability, payload)
    except GatepostError as error:
        return error


def _opens(client: Clients, watch: _Watch) -> bool:
    return client.fails_open if watch.fail_open is None else watch.fail_open


class _Defaults:
    """The client of the process's defaults, built when it is first needed; another one after `configure`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: Client | None = None
        self._of: object = None

    def client(self) -> Client:
        with self._lock:
            now = generation()
            if self._made is None or self._of is not now:
                # The one before is left to whoever still asks through it.
                self._made, self._of = Client(), now
            return self._made


_defaults = _Defaults()
