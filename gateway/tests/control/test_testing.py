"""What a case says is held against what the policy does; coverage counts the rules that said something."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.cases import find_tests
from gatepost_gateway.control.testing import Report, run_tests

POLICY: dict[str, Any] = {
    "projects": [{"id": "default", "request_policy": {"file": "p.rego"}}],
    "proxies": [{"id": "bot"}],
    "models": [{"id": "a", "identifier": "claude-x", "provider": "anthropic"}],
    "policies": {
        "chain": [
            {"name": "scrub", "kind": "redactor"},
            {"name": "titan", "kind": "keyword", "terms": ["titan"]},
            {"name": "tools", "kind": "agent-firewall", "mode": "observe", "blocked_tools": ["rm_*"]},
            {"name": "bot-only", "kind": "keyword", "terms": ["atlas"], "proxy": "bot"},
        ]
    },
}
REGO = """package gatepost.policy

import rego.v1

deny contains "no export" if input.metadata.intent == "export"
deny contains "never" if input.provider == "bedrock"
deny contains "claude" if {
	input.provider == "anthropic"
	input.http_headers["x-team"] == "red"
}
"""
TOOL = {"type": "function", "function": {"name": "rm_all"}}


def ran(folder: Path, *cases: dict[str, Any]) -> Report:
    (folder / "p.rego").write_text(REGO)
    (folder / "gatepost.yaml").write_text(json.dumps(POLICY))
    (folder / "gatepost.cases.yaml").write_text(json.dumps({"cases": cases}))
    (tests,) = find_tests(folder / "gatepost.yaml")
    return asyncio.run(run_tests(tests))


def case(given: dict[str, Any] | str, **want: Any) -> dict[str, Any]:
    return {"note": "n", "input": {"text": given} if isinstance(given, str) else given, "want": want}


def test_cases_of_every_sort_pass(tmp_path: Path) -> None:
    body = {"max_tokens": 5, "messages": [{"role": "user", "content": [{"type": "text", "text": "bob@x.org"}]}]}
    report = ran(
        tmp_path,
        case("mail bob@x.org", verdict="redact", rule="scrub", text="mail [EMAIL]"),
        case({"text": "hi", "answer": "eve@x.org"}, verdict="redact", text="[EMAIL]"),
        case({"text": "hi", "answer": "a titan"}, verdict="block", phase="response", rule="titan", code="keyword"),
        case({"text": "hi", "tools": [TOOL]}, verdict="allow", observed=["tools"]),
        case({"text": "hi", "answer": {"content": None, "tool_calls": [{"id": "1", **TOOL}]}}, verdict="allow"),
        case({"text": "atlas"}, verdict="allow"),
        case({"text": "atlas", "proxy": "bot"}, verdict="block", rule="bot-only"),
        case({"text": "hi", "metadata": {"intent": "export"}}, verdict="block", reason="no export"),
        case({"text": "hi", "model": "a", "headers": {"X-Team": "red"}}, verdict="block", reason="claude"),
        case(
            {"format": "anthropic_messages", "body": body},
            verdict="redact",
            texts={"messages[0].content[0].text": "[EMAIL]"},
        ),
    )
    assert [one.differences for one in report.failed] == []
    silent = [(one.rule, one.where) for one in report.covered if not one.fired]
    assert silent == [("projects/default/request_policy: deny", "line 6")]
    assert report.percent == round(100 * 6 / 7, 1)


@pytest.mark.parametrize(
    ("given", "want", "words"),
    [
        ("hi", {"verdict": "block"}, "verdict is `allow`, not `block`"),
        ("titan", {"verdict": "block", "rule": "scrub"}, "rule is `titan`, not `scrub`"),
        ("titan", {"verdict": "block", "text": "titan"}, "nothing goes on"),
        ("hi", {"verdict": "allow", "text": "ho"}, "text is `hi`, not `ho`"),
        ("hi", {"verdict": "allow", "texts": {"messages[1].content": "x"}}, "is `None`, not `x`"),
        ("hi", {"verdict": "allow", "observed": ["tools"]}, "observed is [], not ['tools']"),
        ("titan", {"verdict": "block", "reason": "atlas"}, "does not hold `atlas`"),
        ({"body": {"messages": 5}}, {"verdict": "allow"}, "its input is no request"),
    ],
)
def test_each_difference_is_said(tmp_path: Path, given: Any, want: dict[str, Any], words: str) -> None:
    (failed,) = ran(tmp_path, case(given, **want)).failed
    assert any(words in one for one in failed.differences), failed.differences


def test_a_suite_about_a_rule_that_is_not_there_fails(tmp_path: Path) -> None:
    inline = {"suites": [{"name": "s", "target": "nothing", "cases": [case("hi", verdict="allow")]}]}
    (tmp_path / "gatepost.yaml").write_text(json.dumps({"policies": {"chain": []}, "testing": inline}))
    (tests,) = find_tests(tmp_path / "gatepost.yaml")
    (failed,) = asyncio.run(run_tests(tests)).failed
    assert failed.differences == ("`nothing` is no rule and no kind of this policy",)
