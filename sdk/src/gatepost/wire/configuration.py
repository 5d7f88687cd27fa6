"""Configuration versions: list, diff, roll back, apply."""

from datetime import datetime
from typing import Any, Optional

from pydantic import Field

from .shape import Answer, Ask


class Version(Answer):
    """One immutable version of the configuration."""

    number: int
    created_at: datetime
    by: Optional[str] = None
    digest: Optional[str] = None
    note: Optional[str] = None
    current: bool = False


class VersionPage(Answer):
    """GET /api/v1/versions."""

    items: list[Version]


class Change(Answer):
    """One difference between two versions, at a path into the document."""

    path: str
    op: str
    """One of "add", "remove" or "change"."""
    before: Any = Field(default=None, alias="from")
    after: Any = Field(default=None, alias="to")


class VersionDiff(Answer):
    """GET /api/v1/versions/{a}/diff/{b}."""

    changes: list[Change]


class Rollback(Answer):
    """POST /api/v1/versions/{n}/rollback: the number of the new version, which equals the old one."""

    number: int


class ApplyRequest(Ask):
    """POST /api/v1/apply."""

    document: str
    """YAML text, as in gatepost.yaml."""
    dry_run: bool = False


class Applied(Answer):
    """What an apply changed; with `dry_run`, what it would change."""

    number: int
    changes: list[Change]
