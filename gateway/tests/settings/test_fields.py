from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gatepost_gateway.settings import fields


def read(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("value", [0, 1, "0.0006", Decimal("0.1"), "1e-5"])
def test_prices_are_exact(value: Any) -> None:
    assert read(fields.Price, value) == Decimal(value)


@pytest.mark.parametrize("value", [True, 0.1, "x", "NaN", "Infinity", -1, "1" * 12, Decimal("1e-13"), None, []])
def test_what_is_no_price(value: Any) -> None:
    with pytest.raises(ValidationError):
        read(fields.Price, value)


@pytest.mark.parametrize("value", ["a", "gpt-4o", "sandbox/echo", "a.b_c:d@e", "A" * 128])
def test_ids(value: str) -> None:
    assert read(fields.Id, value) == value


@pytest.mark.parametrize("value", ["", "-a", "a b", "a\n", "é", "A" * 129, "../a"])
def test_what_is_no_id(value: str) -> None:
    with pytest.raises(ValidationError):
        read(fields.Id, value)


@pytest.mark.parametrize(
    "value", ["http://x/#a", "https://", "//x", "http://x y/", "http://\u00e9/", "file:///etc", "http://x?key=1"]
)
def test_what_is_no_address(value: str) -> None:
    with pytest.raises(ValidationError):
        read(fields.Url, value)


def test_addresses_lose_their_last_slash() -> None:
    assert read(fields.Url, "https://x/v1/") == "https://x/v1"


def test_settings_of_providers_are_plain_json() -> None:
    said = read(fields.Settings, {"a": [Decimal("1.5")], "max_tokens": 3, "auth": "query"})
    assert said == {"a": [1.5], "max_tokens": 3, "auth": "query"}


@pytest.mark.parametrize("key", ["api_key", "client_secret", "Authorization", "aws_secret_access_key", "password"])
def test_secrets_have_no_place_in_settings(key: str) -> None:
    with pytest.raises(ValidationError):
        read(fields.Settings, {"deep": [{key: "x"}]})
