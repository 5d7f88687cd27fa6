"""The body of every refusal on the native and the administration surface."""

from typing import Optional, Union

from .shape import Answer


class ProblemAt(Answer):
    """One fault in what was sent, with its place: a field path, or `file:line`."""

    where: str
    message: str


class LimitSums(Answer):
    """Why a limit said no: settled + held + asked > limit. Money as decimal strings, pieces as integers."""

    limit_id: str
    limit: Union[int, str]
    settled: Union[int, str]
    held: Union[int, str]
    asked: Union[int, str]
    scope: Optional[str] = None
    """Of a rate limit: on whom it stands."""
    unit: Optional[str] = None
    """Of a rate limit: `requests`, `tokens` or `parallel`."""


class Problem(Answer):
    """A refusal. `error` is for people, `code` for programs (one documented list, never renamed)."""

    error: str
    code: str
    request_id: Optional[str] = None
    hint: Optional[str] = None
    errors: Optional[list[ProblemAt]] = None
    limit: Optional[LimitSums] = None
    retry_after: Optional[float] = None
    """Seconds."""
