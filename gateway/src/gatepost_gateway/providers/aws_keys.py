"""AWS keys as text: a registry entry's credential, or what a source of the AWS chain found."""

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.providers.sigv4 import AwsKeys

BEARERS = ("ABSK", "bedrock-api-key-")
"""How Bedrock's API keys begin: long-term ones, and short-term ones."""


class Bearer(Struct, frozen=True):
    """A Bedrock API key: it is sent as it is, and nothing is signed.

    Source: Amazon Bedrock User Guide, "Use an Amazon Bedrock API key".
    """

    token: Secret


class Stored(Struct, omit_defaults=True):
    """`{"access_key_id", "secret_access_key", "session_token", "region"}`, or `{"bearer_token", "region"}`; the usual
    names of AWS work as well.
    """

    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    region: str = ""
    aws_access_key_id: str = ""
    aws_secret_access_key: str = ""
    aws_session_token: str = ""
    aws_region: str = ""
    bearer_token: str = ""
    aws_bearer_token_bedrock: str = ""


_stored = msgspec.json.Decoder(Stored)


def read_keys(text: Secret) -> tuple[AwsKeys | Bearer, str | None]:
    """(the keys, the region beside them). Raises ValueError, without the text, when it does not hold keys."""
    if text.reveal().startswith(BEARERS):
        return Bearer(text), None
    try:
        said = _stored.decode(text.reveal())
    except msgspec.MsgspecError:
        msg = "the AWS credential is not the JSON object that docs/providers.md shows"
        raise ValueError(msg) from None
    bearer = said.bearer_token or said.aws_bearer_token_bedrock
    if bearer:
        return Bearer(Secret(bearer)), said.region or said.aws_region or None
    id, secret = said.access_key_id or said.aws_access_key_id, said.secret_access_key or said.aws_secret_access_key
    if not (id and secret):
        msg = "the AWS credential has no `access_key_id` or no `secret_access_key`"
        raise ValueError(msg)
    token = said.session_token or said.aws_session_token
    return AwsKeys(id, Secret(secret), Secret(token) if token else None), said.region or said.aws_region or None


def write_bearer(token: str, region: str = "") -> Secret:
    """A Bedrock API key with its region."""
    return Secret(msgspec.json.encode(Stored(region=region, bearer_token=token)).decode())


def write_keys(id: str, secret: str, token: str = "", region: str = "") -> Secret:
    """The same text from a source's answer."""
    return Secret(msgspec.json.encode(Stored(id, secret, token, region)).decode())
