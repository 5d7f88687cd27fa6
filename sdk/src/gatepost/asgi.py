"""Middleware for ASGI applications: each request's calls belong to the session that the request names.

    app.add_middleware(gatepost.asgi.SessionMiddleware)

It is plain ASGI: no task of its own, nothing is buffered, streams pass as they come.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, MutableMapping
from typing import Any, Callable

from ._context import Session, is_session_id, session
from .errors import ConfigurationError
from .wire import headers as names

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_BEGINNINGS = frozenset({"http.response.start", "websocket.accept"})


class SessionMiddleware:
    """Opens a session for every request, and tells its id in the answer.

    The id is the request's `X-Gatepost-Session-Id` where that is a UUID, else a new one; so is its session path.

    Args:
        app: The application behind.
        trusted: False gives every request a new session, whatever it says: for doors that strangers knock at.
    """

    def __init__(self, app: Application, *, trusted: bool = True) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        id, path = self._said(scope["headers"]) if self._trusted else (None, None)
        with session(id, path=path) as opened:
            await self._app(scope, receive, _telling(send, opened))

    def _said(self, headers: Iterable[tuple[bytes, bytes]]) -> tuple[str | None, str | None]:
        found = {name.lower(): value.decode("latin-1") for name, value in headers}
        id = found.get(names.SESSION_ID.encode())
        path = found.get(names.SESSION_PATH.encode())
        return (id if id is not None and is_session_id(id) else None), _usable(path)


def _usable(path: str | None) -> str | None:
    """The path, unless it is one that a session cannot have: a stranger's header is no reason to fail."""
    if path is None:
        return None
    try:
        with session(path=path):
            return path
    except ConfigurationError:
        return None


def _telling(send: Send, opened: Session) -> Send:
    mark = (names.SESSION_ID.encode(), opened.id.encode())

    async def tell(message: Message) -> None:
        if message["type"] in _BEGINNINGS:
            said = [one for one in message.get("headers", ()) if one[0].lower() != mark[0]]
            message = {**message, "headers": [*said, mark]}
        await send(message)

    return tell
