import pytest

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.providers.aws_keys import Bearer, read_keys, write_bearer, write_keys
from gatepost_gateway.providers.sigv4 import AwsKeys


def test_keys_are_read_as_they_were_written() -> None:
    keys, region = read_keys(write_keys("AKID", "secret", "token", "eu-west-1"))
    assert isinstance(keys, AwsKeys)
    assert (keys.access_key_id, keys.secret_access_key.reveal(), region) == ("AKID", "secret", "eu-west-1")
    assert keys.session_token is not None
    assert keys.session_token.reveal() == "token"
    assert read_keys(write_keys("AKID", "secret"))[1] is None


def test_the_usual_names_work_too() -> None:
    keys, region = read_keys(Secret('{"aws_access_key_id":"A","aws_secret_access_key":"s","aws_region":"us-east-1"}'))
    assert isinstance(keys, AwsKeys)
    assert (keys.access_key_id, keys.session_token, region) == ("A", None, "us-east-1")


@pytest.mark.parametrize("text", ["AKIDSECRETTEXT", "{}", '{"access_key_id":"AKIDSECRETTEXT"}', '{"access_key_id":1}'])
def test_what_holds_no_keys_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="AWS credential") as caught:
        read_keys(Secret(text))
    assert "AKIDSECRETTEXT" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "token", "region"),
    [
        (write_bearer("any text", "eu-west-1"), "any text", "eu-west-1"),
        (Secret("ABSKQmVkcm9jaw=="), "ABSKQmVkcm9jaw==", None),
        (Secret("bedrock-api-key-YmVk"), "bedrock-api-key-YmVk", None),
        (Secret('{"aws_bearer_token_bedrock":"t","aws_region":"us-east-1"}'), "t", "us-east-1"),
        (Secret('{"access_key_id":"A","secret_access_key":"s","bearer_token":"t"}'), "t", None),
    ],
)
def test_a_bedrock_api_key_is_one(text: Secret, token: str, region: str | None) -> None:
    keys, beside = read_keys(text)
    assert isinstance(keys, Bearer)
    assert (keys.token.reveal(), beside) == (token, region)
