import asyncio

import msgspec
import pytest

from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.domain.rego import PolicyFailed, RegoEntry
from gatepost_gateway.policy.rego.here import Here, Written, written_rules

SOURCE = """package gatepost.policy

default decision := {"action": "allow"}

decision := {"action": "block"} if input.model == "m"
else := {"action": "escalate"} if helper(input.model)

helper(name) if name == "n"
"""


def entry(source: str) -> RegoEntry:
    return RegoEntry("p", Phase.REQUEST, source, ("gatepost.policy",), (("model",),))


def test_it_evaluates_and_notes_the_rules_that_gave_a_value() -> None:
    here = Here(traced=True)
    values = msgspec.json.decode(asyncio.run(here.evaluate(entry(SOURCE), b'{"model": "n"}')))
    assert values == {"gatepost/policy/decision": {"action": "escalate"}}
    assert here.fired[SOURCE] == {6, 8}


def test_defaults_are_no_rules_and_each_else_is_one() -> None:
    assert written_rules(SOURCE) == [Written("decision", 5), Written("decision", 6), Written("helper", 8)]
    assert written_rules("nonsense") == ()


def test_what_does_not_compile_gives_no_answer() -> None:
    with pytest.raises(PolicyFailed, match="does not compile"):
        asyncio.run(Here().evaluate(entry("package x"), b"{}"))
