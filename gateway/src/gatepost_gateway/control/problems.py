"""Errors of the admin API as answers."""

import msgspec

from gatepost_gateway.control.answers import Problem, Where
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.settings import ConfigurationError

Headers = list[tuple[bytes, bytes]]


def dress(error: GatewayError, request_id: str, *, simple: bool = False) -> tuple[int, Headers, bytes]:
    """Status, headers and body; for the simple API with its `detail`."""
    places = None
    if isinstance(error, ConfigurationError):
        places = [Where(problem.where, problem.message) for problem in error.problems]
    body = Problem(error.public, error.code.value, request_id, error.hint, places)
    headers: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if error.retry_after is not None:
        headers.append((b"retry-after", str(max(1, -int(-error.retry_after // 1))).encode()))
    page = {**msgspec.structs.asdict(body), "detail": _detail(error)} if simple else body
    return error.status, headers, msgspec.json.encode(page)


def _detail(error: GatewayError) -> str:
    """All that is wrong in one text."""
    if not isinstance(error, ConfigurationError):
        return error.public
    return "; ".join(f"{problem.where}: {problem.message}" for problem in error.problems)
