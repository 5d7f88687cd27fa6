"""Whose work it is: the session and the agent that every call made inside them belongs to.

    with gatepost.session(), gatepost.agent("planner"):
        client.execute(trace.id, "...")

They hold for the thread or the task in which they were opened, and for the tasks that are begun inside them.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from secrets import token_bytes
from uuid import UUID

from .errors import ConfigurationError
from .wire import headers as names

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST = 512


@dataclass(frozen=True)
class Session:
    """A conversation, or another piece of work in several calls."""

    id: str
    path: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Agent:
    """Who acts. `depth` counts the agents around it."""

    name: str
    role: str | None = None
    depth: int = 0


_session: ContextVar[Session | None] = ContextVar("gatepost_session", default=None)
_agent: ContextVar[Agent | None] = ContextVar("gatepost_agent", default=None)


def current_session() -> Session | None:
    """The session that calls belong to here, if there is one."""
    return _session.get()


def current_agent() -> Agent | None:
    """The agent that acts here, if there is one."""
    return _agent.get()


@contextmanager
def session(
    id: str | UUID | None = None, *, path: str | None = None, properties: Mapping[str, str] | None = None
) -> Generator[Session, None, None]:
    """Let every call inside belong to one session.

    Inside another session, what is not said is taken from that one, and the path goes on from its path.

    Args:
        id: A UUID; a new one unless told, or the id of the session around it.
        path: Where in the work it is, like "workflows/summarise".
        properties: What traces are found by: at most 20, names of 64 letters, digits, `_` and `-`, values of 512 signs.

    Raises:
        ConfigurationError: The id is not a UUID, or a property is not one.
    """
    around = _session.get()
    known = around.id if around is not None else str(UUID(bytes=token_bytes(16), version=4))
    before = around or Session(known)
    made = Session(
        _uuid(id) if id is not None else known,
        before.path + _parts(path),
        {**before.properties, **_checked(properties or {})},
    )
    token = _session.set(made)
    try:
        yield made
    finally:
        _session.reset(token)


@contextmanager
def agent(name: str, *, role: str | None = None) -> Generator[Agent, None, None]:
    """Let every call inside be made by this agent; agents inside agents make a path.

    Args:
        name: What it is called, in letters, digits, `_` and `-`.
        role: What it does, for rules that ask.

    Raises:
        ConfigurationError: The name, or the role, is not one.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"not a name of an agent: `{name[:80]}`")
    if role is not None:
        _checked({"agent_role": role})
    around = _agent.get()
    made = Agent(name, role, 0 if around is None else around.depth + 1)
    token = _agent.set(made)
    try:
        with session(path=name):
            yield made
    finally:
        _agent.reset(token)


def headers() -> Mapping[str, str]:
    """What a request says of the session and the agent around it."""
    here = _session.get()
    if here is None:
        return {}
    said = {names.SESSION_ID: here.id}
    if here.path:
        said[names.SESSION_PATH] = "/".join(here.path)
    acting = _agent.get()
    properties = dict(here.properties)
    if acting is not None:
        properties["agent"] = acting.name
        if acting.role is not None:
            properties["agent_role"] = acting.role
    for name, value in properties.items():
        said[names.PROPERTY + name] = value
    return said


def is_session_id(said: str) -> bool:
    """Whether this can be the id of a session."""
    try:
        return str(UUID(said)) == said.lower()
    except ValueError:
        return False


def _uuid(said: str | UUID) -> str:
    text = str(said)
    if not is_session_id(text):
        raise ConfigurationError(f"the id of a session is a UUID, not `{text[:80]}`")
    return text.lower()


def _parts(path: str | None) -> tuple[str, ...]:
    if not path:
        return ()
    if not (path.isascii() and path.isprintable() and len(path) <= _LONGEST):
        raise ConfigurationError("the path of a session has at most 512 plain signs")
    return tuple(part for part in path.split("/") if part)


def _checked(properties: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in properties.items():
        if not _NAME.fullmatch(name) or name.startswith("policy_"):
            raise ConfigurationError(f"not a name of a property: `{name[:80]}`")
        if not (value.isascii() and value.isprintable() and len(value) <= _LONGEST):
            raise ConfigurationError(f"property `{name}` has more than 512 signs, or some that no header can carry")
    return properties
