"""What a provider's refusal means: decided here, where status, headers and body are seen, and nowhere later.

Sources: OpenAI's "Error codes" guide; RFC 9110 section 10.2.3 (Retry-After); `retry-after-ms` as OpenAI and Azure send
it.
"""

import math
import time
from email.utils import parsedate_to_datetime

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import Headers

_CALLERS_FAULT = frozenset({400, 405, 406, 409, 410, 411, 413, 414, 415, 422, 451})
NULL = Raw(b"null")
_OBJECT = ord("{")
_LONGEST_WAIT = 86_400.0
_SHOWN = 500
"""Characters of a provider's own message that are shown."""


class _Error(Struct):
    message: Raw = NULL
    code: Raw = NULL
    type: Raw = NULL


class _Body(Struct):
    error: Raw = NULL
    message: Raw = NULL
    detail: Raw = NULL


def explain(
    provider: str, status: int, headers: Headers, body: bytes, dialect: DialectName | None = None
) -> UpstreamError:
    """The typed failure for an answer with a status of 300 or more. `dialect`: whose format its body has."""
    message, reason, dressed = _words(body)
    code, ours, step = meaning(status, reason)
    # The words of a 401 or 403 may quote a part of the key, and its status would look like our own.
    shown = dressed and (code in (Code.UPSTREAM_REFUSED, Code.UPSTREAM_RATE_LIMITED) or status >= 500)
    error = UpstreamError(
        f"{provider} answered {status}" + (f": {message}" if message else ""),
        code=code,
        status=ours,
        next_step=step,
        provider=provider,
        upstream_status=status,
        retry_after=retry_after(headers),
        body=body if shown else b"",
    )
    error.dialect = dialect
    return error


def meaning(status: int, reason: str) -> tuple[Code, int, NextStep]:
    """(code, status for our caller, what to do next) for a provider's status and its own error code."""
    if status in (401, 403):
        return Code.UPSTREAM_AUTH, 502, NextStep.TRY_NEXT
    if status == 429:
        step = NextStep.TRY_NEXT if reason == "insufficient_quota" else NextStep.RETRY_SAME
        return Code.UPSTREAM_RATE_LIMITED, 429, step
    if status == 404:
        return Code.UPSTREAM_REFUSED, 404, NextStep.TRY_NEXT
    if status in _CALLERS_FAULT:
        return Code.UPSTREAM_REFUSED, status, NextStep.GIVE_UP
    if status == 408 or status >= 500:
        return Code.UPSTREAM_FAILED, 503 if status in (503, 529) else 502, NextStep.RETRY_SAME
    return Code.UPSTREAM_FAILED, 502, NextStep.TRY_NEXT


def _words(body: bytes) -> tuple[str, str, bool]:
    """(the provider's message, its code or type, whether the body is JSON with an `error` in it)."""
    try:
        body.decode()
        outer = msgspec.json.decode(body, type=_Body)
        error = msgspec.json.decode(outer.error, type=_Error) if memoryview(outer.error)[0] == _OBJECT else None
        if error is not None:
            return _text(error.message), _text(error.code) or _text(error.type), True
        said = _text(outer.error)
        return said or _text(outer.message) or _text(outer.detail), "", bool(said)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return body[:_SHOWN].decode("utf-8", "replace").strip(), "", False


def _text(raw: Raw) -> str:
    value = msgspec.json.decode(raw)
    if value is None:
        return ""
    return (value if isinstance(value, str) else msgspec.json.encode(value).decode())[:_SHOWN]


def retry_after(headers: Headers) -> float | None:
    """Seconds to wait as the provider asks; None when it does not ask or asks nonsense."""
    found = {
        name: value.decode("latin-1").strip() for name, value in headers if name in (b"retry-after", b"retry-after-ms")
    }
    milliseconds = _number(found.get(b"retry-after-ms"))
    if milliseconds is not None:
        return _sane(milliseconds / 1000)
    said = found.get(b"retry-after")
    seconds = _number(said)
    return _sane(seconds) if seconds is not None or said is None else _until(said)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _sane(seconds: float | None) -> float | None:
    return min(max(0.0, seconds), _LONGEST_WAIT) if seconds is not None and math.isfinite(seconds) else None


def _until(text: str) -> float | None:
    try:
        return _sane(parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, OSError):
        return None
