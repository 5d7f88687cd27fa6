"""Keys and projects."""

from datetime import datetime
from typing import Literal, Optional

from pydantic import Field

from .shape import Answer, Ask, Money

KeyKind = Literal["runtime", "admin"]


class Rates(Ask):
    """Most in any 60 seconds, and most calls at once."""

    rpm: Optional[int] = None
    tpm: Optional[int] = None
    max_parallel_requests: Optional[int] = None


class KeyCreate(Ask):
    """POST /api/v1/keys."""

    name: str
    kind: KeyKind = "runtime"
    project: Optional[str] = None
    proxy: Optional[str] = None
    expires_at: Optional[datetime] = None
    models: Optional[list[str]] = None
    paths: Optional[list[str]] = None
    rate_limits: Optional[Rates] = None


class KeyView(Answer):
    """A key as it may be shown: its id, never its secret."""

    id: str
    name: str
    kind: str
    project: Optional[str] = None
    proxy: Optional[str] = None
    status: Optional[str] = None
    created_at: Optional[datetime] = None
    expires_at: Optional[datetime] = None


class KeyCreated(KeyView):
    """A new or rotated key. `key` is shown this once and stored hashed."""

    key: str = Field(repr=False)


class KeyPage(Answer):
    """GET /api/v1/keys."""

    items: list[KeyView]


class Budget(Answer):
    """One budget of a project: settled + held never exceeds the limit."""

    limit_id: str
    period: Optional[str] = None
    limit: Money
    settled: Optional[Money] = None
    held: Optional[Money] = None
    resets_at: Optional[datetime] = None


class Project(Answer):
    """A project, with its budgets where the answer carries them."""

    id: str
    name: Optional[str] = None
    default_model: Optional[str] = None
    budgets: list[Budget] = []


class ProjectPage(Answer):
    """GET /api/v1/projects."""

    items: list[Project]
