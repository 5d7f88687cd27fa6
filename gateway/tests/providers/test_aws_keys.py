import pytest

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.providers.aws_keys import read_keys, write_keys


def test_keys_are_read_as_they_were_written() -> None:
    keys, region = read_keys(write_keys("AKID", "secret", "token", "eu-west-1"))
    assert (keys.access_key_id, keys.secret_access_key.reveal(), region) == ("AKID", "secret", "eu-west-1")
    assert keys.session_token is not None
    assert keys.session_token.reveal() == "token"
    assert read_keys(write_keys("AKID", "secret"))[1] is None


def test_the_usual_names_work_too() -> None:
    keys, region = read_keys(Secret('{"aws_access_key_id":"A","aws_secret_access_key":"s","aws_region":"us-east-1"}'))
    assert (keys.access_key_id, keys.session_token, region) == ("A", None, "us-east-1")


@pytest.mark.parametrize("text", ["AKIDSECRETTEXT", "{}", '{"access_key_id":"AKIDSECRETTEXT"}', '{"access_key_id":1}'])
def test_what_holds_no_keys_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="AWS credential") as caught:
        read_keys(Secret(text))
    assert "AKIDSECRETTEXT" not in str(caught.value)
