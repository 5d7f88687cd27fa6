"""Chains of a file: every mistake has its line, and nothing that is said goes unheard."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import RuleSpec, Streaming
from gatepost_gateway.domain.governance import Mode, Phase
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.settings import ConfigurationError, Elsewhere, parse
from gatepost_gateway.settings.rules import plain


def elsewhere(**more: Any) -> Elsewhere:
    return Elsewhere(load=lambda spec: load_rule(spec, Toolbox()), **more)


def rules(text: str) -> tuple[RuleSpec, ...]:
    return parse(text, "f.yaml", elsewhere=elsewhere()).layer.rules


def wrong(text: str, **more: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "f.yaml", elsewhere=elsewhere(**more))
    return [str(problem) for problem in caught.value.problems]


FULL = """
policies:
  chain:
    - {name: no-titan, kind: keyword, terms: [titan], mode: observe, phases: [request], operations: [chat]}
    - {name: case, kind: pattern, patterns: ["x{2,5}"], streaming_mode: realtime, proxy: bot}
proxies: [{id: bot}]
projects:
  - id: shop
    policies: {chain: [{name: tools, kind: agent-firewall, blocked_tools: ["delete_*"]}]}
"""


def test_instances_for_all_for_a_proxy_and_for_a_project() -> None:
    first, second, third = rules(FULL)
    assert first == RuleSpec(
        name="no-titan",
        kind="keyword",
        mode=Mode.OBSERVE,
        phases=(Phase.REQUEST,),
        operations=("chat",),
        settings={"terms": ["titan"]},
    )
    assert (second.proxy, second.streaming_mode, second.project) == ("bot", Streaming.REALTIME, None)
    assert (third.project, third.settings) == ("shop", {"blocked_tools": ["delete_*"]})


def test_a_chain_of_kinds_with_their_settings_beside_it() -> None:
    (rule,) = rules("policies: {chain: [keyword]}\npolicy: {keyword: {terms: [a], mode: observe, match: whole_word}}\n")
    assert (rule.name, rule.kind, rule.mode) == ("keyword", "keyword", Mode.OBSERVE)
    assert rule.settings == {"terms": ["a"], "match": "whole_word"}


BOTS = """
policies: {chain: [{name: all, kind: keyword, terms: [titan]}]}
proxies:
  - {id: one, policies: {chain: [all, {name: own, kind: redactor}, keyword, made]}}
  - {id: two, policies: {chain: [own, keyword, shop]}}
projects: [{id: p, policies: {chain: [{name: shop, kind: keyword, terms: [x]}]}}]
policy: {keyword: {terms: [y]}}
"""


def test_a_chain_of_a_proxy_has_rules_in_place_and_names_of_others() -> None:
    layer = parse(BOTS, "f.yaml", elsewhere=elsewhere(rules={"made"})).layer
    assert [(rule.name, rule.proxy, rule.project) for rule in layer.rules] == [
        ("all", None, None),
        ("shop", None, "p"),
        ("own", "one", None),
        ("keyword", "one", None),
    ]
    assert layer.rules[-1].settings == {"terms": ["y"]}
    assert [proxy.policies.chain for proxy in layer.proxies] == [
        ("all", "own", "keyword", "made"),
        ("own", "keyword", "shop"),
    ]


ONE = "policies:\n  chain:\n    - {name: a, kind: "
BOT = ONE.replace("a,", "all,") + "keyword, terms: [x]}\nproxies: [{id: b, policies: {chain: "
SHOP = "projects:\n  - id: p\n    policies: {chain: [{name: a, kind: "


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ONE + "keywrd, terms: [x]}\n", "3:23: kind `keywrd` is not known"),
        (ONE + "keyword, term: [x]}\n", "3:32: unknown key `term`: did you mean `terms`?"),
        (ONE + "keyword}\n", "3:7: `terms` is missing"),
        (ONE + "keyword, terms: [x, '']}\n", "3:43: a term is empty"),
        (ONE + "keyword, terms: [x], mode: obsrve}\n", "did you mean `observe`?"),
        (ONE + "keyword, terms: [x], proxy: bto}\nproxies: [{id: bot}]\n", "did you mean `bot`?"),
        (ONE + "pattern, patterns: [a+], streaming_mode: realtime}\n", "3:64: this rule must see the whole answer"),
        (ONE + "keyword, terms: [x], alone: true}\n", "has no key `alone`"),
        ("policies:\n  chain: [keyword]\npolicy:\n  keyword: {terms: 5}\n", "4:20: `terms` must be a list"),
        ("policies:\n  chain: []\npolicy:\n  keyword: {terms: [a]}\n", "4:3: `policy.keyword` is used by no chain"),
        (BOT + "[al]}}]\n", "4:38: rule `al` is not declared: did you mean `all`?"),
        (BOT + "[{name: b, kind: keyword, terms: [x], proxy: c}]}}]\n", "stands in a proxy's chain"),
        (BOT + "[{name: all, kind: keyword, terms: [x]}]}}]\n", "the rule `all` stands twice"),
        (SHOP + "x}]}\n", "3:40: kind `x` is not known"),
    ],
)
def test_a_mistake_has_its_line_and_what_was_meant(text: str, problem: str) -> None:
    (found,) = wrong(text)
    assert problem in found


def test_a_name_stands_once() -> None:
    twice = ONE + "keyword, terms: [x]}\n" + SHOP + "keyword, terms: [y]}]}\n"
    assert wrong(twice) == ["f.yaml:6:31: the rule `a` stands twice: the first is on line 3"]
    once = "policies: {chain: [{name: a, kind: keyword, terms: [x]}]}\n"
    assert "was made by the API" in wrong(once, rules={"a"})[0]


def test_numbers_of_a_file_are_numbers_of_json() -> None:
    (rule,) = parse(
        "policies: {chain: [{name: a, kind: later, threshold: 0.75, of: [{x: 1}]}]}", elsewhere=Elsewhere()
    ).layer.rules
    assert rule.settings == {"threshold": 0.75, "of": [{"x": 1}]}
    assert plain({1: (2,)}) == {"1": (2,)}


LISTED = """
policies: {chain: [prompt-injection, pii-detector]}
policy:
  prompt-injection:
    embedding_threshold: 0.75
    encoding: {decode_base64: true, normalize_unicode: true, detect_homoglyphs: true}
    response: {action: block, message: "..."}
  pii-detector:
    action: redact
    pci_mode: true
    redaction: {marker_format: label, include_metadata: true, preserve_length: false, custom_markers: {}}
"""


def test_a_policy_configuration_of_another_system_loads() -> None:
    assert [(rule.name, rule.kind) for rule in rules(LISTED)] == [
        ("prompt-injection", "prompt-injection"),
        ("pii-detector", "pii-detector"),
    ]
    assert "`redction`" in wrong(LISTED.replace("redaction:", "redction:"))[0]
