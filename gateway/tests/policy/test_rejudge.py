"""A recorded call under a draft: by its decisions, by its text, by what was masked, or not to be told."""

import asyncio
import json
from typing import Any

import msgspec

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.governance import Decision, Effect, Mode
from gatepost_gateway.domain.records import Closed, Hidden, Outcome, Stored
from gatepost_gateway.domain.snapshot import SnapshotDocument
from gatepost_gateway.policy.chains import Chains
from gatepost_gateway.policy.rego.here import Here
from gatepost_gateway.policy.rejudge import ALTERED, NO_TEXT, Judgement, Version, recorded, rejudged, version_of
from gatepost_gateway.policy.trial import Draft

TITAN = {"name": "titan", "kind": "keyword", "phases": ["request"], "settings": {"terms": ["titan"]}}
SCRUB = {"name": "scrub", "kind": "pii-detector", "phases": ["request"], "settings": {"kinds": ["EMAIL"]}}
TOOLS = {"name": "guard", "kind": "agent-firewall", "phases": ["request"], "settings": {"blocked_tools": ["rm"]}}
MODELS = {"name": "models", "kind": "model-allowlist", "settings": {"models": ["gpt-*"]}}
MAIL = Hidden("request", "user", "messages[0].content", "EMAIL", "pii", 1.0)


def version(*rules: dict[str, Any]) -> Version:
    specs = tuple(msgspec.convert(rule, RuleSpec) for rule in rules)
    return version_of(SnapshotDocument(1, 0, rules=specs), Draft(Chains(specs, b"")))


def call(*decisions: Decision) -> Closed:
    return Closed(
        step_id="s", trace_id="t", at=1, surface="openai", project="p", org="o", model_asked="m",
        outcome=Outcome.ANSWERED, decisions=decisions,
    )  # fmt: skip


def kept(text: str, *hidden: Hidden, **more: Any) -> Stored:
    body = {"model": "m", "messages": [{"role": "user", "content": text}], **more}
    altered = tuple(("request", one.path) for one in hidden)
    return Stored("s", "t", 1, "openai_chat", json.dumps(body).encode(), hidden=hidden, altered=altered)


def again(draft: Version, record: Closed, stored: Stored | None, before: Version | None = None) -> Judgement:
    return asyncio.run(rejudged(draft, before or version(), record, stored, Here()))


def test_a_rule_that_did_not_change_counts_by_its_decision_whatever_its_name() -> None:
    said = Decision("titan", "keyword", "request", Mode.ENFORCE, Effect.BLOCK)
    before = version(TITAN)
    assert recorded(before, call(said)).effect is Effect.BLOCK
    assert again(version({**TITAN, "name": "other"}), call(said), None, before).effect is Effect.BLOCK
    assert again(version({**TITAN, "mode": "observe"}), call(said), None, before).effect is Effect.ALLOW
    assert again(version(), call(said), None, before).effect is Effect.ALLOW


def test_a_new_rule_reads_the_text_that_was_kept() -> None:
    assert again(version(TITAN), call(), kept("a titan")).effect is Effect.BLOCK
    assert again(version(TITAN), call(), kept("hello")).effect is Effect.ALLOW
    (unknown,) = again(version(TITAN), call(), None).unknown
    assert unknown.unknown == NO_TEXT


def test_a_text_that_was_altered_cannot_be_read_again() -> None:
    told = again(version(TITAN), call(), kept("to [EMAIL]", MAIL))
    assert (told.effect, told.unknown[0].unknown) == (None, ALTERED)


def test_what_was_masked_is_known_by_its_kind() -> None:
    assert again(version(SCRUB), call(), kept("to [EMAIL]", MAIL)).effect is Effect.REDACT
    cards = {**SCRUB, "settings": {"kinds": ["CARD"]}}
    assert again(version(cards), call(), kept("to [EMAIL]", MAIL)).effect is Effect.ALLOW


def test_rules_that_read_names_only_need_no_clean_text() -> None:
    tool = [{"type": "function", "function": {"name": "rm"}}]
    assert again(version(TOOLS), call(), kept("[EMAIL]", MAIL, tools=tool)).effect is Effect.BLOCK
    assert again(version(MODELS), call(), None).effect is Effect.BLOCK


def test_a_block_that_is_known_needs_no_other_word() -> None:
    told = again(version(MODELS, TITAN), call(), None)
    assert (told.effect, told.rule, told.unknown) == (Effect.BLOCK, "models", ())
