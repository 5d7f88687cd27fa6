import asyncio
import json
from typing import Any

import pytest

from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.providers.aws_chain import AwsChain
from gatepost_gateway.providers.aws_keys import Bearer, read_keys

ENTRY = ModelEntry("b", "amazon.nova-pro-v1:0", ProviderKind.BEDROCK, "https://bedrock-runtime.us-east-1.amazonaws.com")
SECOND = 1_000_000
ROLE = "/latest/meta-data/iam/security-credentials/"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000 * SECOND

    def micros(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return 0.0


class World:
    """Files and endpoints that a test scripts; what was fetched is kept."""

    def __init__(self, variables: dict[str, str] | None = None, files: dict[str, str] | None = None) -> None:
        self.clock = Clock()
        self.files = files or {}
        self.pages: dict[str, Any] = {}
        self.bodies: list[bytes] = []
        self.fetched: list[tuple[str, str, dict[str, str]]] = []
        self.chain = AwsChain({"HOME": "/h", **(variables or {})}, self.files.get, self.fetch, self.clock)

    async def fetch(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        self.bodies.append(body)
        self.fetched.append((method, url, headers))
        await asyncio.sleep(0)
        page = self.pages.get(url)
        if page is None:
            raise UpstreamError(
                "nobody", code=Code.UPSTREAM_UNREACHABLE, status=502, next_step=NextStep.TRY_NEXT, provider="aws"
            )
        return (
            page if isinstance(page, tuple) else (200, page if isinstance(page, bytes) else json.dumps(page).encode())
        )

    def get(self, stored: Secret | None = None, entry: ModelEntry = ENTRY) -> Secret | None:
        return asyncio.run(self.chain.get(entry, stored))

    def id(self) -> tuple[str, str | None]:
        found = self.get()
        assert found is not None
        keys, region = read_keys(found)
        return keys.access_key_id, region


def role(id: str, expiration: str = "2027-01-15T09:00:00Z") -> dict[str, str]:
    return {"AccessKeyId": id, "SecretAccessKey": "s", "Token": "t", "Expiration": expiration}


def on_instance(world: World, id: str) -> None:
    root = "http://169.254.169.254"
    world.pages |= {root + "/latest/api/token": b"TOKEN", root + ROLE: b"my role", root + ROLE + "my%20role": role(id)}


def test_an_entrys_own_credential_and_other_families_are_left_alone() -> None:
    world = World({"AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "s"})
    own = Secret("own")
    assert world.get(own) is own
    assert world.get(None, ModelEntry("g", "gemini-x", ProviderKind.GEMINI, "https://g.test")) is None


def test_the_environment_comes_first() -> None:
    said = {"AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}
    assert World(said, {"/h/.aws/credentials": "[default]\naws_access_key_id=F\naws_secret_access_key=s"}).id() == (
        "E",
        "eu-west-1",
    )


def test_a_bedrock_api_key_comes_before_keys_that_sign() -> None:
    pair = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}
    found = World({**pair, "AWS_BEARER_TOKEN_BEDROCK": "b"}).get()
    assert found is not None
    keys, region = read_keys(found)
    assert isinstance(keys, Bearer)
    assert (keys.token.reveal(), region) == ("b", "eu-west-1")


def test_the_files_come_next_by_profile() -> None:
    files = {
        "/h/.aws/credentials": "[default]\naws_access_key_id = D\naws_secret_access_key = s%x\n"
        "[work]\naws_access_key_id=W\naws_secret_access_key=s\n",
        "/h/.aws/config": "[default]\nregion=us-east-2\n"
        "[profile conf]\naws_access_key_id=C\naws_secret_access_key=s\nregion=us-west-1\n",
        "/else": "[default]\naws_access_key_id=X\naws_secret_access_key=s\n",
    }
    assert World(files=files).id() == ("D", "us-east-2")
    assert World({"AWS_PROFILE": "work"}, files).id() == ("W", None)
    assert World({"AWS_PROFILE": "conf"}, files).id() == ("C", "us-west-1")
    assert World({"AWS_SHARED_CREDENTIALS_FILE": "/else"}, files).id()[0] == "X"
    assert World(files={"/h/.aws/credentials": "not a file of sections"}).get() is None


def test_a_container_hands_out_its_role() -> None:
    world = World({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"})
    world.pages["http://169.254.170.2/v2/x"] = role("ECS")
    assert world.id()[0] == "ECS"
    said = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://[fd00:ec2::23]/v1",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t",
    }
    pod = World(said, {"/t": "jwt\n"})
    pod.pages["http://[fd00:ec2::23]/v1"] = role("EKS")
    assert pod.id()[0] == "EKS"
    assert pod.fetched[0][2] == {"authorization": "jwt"}


def test_a_token_never_goes_to_an_address_that_is_not_ours() -> None:
    said = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.test/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "jwt"}
    world = World(said)
    assert world.get() is None
    assert not any("evil" in url for _, url, _ in world.fetched)


def test_an_instance_hands_out_its_role_to_a_session() -> None:
    world = World({"AWS_REGION": "us-east-1"})
    on_instance(world, "EC2")
    assert world.id() == ("EC2", "us-east-1")
    assert [method for method, _, _ in world.fetched] == ["PUT", "GET", "GET"]
    assert all(headers == {"x-aws-ec2-metadata-token": "TOKEN"} for _, _, headers in world.fetched[1:])
    disabled = World({"AWS_EC2_METADATA_DISABLED": "TRUE"})
    assert disabled.get() is None
    assert disabled.fetched == []


def test_a_role_is_kept_and_asked_for_again_before_it_expires() -> None:
    world = World()
    on_instance(world, "A")
    world.clock.now = 1_800_000_000 * SECOND  # 2027-01-15T08:00:00Z
    assert world.id()[0] == "A"
    on_instance(world, "B")
    world.clock.now += 54 * 60 * SECOND
    assert world.id()[0] == "A"
    world.clock.now += 2 * 60 * SECOND
    assert world.id()[0] == "B"


def test_many_calls_at_once_ask_once() -> None:
    world = World()
    on_instance(world, "A")

    async def many() -> list[Secret | None]:
        return await asyncio.gather(*(world.chain.get(ENTRY, None) for _ in range(20)))

    assert len({id(found) for found in asyncio.run(many())}) == 1
    assert len(world.fetched) == 3


@pytest.mark.parametrize("page", [(404, b""), b"<html>", b"{}", b"\xff"])
def test_who_hands_out_nothing_is_not_asked_again_at_once(page: Any) -> None:
    world = World()
    on_instance(world, "A")
    world.pages["http://169.254.169.254" + ROLE + "my%20role"] = page
    assert world.get() is None
    count = len(world.fetched)
    assert world.get() is None
    assert len(world.fetched) == count


ANSWER = """<AssumeRoleWithWebIdentityResponse><R><Credentials><SessionToken>T&amp;</SessionToken>
<SecretAccessKey>S</SecretAccessKey><Expiration>2027-01-15T09:00:00Z</Expiration><AccessKeyId>WEB</AccessKeyId>
</Credentials></R></AssumeRoleWithWebIdentityResponse>"""
WEB = {"AWS_ROLE_ARN": "arn:aws:iam::1:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_REGION": "eu-west-1"}


def test_a_web_identity_is_traded_for_a_role_and_its_token_is_in_no_address() -> None:
    world = World(
        WEB, {"/t": "TOKEN\n", "/h/.aws/credentials": "[default]\naws_access_key_id=F\naws_secret_access_key=s"}
    )
    world.pages["https://sts.eu-west-1.amazonaws.com/"] = ANSWER.encode()
    found = world.get()
    assert found is not None
    keys, region = read_keys(found)
    assert (keys.access_key_id, region) == ("WEB", "eu-west-1")
    assert keys.session_token is not None
    assert keys.session_token.reveal() == "T&"
    assert b"WebIdentityToken=TOKEN" in world.bodies[0]
    assert "TOKEN" not in str(world.fetched)
    world.clock.now += 3600 * SECOND
    world.files["/t"] = "NEWER"
    world.get()
    assert b"WebIdentityToken=NEWER" in world.bodies[-1]


def test_a_web_identity_that_is_refused_gives_way_to_the_next_source() -> None:
    files = {"/t": "TOKEN", "/h/.aws/credentials": "[default]\naws_access_key_id=F\naws_secret_access_key=s"}
    for page in ((403, b"no"), (200, b"nonsense"), None):
        world = World(WEB, files)
        world.pages["https://sts.eu-west-1.amazonaws.com/"] = page
        assert world.id()[0] == "F"
    assert World(WEB, {"/h/.aws/credentials": files["/h/.aws/credentials"]}).id()[0] == "F"
