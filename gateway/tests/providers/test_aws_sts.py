from urllib.parse import parse_qs

import pytest

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.providers import aws_sts
from gatepost_gateway.providers.sigv4 import AwsKeys


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("", "https://sts.amazonaws.com/"),
        ("eu-west-1", "https://sts.eu-west-1.amazonaws.com/"),
        ("cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/"),
    ],
)
def test_each_region_has_its_address(region: str, url: str) -> None:
    assert aws_sts.address(region) == url


def test_what_is_asked() -> None:
    said = parse_qs(aws_sts.web_identity("arn:r", "s", "a+b&c").decode())
    assert said["Action"] == ["AssumeRoleWithWebIdentity"]
    assert said["WebIdentityToken"] == ["a+b&c"]
    assert parse_qs(aws_sts.assume_role("arn:r", "s", "x").decode())["ExternalId"] == ["x"]
    assert b"ExternalId" not in aws_sts.assume_role("arn:r", "s", None)


def test_a_request_is_signed_for_the_service() -> None:
    headers = aws_sts.signed(b"x", AwsKeys("AKID", Secret("s")), "", 1_800_000_000_000_000)
    assert "/us-east-1/sts/aws4_request" in headers["authorization"]
    assert "SignedHeaders=content-type;host;x-amz-date" in headers["authorization"]
    assert "host" not in headers


def test_an_answer_without_a_role_is_none() -> None:
    with pytest.raises(ValueError, match="no role"):
        aws_sts.read_role(b"<Error><AccessKeyId>A</AccessKeyId></Error>")
