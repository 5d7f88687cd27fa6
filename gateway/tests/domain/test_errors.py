import pytest

from gatepost_gateway.domain.errors import (
    Arithmetic,
    CallerError,
    Code,
    Forbidden,
    GatewayError,
    GatewayFault,
    LimitExceeded,
    NextStep,
    Refused,
    Unauthenticated,
    UpstreamError,
)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (CallerError("x"), 400, Code.INVALID_REQUEST),
        (CallerError("x", code=Code.NOT_FOUND, status=404), 404, Code.NOT_FOUND),
        (Unauthenticated("x"), 401, Code.UNKNOWN_KEY),
        (Forbidden("x"), 403, Code.FORBIDDEN),
        (Refused("x", rule="r", code=Code.OUTPUT_BLOCKED), 409, Code.OUTPUT_BLOCKED),
        (LimitExceeded("x", code=Code.BUDGET_EXCEEDED, status=402), 402, Code.BUDGET_EXCEEDED),
        (GatewayFault("x"), 500, Code.INTERNAL),
    ],
)
def test_each_error_knows_its_status_and_code(error, status, code):
    assert isinstance(error, GatewayError)
    assert (error.status, error.code, error.public, str(error)) == (status, code, "x", "x")
    assert error.retry_after is None


def test_a_status_of_one_error_is_not_the_status_of_its_kind():
    CallerError("x", status=404)
    assert CallerError("y").status == 400


def test_a_limit_carries_its_arithmetic_and_an_upstream_failure_its_next_step():
    numbers = Arithmetic("a", 1, 2, 3, 4)
    assert (
        LimitExceeded("x", code=Code.RATE_LIMITED, status=429, arithmetic=numbers, retry_after=2).arithmetic is numbers
    )
    failed = UpstreamError("x", code=Code.UPSTREAM_FAILED, status=502, next_step=NextStep.TRY_NEXT, provider="openai")
    assert (failed.next_step, failed.upstream_status, failed.body) == (NextStep.TRY_NEXT, None, b"")
