import json

from gatepost_gateway.control.problems import dress
from gatepost_gateway.domain.errors import CallerError, Unauthenticated
from gatepost_gateway.settings import ConfigurationError, Problem


def test_a_refusal_has_one_shape() -> None:
    status, headers, body = dress(CallerError("no", hint="do this"), "r-1")
    assert (status, json.loads(body)) == (
        400,
        {"error": "no", "code": "invalid_request", "request_id": "r-1", "hint": "do this"},
    )
    assert (b"content-type", b"application/json") in headers


def test_mistakes_are_listed() -> None:
    status, _, body = dress(ConfigurationError((Problem("f:1:1", "a"),)), "r")
    assert status == 422
    assert json.loads(body)["errors"] == [{"where": "f:1:1", "message": "a"}]


def test_who_is_unknown_is_told_how_to_say() -> None:
    assert (b"www-authenticate", b"Bearer") in dress(Unauthenticated("who"), "r")[1]
