"""Errors of the admin API as answers."""

import msgspec

from gatepost_gateway.control.answers import Problem, Where
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.settings import ConfigurationError

Headers = list[tuple[bytes, bytes]]


def dress(error: GatewayError, request_id: str) -> tuple[int, Headers, bytes]:
    """Status, headers and body."""
    places = None
    if isinstance(error, ConfigurationError):
        places = [Where(problem.where, problem.message) for problem in error.problems]
    body = Problem(error.public, error.code.value, request_id, error.hint, places)
    headers: Headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return error.status, headers, msgspec.json.encode(body)
