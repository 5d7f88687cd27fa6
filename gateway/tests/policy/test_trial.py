"""A draft judges a call as the gateway would: both gates, redactions handed on, a failure denies."""

import asyncio
import json
from typing import Any

import msgspec

from gatepost_gateway.dialects.openai_chat import read_asked
from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.governance import Effect, Phase, Principal
from gatepost_gateway.domain.rego import RegoEntry
from gatepost_gateway.domain.snapshot import ProjectEntry
from gatepost_gateway.policy.chains import Chains
from gatepost_gateway.policy.facts import Said, Setting
from gatepost_gateway.policy.rego.here import Here
from gatepost_gateway.policy.rego.register import Register
from gatepost_gateway.policy.trial import Draft, Question, Tried, try_call

SCRUB = {"name": "scrub", "kind": "redactor"}
TITAN = {"name": "titan", "kind": "keyword", "settings": {"terms": ["titan"]}}
REGO = 'package gatepost.policy\nimport rego.v1\ndeny contains "seen" if contains(input.messages[0].content, "@")\n'


def tried(
    text: str, *rules: dict[str, Any], answer: str | None = None, rego: str | None = None, body: bytes | None = None
) -> Tried:
    specs = [msgspec.convert(rule, RuleSpec) for rule in rules]
    policies = None
    if rego is not None:
        entry = RegoEntry("p", Phase.REQUEST, rego, ("gatepost.policy",), (("messages",),))
        policies = Register([(("p", None), (entry,))], b"k")
    setting = Setting(Principal("k", "o", "p"), ProjectEntry("p", "o"), "openai", {}, {}, dict[str, Any])
    asked = read_asked(body or json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode())
    said = Said(json.dumps({"choices": [{"message": {"content": answer}}]}).encode()) if answer is not None else None
    draft = Draft(Chains(specs, b"k"), policies)
    return asyncio.run(try_call(draft, Question(setting, asked, None, said), Here()))


def test_what_passes_keeps_its_bytes() -> None:
    done = tried("hello", SCRUB, TITAN, answer="hi")
    assert (done.effect, done.phase, done.rule, done.redacted) == (Effect.ALLOW, None, None, set())
    assert {(one.rule, one.phase) for one in done.decisions} == {
        (name, phase) for name in ("scrub", "titan") for phase in ("request", "response")
    }


def test_a_redacted_request_goes_on_to_rego_without_what_was_found() -> None:
    assert tried("bob@x.org", rego=REGO).reason == "seen"
    done = tried("bob@x.org", SCRUB, rego=REGO, answer="mail eve@x.org")
    assert (done.effect, done.rule, done.redacted) == (Effect.REDACT, "scrub", {Phase.REQUEST, Phase.RESPONSE})
    assert b"[EMAIL]" in done.request
    assert done.answer is not None
    assert b"mail [EMAIL]" in done.answer


def test_a_block_ends_the_call_at_its_gate() -> None:
    done = tried("titan", TITAN, answer="bob@x.org")
    assert (done.effect, done.phase, done.rule, done.code) == (Effect.BLOCK, Phase.REQUEST, "titan", "keyword")
    later = tried("bob@x.org", SCRUB, TITAN, answer="titan")
    assert (later.effect, later.phase, later.rule) == (Effect.BLOCK, Phase.RESPONSE, "titan")


def test_what_cannot_be_read_or_judged_is_refused() -> None:
    twice = b'{"model": "m", "messages": [{"role": "user", "content": "a", "content": "b"}]}'
    assert (tried("", TITAN, body=twice).effect, tried("", TITAN, body=twice).code) == (Effect.BLOCK, "invalid_request")
    broken = tried("a", rego="package gatepost.policy\nimport rego.v1\ndeny contains x if x := 1 / 0\ndecision := 1\n")
    assert (broken.effect, broken.code, broken.phase) == (Effect.BLOCK, "policy_unavailable", Phase.REQUEST)


def test_a_placeholder_is_in_the_request_and_its_text_in_the_answer() -> None:
    rule = {"name": "scrub", "kind": "redactor", "settings": {"action": "placeholder"}}
    done = tried("mail bob@x.org", rule, answer="to [EMAIL_1], not [EMAIL_2]")
    assert b"mail [EMAIL_1]" in done.request
    assert done.answer is not None
    assert b"to bob@x.org, not [EMAIL_2]" in done.answer
    assert done.redacted == {Phase.REQUEST}
