"""Roles that AWS's security token service hands out: what is asked, and what its answer says. Pure.

Source: AWS STS API reference, AssumeRole and AssumeRoleWithWebIdentity (version 2011-06-15). The token stands in the
body, never in the address.
"""

import re
from html import unescape
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from gatepost_gateway.providers.sigv4 import AwsKeys, SigningScope, Unsigned, sign

FORM = "application/x-www-form-urlencoded"
_VERSION = "2011-06-15"
_GLOBAL = "us-east-1"
"""The region that the address without one signs for."""


class Role(Struct, frozen=True):
    """Keys for a while. `expiration`: RFC 3339."""

    access_key_id: str
    secret_access_key: str
    token: str
    expiration: str


def address(region: str) -> str:
    """Where a region's service is."""
    if not region:
        return "https://sts.amazonaws.com/"
    return f"https://sts.{region}.amazonaws.com" + (".cn/" if region.startswith("cn-") else "/")


def web_identity(arn: str, session: str, token: str) -> bytes:
    """The body that trades an identity token for a role: it is its own proof and needs no signature."""
    said = {"Action": "AssumeRoleWithWebIdentity", "Version": _VERSION, "RoleArn": arn, "RoleSessionName": session}
    return urlencode({**said, "WebIdentityToken": token}).encode()


def assume_role(arn: str, session: str, external_id: str | None) -> bytes:
    """The body that asks for a role with the keys that sign it."""
    said = {"Action": "AssumeRole", "Version": _VERSION, "RoleArn": arn, "RoleSessionName": session}
    return urlencode(said | ({"ExternalId": external_id} if external_id else {})).encode()


def signed(body: bytes, keys: AwsKeys, region: str, now: int) -> dict[str, str]:
    """The headers of a signed request for `body`. `now` in microseconds."""
    headers = [(b"host", (urlsplit(address(region)).hostname or "").encode()), (b"content-type", FORM.encode())]
    proof = sign(Unsigned(b"POST", b"/", headers, body), keys, SigningScope(region or _GLOBAL, "sts"), now)
    return {name.decode(): value.decode() for name, value in (headers[1], *proof)}


def read_role(body: bytes) -> Role:
    """The role of an answer. Raises ValueError when there is none."""
    text = body.decode()
    found = {name: re.search(f"<{name}>([^<]+)</{name}>", text) for name in _NAMES}
    values = [unescape(one[1].strip()) for one in found.values() if one is not None]
    if len(values) < len(_NAMES):
        raise ValueError("the token service's answer holds no role")
    return Role(*values)


_NAMES = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
