from typing import Any

import msgspec
import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.policy.unreachable import unheard


def said(*rules: dict[str, Any], proxies: dict[str, str] | None = None) -> list[tuple[int, str]]:
    toolbox = Toolbox()
    specs = [msgspec.convert({"name": f"r{at}", **rule}, RuleSpec) for at, rule in enumerate(rules)]
    found = unheard([load_rule(spec, toolbox) for spec in specs], proxies or {})
    return [(one.number, one.message) for one in found]


TITAN = {"kind": "keyword", "settings": {"terms": ["titan"]}}


def test_a_chain_of_different_rules_is_heard_whole() -> None:
    other = {"kind": "keyword", "settings": {"terms": ["atlas"]}}
    observing = {**TITAN, "mode": "observe"}
    assert said(TITAN, other, observing, {"kind": "redactor", "settings": {}}) == []


def test_the_same_rule_again_changes_nothing() -> None:
    ((number, words),) = said(TITAN, {**TITAN, "project": "shop"})
    assert (number, "`r0` finds the same" in words) == (1, True)
    assert said({**TITAN, "project": "shop"}, TITAN) == []


def test_a_weaker_action_on_the_same_findings_is_never_seen() -> None:
    redacts = {"kind": "keyword", "settings": {"terms": ["titan"], "action": "redact"}}
    assert [number for number, _ in said(redacts, TITAN)] == [0]


def test_a_proxy_of_another_project_brings_no_calls() -> None:
    rule = {**TITAN, "project": "shop", "proxy": "bot"}
    assert said(rule, proxies={"bot": "shop"}) == []
    ((_, words),) = said(rule, proxies={"bot": "lab"})
    assert "proxy `bot` is of project `lab`" in words


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("model-allowlist", {"models": ["a", "*"]}), ("agent-firewall", {"allowed_tools": ["*"]})],
)
def test_a_list_with_a_star_stops_nothing(kind: str, settings: dict[str, Any]) -> None:
    assert "lets everything pass" in said({"kind": kind, "settings": settings})[0][1]


def test_a_gate_without_anything_to_look_at_is_named() -> None:
    ((_, words),) = said({**TITAN, "operations": ["embeddings"]})
    assert words == "at the response gate it has nothing to look at in embeddings"
