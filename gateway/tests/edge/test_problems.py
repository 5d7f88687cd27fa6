import msgspec
import pytest

from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.errors import (
    Arithmetic,
    CallerError,
    Code,
    Forbidden,
    GatewayFault,
    LimitExceeded,
    NextStep,
    Refused,
    ToolServerError,
    Unauthenticated,
    UpstreamError,
)
from gatepost_gateway.edge import problems

MONEY = Arithmetic("p/daily@2026-11-20", 10**9, 999_000_000, 500_000, 1_000_000, money=True)
PIECES = Arithmetic("project:p:requests", 60, 60, 0, 1)


def upstream(status=502, upstream=500, body=b"", code=Code.UPSTREAM_FAILED, dialect=None, **more):
    error = UpstreamError(
        "it broke",
        code=code,
        status=status,
        next_step=NextStep.GIVE_UP,
        provider="openai",
        upstream_status=upstream,
        body=body,
        **more,
    )
    error.dialect = dialect
    return error


def budget():
    return LimitExceeded("used up", code=Code.BUDGET_EXCEEDED, status=402, arithmetic=MONEY)


def rate():
    return LimitExceeded("slow", code=Code.RATE_LIMITED, status=429, arithmetic=PIECES, retry_after=1.2)


def once(error):
    """After something was done in its course."""
    error.again = False
    return error


ERRORS = [
    (ToolServerError("docs", "is away"), 502, "upstream_error", None),
    (once(ToolServerError("docs", "is away")), 502, "upstream_error", b"false"),
    (CallerError("bad"), 400, "invalid_request_error", None),
    (CallerError("gone", code=Code.MODEL_NOT_FOUND, status=404), 404, "not_found_error", None),
    (Unauthenticated("who"), 401, "authentication_error", None),
    (Forbidden("no"), 403, "permission_error", None),
    (Refused("blocked", rule="no-secrets", code=Code.INPUT_BLOCKED), 409, "policy_violation", b"false"),
    (Refused("blocked", rule="no-secrets", code=Code.OUTPUT_BLOCKED), 409, "policy_violation", b"false"),
    (budget(), 402, "budget_exceeded", b"false"),
    (LimitExceeded("price", code=Code.PRICE_UNKNOWN, status=402), 402, "budget_exceeded", b"false"),
    (rate(), 429, "rate_limit_error", None),
    (upstream(), 502, "upstream_error", None),
    (upstream(429, 429, code=Code.UPSTREAM_RATE_LIMITED, retry_after=0.0), 429, "upstream_error", None),
    (GatewayFault("us", code=Code.RECORDS_UNAVAILABLE, status=503), 503, "gateway_error", None),
]


@pytest.mark.parametrize(("error", "status", "kind", "again"), ERRORS)
def test_the_openai_envelope(error, status, kind, again):
    code, headers, body = problems.openai(error, "r-1")
    inner = msgspec.json.decode(body)["error"]
    assert code == status
    assert (inner["message"], inner["type"], inner["code"], inner["param"]) == (
        error.public,
        kind,
        error.code.value,
        None,
    )
    assert inner["request_id"] == "r-1"
    assert dict(headers).get(b"x-should-retry") == again
    assert dict(headers)[b"content-type"] == b"application/json"


@pytest.mark.parametrize(("error", "status", "kind", "again"), ERRORS)
def test_the_native_envelope(error, status, kind, again):
    code, headers, body = problems.native(error, "r-1")
    page = msgspec.json.decode(body)
    assert code == status
    assert (page["error"], page["code"], page["request_id"]) == (error.public, error.code.value, "r-1")
    assert dict(headers).get(b"x-should-retry") == again
    assert (b"www-authenticate" in dict(headers)) is (status == 401)


def test_a_block_names_the_rule():
    _, _, body = problems.openai(Refused("x", rule="no-secrets", code=Code.INPUT_BLOCKED), "r")
    assert msgspec.json.decode(body)["error"]["policy"] == "no-secrets"


def test_money_is_shown_as_exact_dollars_and_pieces_as_pieces():
    _, _, body = problems.native(budget(), "r")
    assert msgspec.json.decode(body)["limit"] == {
        "limit_id": "p/daily@2026-11-20",
        "limit": "1",
        "settled": "0.999",
        "held": "0.0005",
        "asked": "0.001",
    }
    _, _, body = problems.openai(rate(), "r")
    assert msgspec.json.decode(body)["error"]["limit"]["limit"] == 60


@pytest.mark.parametrize(
    ("wait", "header"), [(1.2, b"2"), (0.0, b"1"), (0.01, b"1"), (30.0, b"30"), (86_400.0, b"86400")]
)
def test_retry_after_is_a_whole_second_and_never_none(wait, header):
    error = LimitExceeded("slow", code=Code.RATE_LIMITED, status=429, retry_after=wait)
    assert dict(problems.headers_of(error))[b"retry-after"] == header
    assert msgspec.json.decode(problems.native(error, "r")[2])["retry_after"] == wait
    assert b"retry-after" not in dict(problems.headers_of(CallerError("x")))


@pytest.mark.parametrize(
    ("dress", "dialect"),
    [
        (problems.openai, DialectName.OPENAI_CHAT),
        (problems.anthropic, DialectName.ANTHROPIC_MESSAGES),
        (problems.google, DialectName.GEMINI_GENERATE),
    ],
)
def test_a_providers_own_refusal_goes_on_as_it_was_said_to_those_who_speak_its_format(dress, dialect):
    said = b'{"error":{"message":"theirs"}}'
    assert dress(upstream(400, 400, said, dialect=dialect), "r")[2] == said
    assert dress(upstream(502, 500, said, dialect=dialect), "r")[2] != said
    assert dress(upstream(502, 401, said, dialect=dialect), "r")[2] != said
    assert dress(upstream(400, 400, said, dialect=DialectName.BEDROCK_CONVERSE), "r")[2] != said
    assert dress(upstream(400, 400, said), "r")[2] != said
    assert b"theirs" not in problems.native(upstream(400, 400, said, dialect=dialect), "r")[2]


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (CallerError("x"), 400, "invalid_request_error"),
        (CallerError("x", status=422), 422, "invalid_request_error"),
        (Unauthenticated("x"), 401, "authentication_error"),
        (Refused("x", rule="r", code=Code.INPUT_BLOCKED), 403, "permission_error"),
        (budget(), 402, "billing_error"),
        (upstream(503, 529), 503, "overloaded_error"),
        (upstream(502, 500), 502, "api_error"),
    ],
)
def test_the_anthropic_envelope_has_the_formats_own_types(error, status, kind):
    answered, headers, body = problems.anthropic(error, "r1")
    page = msgspec.json.decode(body)
    assert (answered, page["type"], page["error"]["type"], page["request_id"]) == (status, "error", kind, "r1")
    assert page["error"]["code"] == error.code.value
    assert ((b"x-should-retry", b"false") in headers) == isinstance(error, Refused | LimitExceeded)
    assert page["error"].get("policy") == ("r" if isinstance(error, Refused) else None)
    assert ("limit" in page["error"]) == isinstance(error, LimitExceeded)


def test_a_hint_is_passed_on():
    error = CallerError("x", hint="try y")
    assert msgspec.json.decode(problems.native(error, "r")[2])["hint"] == "try y"


@pytest.mark.parametrize("error", [Unauthenticated("who"), budget(), rate()])
def test_what_simple_clients_look_for_stands_beside_openais_error(error):
    _, _, body = problems.openai(error, "r")
    page = msgspec.json.decode(body)
    assert page["detail"] == page["error"]["message"] == error.public
    assert "detail" not in msgspec.json.decode(problems.openai(CallerError("bad"), "r")[2])


def test_the_simple_envelope_says_nothing_of_a_veiled_block():
    error = Refused("a card number", rule="no-pii", code=Code.INPUT_BLOCKED)
    error.veiled = True
    status, _, body = problems.simple(error, "r")
    assert (status, b"card" in body, b"no-pii" in body) == (403, False, False)


def test_a_missing_provider_key_is_the_callers_to_mend():
    error = CallerError("no key", code=Code.PROVIDER_KEY_MISSING, status=422)
    assert problems.simple(error, "r")[0] == 400


def test_a_rate_says_which_limit_refused():
    numbers = Arithmetic("per_key:tokens for key k", 60, 50, 0, 20, scope="key", unit="tokens")
    error = LimitExceeded("slow", code=Code.RATE_LIMITED, status=429, arithmetic=numbers, retry_after=1.2)
    said = problems.arithmetic_of(error)
    assert (said["scope"], said["unit"], said["limit_id"]) == ("key", "tokens", "per_key:tokens for key k")
    assert "scope" not in problems.arithmetic_of(budget())
    google = msgspec.json.decode(problems.google(error, "r")[2])
    assert google["error"]["details"][0]["metadata"]["unit"] == "tokens"
