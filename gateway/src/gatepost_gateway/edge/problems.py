"""The only map from errors to HTTP. A surface gives it its dress."""

from typing import Any

import msgspec

from gatepost_gateway.domain.errors import (
    Arithmetic,
    CallerError,
    Code,
    Forbidden,
    GatewayError,
    LimitExceeded,
    Refused,
    Unauthenticated,
    UpstreamError,
)
from gatepost_gateway.domain.money import usd

Reply = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers, body."""

JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")
_NOT_AGAIN = frozenset({Code.BUDGET_EXCEEDED, Code.PRICE_UNKNOWN, Code.INPUT_BLOCKED, Code.OUTPUT_BLOCKED})


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
        case UpstreamError():
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
    if error.code in _NOT_AGAIN or isinstance(error, Refused):
        headers.append((b"x-should-retry", b"false"))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers


def arithmetic_of(error: GatewayError) -> dict[str, Any] | None:
    """A refusal's numbers: money as exact decimals of dollars."""
    numbers = error.arithmetic if isinstance(error, LimitExceeded) else None
    if numbers is None:
        return None
    money = error.status == 402
    return {"limit_id": numbers.limit_id, **_amounts(numbers, money=money)}


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


def openai(error: GatewayError, request_id: str) -> Reply:
    """OpenAI's envelope. A provider's own refusal of the caller's request goes on as the provider said it."""
    if isinstance(error, UpstreamError) and error.body and error.status < 500 and error.status == error.upstream_status:
        return error.status, headers_of(error), error.body
    return error.status, headers_of(error), openai_body(error, request_id)


def openai_body(error: GatewayError, request_id: str) -> bytes:
    """The error object alone, as it also stands in a broken stream."""
    inner: dict[str, Any] = {
        "message": error.public,
        "type": kind_of(error),
        "param": None,
        "code": error.code.value,
        "request_id": request_id,
    }
    if isinstance(error, Refused):
        inner["policy"] = error.rule
    if (numbers := arithmetic_of(error)) is not None:
        inner["limit"] = numbers
    return msgspec.json.encode({"error": inner})
