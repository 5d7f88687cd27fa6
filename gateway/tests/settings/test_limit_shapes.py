import pytest
from pydantic import ValidationError

from gatepost_gateway.settings.limit_shapes import BY_SCOPE, LimitShape, RateLimitsShape, RatesShape


def test_limits_are_written_as_they_are_read() -> None:
    said = {"global": {"rpm": 1}, "per_key": {"max_parallel_requests": 2}}
    assert RateLimitsShape.model_validate(said).model_dump(exclude_none=True) == said
    names = [field.alias or name for name, field in RateLimitsShape.model_fields.items()]
    assert tuple(names) == BY_SCOPE


def test_a_limit_says_a_number_and_a_project_may_say_none() -> None:
    assert RatesShape.model_validate({}).rpm is None
    with pytest.raises(ValidationError, match="a limit without a number is none"):
        RateLimitsShape.model_validate({"per_ip": {"rpm": None}})


@pytest.mark.parametrize("match", ["203.0.113.7", "2001:db8::1", "2001:db8::/64"])
def test_an_address_may_be_matched(match: str) -> None:
    assert LimitShape.model_validate({"id": "a", "scope": "ip", "match": match, "rpm": 1}).match == match
