import pytest

from gatepost_gateway.domain.errors import Code, GatewayFault, LimitExceeded, NextStep, UpstreamError
from gatepost_gateway.pipeline.call import Target
from gatepost_gateway.pipeline.permits import circuit_open, endpoints_fault, over

from .fakes import House, chat, entry, snapshot_of


def failure(code, status=None):
    return UpstreamError(
        "x", code=code, status=502, next_step=NextStep.TRY_NEXT, provider="p", upstream_status=status, retry_after=7
    )


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (failure(Code.UPSTREAM_UNREACHABLE), True),
        (failure(Code.UPSTREAM_TIMEOUT), True),
        (failure(Code.UPSTREAM_TRUNCATED), True),
        (failure(Code.UPSTREAM_GARBAGE, 200), True),
        (failure(Code.UPSTREAM_FAILED, 500), True),
        (failure(Code.UPSTREAM_FAILED, 529), True),
        (failure(Code.UPSTREAM_FAILED, 408), True),
        (failure(Code.UPSTREAM_FAILED, 302), False),
        (failure(Code.UPSTREAM_RATE_LIMITED, 429), False),
        (failure(Code.UPSTREAM_AUTH, 401), False),
        (failure(Code.UPSTREAM_REFUSED, 400), False),
        (failure(Code.UPSTREAM_REFUSED, 404), False),
        (failure(Code.EGRESS_REFUSED), False),
        (failure(Code.NOT_TRANSLATABLE), False),
        (failure(Code.OUTPUT_CAPPED), False),
        (GatewayFault("x"), False),
        (LimitExceeded("x", code=Code.BUDGET_EXCEEDED, status=402), False),
    ],
)
def test_only_what_is_the_endpoints_own_counts(error, counts):
    assert endpoints_fault(error) is counts


class Kept:
    def __init__(self):
        self.said = []

    def succeeded(self):
        self.said.append("succeeded")

    def failed(self, retry_after):
        self.said.append(("failed", retry_after))

    def release(self):
        self.said.append("released")


@pytest.mark.parametrize(
    ("error", "left", "said"),
    [
        (None, False, "succeeded"),
        (failure(Code.UPSTREAM_FAILED, 503), False, ("failed", 7)),
        (failure(Code.UPSTREAM_REFUSED, 400), False, "released"),
        (None, True, "released"),
    ],
)
def test_an_end_is_said_once(error, left, said):
    house = House(snapshot_of())
    call = house.exchange.open(house.inbound(chat()))
    over(call)
    kept = call.permit = Kept()
    over(call, error, left=left)
    over(call)
    assert (kept.said, call.permit) == ([said], None)


def test_an_open_breaker_is_a_503_that_says_when_to_come_back():
    error = circuit_open(Target(entry("m"), None, None), 12.5)
    assert (error.status, error.code, error.retry_after) == (503, Code.UPSTREAM_CIRCUIT_OPEN, 12.5)
    assert not error.served
