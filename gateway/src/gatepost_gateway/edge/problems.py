"""The only map from errors to HTTP. A surface gives it its dress."""

from typing import Any

import msgspec

from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.errors import (
    Arithmetic,
    CallerError,
    Code,
    Forbidden,
    GatewayError,
    LimitExceeded,
    Refused,
    ToolServerError,
    Unauthenticated,
    UpstreamError,
)
from gatepost_gateway.domain.money import usd

Reply = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers, body."""

JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")
_NOT_AGAIN = frozenset(
    {
        Code.BUDGET_EXCEEDED,
        Code.PRICE_UNKNOWN,
        Code.CIRCUIT_OPEN,
        Code.LOOP_DETECTED,
        Code.INPUT_BLOCKED,
        Code.OUTPUT_BLOCKED,
        Code.POLICY_UNAVAILABLE,
    }
)


def kind_of(error: GatewayError) -> str:
    """The error's type in the words of the OpenAI envelope."""
    match error:
        case Unauthenticated():
            return "authentication_error"
        case Forbidden():
            return "permission_error"
        case Refused():
            return "policy_violation"
        case LimitExceeded():
            return "budget_exceeded" if error.status == 402 else "rate_limit_error"
        case UpstreamError() | ToolServerError():
            return "upstream_error"
        case CallerError():
            return "not_found_error" if error.status == 404 else "invalid_request_error"
        case _:
            return "gateway_error"


def headers_of(error: GatewayError) -> list[tuple[bytes, bytes]]:
    """The headers that an error brings: when to come back, and whether a client should by itself."""
    headers = [JSON]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(max(1, -int(-error.retry_after // 1))).encode()))
    if error.code in _NOT_AGAIN or isinstance(error, Refused) or not error.again:
        headers.append((b"x-should-retry", b"false"))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers


def arithmetic_of(error: GatewayError) -> dict[str, Any] | None:
    """A refusal's numbers: money as exact decimals of dollars."""
    numbers = error.arithmetic if isinstance(error, LimitExceeded) else None
    if numbers is None:
        return None
    which = {"scope": numbers.scope, "unit": numbers.unit} if numbers.unit else {}
    return {"limit_id": numbers.limit_id, **_amounts(numbers, money=numbers.money), **which}


def _amounts(numbers: Arithmetic, *, money: bool) -> dict[str, Any]:
    fields = ("limit", "settled", "held", "asked")
    return {name: usd(getattr(numbers, name)) if money else getattr(numbers, name) for name in fields}


def native(error: GatewayError, request_id: str) -> Reply:
    """The envelope of our own API."""
    body: dict[str, Any] = {"error": error.public, "code": error.code.value, "request_id": request_id}
    if error.hint:
        body["hint"] = error.hint
    if (numbers := arithmetic_of(error)) is not None:
        body["limit"] = numbers
    if error.retry_after is not None:
        body["retry_after"] = error.retry_after
    return error.status, headers_of(error), msgspec.json.encode(body)


def simple(error: GatewayError, request_id: str) -> Reply:
    """The simple API's envelope: `detail` says it. A block is a 403, a missing provider key the caller's to mend."""
    status = 403 if isinstance(error, Refused) else 400 if error.code is Code.PROVIDER_KEY_MISSING else error.status
    veiled = isinstance(error, Refused) and error.veiled
    said = _VEILED.get(error.code, _BLOCKED) if veiled else (error.public, error.code.value)
    body: dict[str, Any] = {"detail": said[0], "code": said[1], "request_id": request_id}
    if isinstance(error, Refused) and not veiled:
        body["policy"] = error.rule
    if (numbers := arithmetic_of(error)) is not None:
        body["limit"] = numbers
    return status, headers_of(error), msgspec.json.encode(body)


def openai(error: GatewayError, request_id: str) -> Reply:
    """OpenAI's envelope. A provider's own refusal of the caller's request goes on as the provider said it."""
    if (own := _own_words(error, DialectName.OPENAI_CHAT)) is not None:
        return error.status, headers_of(error), own
    status = 403 if isinstance(error, Refused) and error.veiled else error.status
    if status in _ALSO_DETAIL:
        page = {"error": _openai_inner(error, request_id), "detail": error.public}
        return status, headers_of(error), msgspec.json.encode(page)
    return status, headers_of(error), openai_body(error, request_id)


_ALSO_DETAIL = frozenset({401, 402, 429})
"""Where clients of the simple API, which use this path as well, look for `detail`."""


def _own_words(error: GatewayError, dialect: DialectName) -> bytes | None:
    """A provider's refusal of the caller's own request, as it said it, where it said it in the caller's format."""
    if not isinstance(error, UpstreamError) or error.dialect is not dialect or not error.body:
        return None
    return error.body if error.status < 500 and error.status == error.upstream_status else None


_GOOGLE = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""google.rpc.Code, by HTTP status (google/rpc/code.proto)."""


def google(error: GatewayError, request_id: str) -> Reply:
    """Google's envelope (AIP-193). A policy block is a 403 there."""
    if (own := _own_words(error, DialectName.GEMINI_GENERATE)) is not None:
        return error.status, headers_of(error), own
    status = 403 if isinstance(error, Refused) else error.status
    return status, headers_of(error), google_body(error, request_id)


def google_body(error: GatewayError, request_id: str) -> bytes:
    """The error object alone, as it also stands in a broken stream."""
    status = 403 if isinstance(error, Refused) else error.status
    said = {"request_id": request_id}
    if isinstance(error, Refused):
        said["policy"] = error.rule
        if error.escalation is not None:
            said["escalation_id"] = error.escalation
    said |= {name: str(value) for name, value in (arithmetic_of(error) or {}).items()}
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    detail = {"@type": kind, "reason": error.code.value.upper(), "domain": "gatepost", "metadata": said}
    word = _GOOGLE.get(status, "INVALID_ARGUMENT" if status < 500 else "UNKNOWN")
    return msgspec.json.encode(
        {"error": {"code": status, "message": error.public, "status": word, "details": [detail]}}
    )


_VEILED = {Code.ESCALATION_REQUIRED: ("request needs an approval", "escalation_required")}
_BLOCKED = ("request blocked by policy", "policy_block")
"""What the callers of a proxy are told of a block: (message, code), and nothing of the rule or its reason."""


def openai_body(error: GatewayError, request_id: str) -> bytes:
    """The error object alone, as it also stands in a broken stream."""
    return msgspec.json.encode({"error": _openai_inner(error, request_id)})


def openai_event(error: GatewayError, request_id: str, number: int) -> bytes:
    """What ends a broken stream of the Responses format, as the event with `number`.

    The members of that format's own `error` event, and the envelope beside them: OpenAI's clients raise on it.
    """
    inner = _openai_inner(error, request_id)
    said = {name: inner.get(name) for name in ("code", "message", "param")}
    return msgspec.json.encode({"type": "error", "sequence_number": number, **said, "error": inner})


def _openai_inner(error: GatewayError, request_id: str) -> dict[str, Any]:
    if isinstance(error, Refused) and error.veiled:
        message, code = _VEILED.get(error.code, _BLOCKED)
        return {"message": message, "type": "policy_violation", "code": code}
    inner: dict[str, Any] = {
        "message": error.public,
        "type": kind_of(error),
        "param": error.param,
        "code": error.code.value,
        "request_id": request_id,
    }
    if isinstance(error, Refused):
        inner["policy"] = error.rule
        if error.escalation is not None:
            inner["escalation_id"] = error.escalation
    if (numbers := arithmetic_of(error)) is not None:
        inner["limit"] = numbers
    return inner


_ANTHROPIC = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
"""The error types of the Messages format by status (Anthropic's API reference, "Errors")."""


def anthropic(error: GatewayError, request_id: str) -> Reply:
    """Anthropic's envelope; a block is a 403. A provider's own refusal goes on as the provider said it."""
    if (own := _own_words(error, DialectName.ANTHROPIC_MESSAGES)) is not None:
        return error.status, headers_of(error), own
    status = 403 if isinstance(error, Refused) else error.status
    return status, headers_of(error), anthropic_body(error, request_id)


def anthropic_body(error: GatewayError, request_id: str) -> bytes:
    """The envelope alone, as it also stands in a broken stream."""
    status = 403 if isinstance(error, Refused) else error.status
    kind = _ANTHROPIC.get(status, "api_error" if status >= 500 else "invalid_request_error")
    inner: dict[str, Any] = {"type": kind, "message": error.public, "code": error.code.value}
    if isinstance(error, Refused) and error.veiled:
        inner["message"], inner["code"] = _VEILED.get(error.code, _BLOCKED)
    elif isinstance(error, Refused):
        inner["policy"] = error.rule
        if error.escalation is not None:
            inner["escalation_id"] = error.escalation
    if (numbers := arithmetic_of(error)) is not None:
        inner["limit"] = numbers
    return msgspec.json.encode({"type": "error", "error": inner, "request_id": request_id})
