import asyncio

import pytest

from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.providers.aws_assumed import AssumedRoles
from gatepost_gateway.providers.aws_keys import read_keys, write_bearer, write_keys

from .test_aws_chain import ANSWER, SECOND, Clock

BASE = write_keys("BASE", "s", "", "eu-west-1")


class Stored:
    async def get(self, entry, stored):
        return stored


class World:
    def __init__(self, status=200, page=ANSWER):
        self.clock = Clock()
        self.asked = []
        self.status, self.page = status, page
        self.roles = AssumedRoles(Stored(), self.fetch, self.clock)

    async def fetch(self, method, url, headers, body):
        self.asked.append((method, url, headers, body))
        await asyncio.sleep(0)
        return self.status, self.page.encode()

    async def get(self, stored=BASE, provider=ProviderKind.BEDROCK, **config):
        entry = ModelEntry("b", "amazon.x", provider, "https://x.test", additional_config=config)
        return await self.roles.get(entry, stored)


def ask(world, *args, **more):
    return asyncio.run(world.get(*args, **more))


def test_an_entry_without_a_role_and_other_families_are_left_alone():
    world = World()
    assert ask(world) is BASE
    assert ask(world, provider=ProviderKind.OPENAI, role_arn="arn:r") is BASE
    assert ask(world, None, role_arn="arn:r") is None
    assert world.asked == []


def test_a_role_is_assumed_with_the_entrys_keys_once_for_all_that_ask_together():
    world = World()

    async def many():
        return await asyncio.gather(*[world.get(role_arn="arn:r", external_id="x") for _ in range(5)])

    found = asyncio.run(many())
    assert {read_keys(one)[0].access_key_id for one in found} == {"WEB"}
    assert read_keys(found[0])[1] == "eu-west-1"
    ((method, url, headers, body),) = world.asked
    assert (method, url) == ("POST", "https://sts.eu-west-1.amazonaws.com/")
    assert "Credential=BASE/" in headers["authorization"]
    assert b"RoleArn=arn%3Ar" in body
    assert b"ExternalId=x" in body


def test_a_role_is_renewed_before_it_ends_and_roles_are_apart():
    world = World()
    ask(world, role_arn="arn:r")
    ask(world, role_arn="arn:other")
    ask(world, role_arn="arn:r")
    assert len(world.asked) == 2
    world.clock.now += 3600 * SECOND
    ask(world, role_arn="arn:r")
    assert len(world.asked) == 3


@pytest.mark.parametrize(("status", "page"), [(403, "no"), (200, "nonsense")])
def test_a_role_that_is_not_to_be_had_is_a_typed_failure_and_nothing_is_sent(status, page):
    with pytest.raises(UpstreamError, match="arn:r") as caught:
        ask(World(status, page), role_arn="arn:r")
    assert (caught.value.code, caught.value.status, caught.value.sent) == (Code.UPSTREAM_AUTH, 502, False)


def test_what_holds_no_keys_is_told_without_its_text():
    with pytest.raises(UpstreamError) as caught:
        ask(World(), Secret("hunter2"), role_arn="arn:r")
    assert "hunter2" not in caught.value.public


def test_a_bedrock_api_key_assumes_no_role():
    world = World()
    with pytest.raises(UpstreamError, match="keys that sign") as caught:
        ask(world, write_bearer("ABSK-of-ours"), role_arn="arn:r")
    assert "ABSK-of-ours" not in caught.value.public
    assert world.asked == []


def test_a_token_service_that_is_away_costs_no_call_its_money():
    world = World()

    async def away(method, url, headers, body):
        raise UpstreamError(
            "aws took too long", code=Code.UPSTREAM_TIMEOUT, status=504, next_step=NextStep.TRY_NEXT, provider="aws"
        )

    world.roles._fetch = away
    with pytest.raises(UpstreamError, match="took too long") as caught:
        ask(world, role_arn="arn:r")
    assert not caught.value.served
