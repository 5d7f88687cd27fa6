"""Every sample of docs/rego.md: policies compile and do what the text says, the configuration loads."""

import re
from typing import Any

import pytest
from e2e.running import ROOT

from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.rego.document import MEMBERS
from gatepost_gateway.policy.rego.fields import FIELDS
from gatepost_gateway.policy.rego.program import compile_program
from gatepost_gateway.policy.rego.verdict import read_verdict
from gatepost_gateway.settings import parse

PAGE = (ROOT / "docs" / "rego.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
POLICIES = [text for kind, text in BLOCKS if kind == "rego"]


def verdict(number: int, document: dict[str, Any]):
    program = compile_program(POLICIES[number])
    return read_verdict(program.evaluate(document, 1.0), program.packages, Phase.REQUEST)


PLAIN = {"model": "gpt-4o-mini", "tool_names": [], "metadata": {"feature": "mailing"}}


def test_there_are_policies_and_a_configuration() -> None:
    assert [kind for kind, _ in BLOCKS] == ["rego", "yaml", "rego"]


@pytest.mark.parametrize(
    ("changed", "effect", "reason"),
    [
        ({"tool_names": ["delete_user"]}, Effect.BLOCK, "tool delete_user is not allowed"),
        ({"model": "gpt-4o"}, Effect.BLOCK, "this model is not on the list"),
        ({}, Effect.REDACT, "redacts CARD"),
        ({"metadata": {"feature": "chat"}}, Effect.REDACT, "redacts CARD, EMAIL"),
    ],
)
def test_the_first_policy(changed: dict[str, Any], effect: Effect, reason: str) -> None:
    found = verdict(0, {**PLAIN, **changed})
    assert (found.effect, found.reason) == (effect, reason)


def test_the_decision() -> None:
    assert verdict(1, {"properties": {}}).effect is Effect.ALLOW
    found = verdict(1, {"properties": {"shift": "night"}})
    assert (found.effect, found.rule, found.reason) == (Effect.BLOCK, "no_night_shift", "closed")


def test_the_configuration_loads() -> None:
    (text,) = (text for kind, text in BLOCKS if kind == "yaml")
    layer = parse(text).layer
    assert layer.proxies[0].response_policy is not None
    assert layer.compat.rego_packages == ("xenovia.policy", "xenovia")


def test_every_member_of_the_input_and_every_field_is_told() -> None:
    told = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert MEMBERS.keys() <= told
    assert {word for word in FIELDS if "_" not in word} <= told
