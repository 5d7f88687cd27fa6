"""Everything that this SDK raises, as one tree.

GatepostError
├── ConfigurationError        the SDK is set up wrongly, or asked for something that it cannot do
├── BlockedError              policy says that a guarded function may not run
├── GatewayError              no answer: network or transport
│   ├── ConnectionError       the gateway was not reached, or stopped answering
│   └── CircuitBreakerError   a governed call could not be made, and it may not fail open
└── APIError                  an answer that says no
    ├── ValidationError       400, 413, 415, 422, 431: what was sent cannot be served
    ├── AuthError             401, 403: no valid key, or a valid key but not for this
    ├── BudgetExceededError   402: a budget has no room for the call
    ├── NotFoundError         404: absent, or somebody else's
    ├── ConflictError         409: sealed trace, running step, entry that the file owns
    ├── RateLimitError        429: a rate limit, a spend cap (CIRCUIT_OPEN) or a loop (LOOP_DETECTED)
    └── ServerError           5xx
        └── ProviderError     the model's provider failed or refused, its 401 included

A governed call that policy blocks is none of these: it is a result with a `reason`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast


class GatepostError(Exception):
    """The root of the tree.

    Attributes:
        detail: What happened, in a sentence.
        status: The HTTP status, or None where there was no answer.
        code: A word for programs, from the documented list, or None.
        request_id: The gateway's `x-request-id`: what to quote to whoever runs it.
        trace_id: The trace that the call was bound to.
        hint: What to do about it.
    """

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        trace_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.code = code
        self.request_id = request_id
        self.trace_id = trace_id
        self.hint = hint

    def __str__(self) -> str:
        facts = " ".join(str(fact) for fact in (self.status, self.code) if fact is not None)
        text = f"{self.detail} [{facts}]" if facts else self.detail
        if self.hint:
            text += f" (hint: {self.hint})"
        return f"{text} (request {self.request_id})" if self.request_id else text

    @property
    def status_code(self) -> int | None:
        """The same as `status`."""
        return self.status


class ConfigurationError(GatepostError):
    """The SDK is set up wrongly, or was asked for something that this version cannot do."""


class BlockedError(GatepostError):
    """Policy says that a guarded function may not run. `code` is "policy_violation" or "escalation_required"."""


class GatewayError(GatepostError):
    """The gateway gave no answer. `code` is "unreachable", "timeout" or "interrupted"."""


class ConnectionError(GatewayError):  # noqa: A001 - the name that callers of HTTP clients look for
    """The gateway was not reached, or stopped answering, also after retries."""


class CircuitBreakerError(GatewayError):
    """A governed call could not reach the gateway, and it may not fail open.

    `code` is "breaker_open" where the call was not even tried, because several before it had failed.
    """


class APIError(GatepostError):
    """The gateway answered, and the answer is not the one that was asked for.

    Attributes:
        errors: Faults in what was sent, each with `where` and `message`.
        limit: The arithmetic of a limit that said no, or None.
        retry_after: Seconds after which the call may work, or None.
        body: The decoded body (or its text), for what this version does not know.
    """

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        trace_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(detail, status=status, code=code, request_id=request_id, trace_id=trace_id, hint=hint)
        self.errors: list[Mapping[str, Any]] = []
        self.limit: Mapping[str, Any] | None = None
        self.retry_after: float | None = None
        self.body: Any = None


class ValidationError(APIError):
    """What was sent cannot be served; `errors` may name the fields."""


class AuthError(APIError):
    """The key is missing, unknown, paused, revoked or expired, or not meant for this."""


class BudgetExceededError(APIError):
    """A budget has no room for the worst that the call can cost; `limit` has the arithmetic."""


class NotFoundError(APIError):
    """There is no such thing, or it belongs to another project."""


class ConflictError(APIError):
    """The thing is in another state than the call needs, for instance a sealed trace."""


class RateLimitError(APIError):
    """Too much, too fast. `code` may be "CIRCUIT_OPEN" (spend cap of the hour) or "LOOP_DETECTED"."""


class ServerError(APIError):
    """The gateway failed."""


class ProviderError(ServerError):
    """The provider behind the gateway failed or refused."""


_BY_STATUS: dict[int, type[APIError]] = {
    400: ValidationError,
    401: AuthError,
    402: BudgetExceededError,
    403: AuthError,
    404: NotFoundError,
    409: ConflictError,
    413: ValidationError,
    415: ValidationError,
    422: ValidationError,
    429: RateLimitError,
    431: ValidationError,
    502: ProviderError,
}


_BETWEEN = "this was not the gateway, which answers in JSON: see what stands between, and what base_url leads to"


def _class_between(status: int) -> type[APIError]:
    """The class for the answer of something between us and the gateway: no provider has failed there."""
    found = error_class(status, None)
    return ServerError if found is ProviderError else found


def error_class(status: int, code: str | None) -> type[APIError]:
    """The class for an answer. A provider's own 401 or 400 must not look like the gateway's: its code decides."""
    if code is not None and code.startswith("upstream_") and status != 429:
        return ProviderError
    return _BY_STATUS.get(status, ServerError if status >= 500 else APIError)


def error_from_answer(
    status: int,
    body: Any,
    *,
    request_id: str | None,
    trace_id: str | None,
    retry_after: float | None,
    kind: type[APIError] | None = None,
) -> APIError:
    """The error for an answer with `status` and a decoded `body` (text where it was not JSON).

    `kind` is the class where the caller knows better than the status: a fallback provider's 401 is not ours.
    """
    said = _flatten(body)
    code = _text(said.get("code"))
    between = kind is None and (isinstance(body, str) or 300 <= status < 400)
    error = (kind or (_class_between(status) if between else error_class(status, code)))(
        _detail(status, said, body),
        status=status,
        code=code,
        request_id=_text(said.get("request_id")) or request_id,
        trace_id=trace_id,
        hint=_text(said.get("hint")) or (_BETWEEN if between else None),
    )
    faults, limit, wait = said.get("errors"), said.get("limit"), said.get("retry_after")
    error.errors = [_mapping(fault) for fault in cast("list[Any]", faults)] if isinstance(faults, list) else []
    error.limit = _mapping(limit) or None
    counts = isinstance(wait, (int, float)) and not isinstance(wait, bool) and 0 <= wait < float("inf")
    error.retry_after = float(cast("float", wait)) if counts else retry_after
    error.body = body
    return error


def unreadable(asked: str, status: int, request_id: str | None, trace_id: str | None) -> APIError:
    """The error for an answer that is not of the contract."""
    return APIError(
        f"the answer to {asked} is not what Gatepost answers",
        status=status,
        code="unreadable_answer",
        request_id=request_id,
        trace_id=trace_id,
        hint="check that base_url is a Gatepost gateway",
    )


def _flatten(body: Any) -> Mapping[str, Any]:
    """One level for the shapes in use: ours, `{"error": {...}}` (OpenAI's) and `{"detail": ...}`."""
    said = _mapping(body)
    inner = _mapping(said.get("error"))
    return {**said, **inner, "error": inner.get("message")} if inner else said


def _detail(status: int, said: Mapping[str, Any], body: Any) -> str:
    text = _text(said.get("error")) or _text(said.get("detail")) or _text(said.get("message"))
    if text:
        return text
    if 300 <= status < 400:
        return f"answered {status}, and no redirect is followed: a key goes nowhere but to base_url"
    words = _readable(body) if isinstance(body, str) else ""
    return f"answered {status}: {words}" if words else f"the gateway answered {status} without saying why"


def _readable(page: str) -> str:
    """The beginning of a text; of a page of the web its title."""
    title = re.search(r"<title>(.{1,500}?)</title>", page[:10_000], re.IGNORECASE | re.DOTALL)
    words = " ".join((title[1] if title else page[:1000]).split())
    return "".join(one if one.isprintable() else "?" for one in words)[:200]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
