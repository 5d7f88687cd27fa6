"""A draft held against recorded calls: the planted differences and no others, and none at all for the same policy."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from e2e.running import COMMAND, Gateway

RULES = """
    - {name: scrub, kind: pii-detector, kinds: [EMAIL]}
    - {name: no-titan, kind: keyword, terms: [titan]}
    - {name: ask, kind: keyword, terms: [wire money], action: escalate}
    - {name: guard, kind: agent-firewall, blocked_tools: ["delete_*"]}
    - {name: small, kind: model-allowlist, models: ["sandbox/*"]}
"""
CONFIG = """
projects: [{id: default, store_bodies: %s}]
policies:
  chain:%s"""
TOOL = {"type": "function", "function": {"name": "delete_all", "parameters": {"type": "object"}}}
DROP = {"type": "function", "function": {"name": "drop_all", "parameters": {"type": "object"}}}


def kept(rules: str, *, bodies: bool = True) -> str:
    return CONFIG % (str(bodies).lower(), rules)


def ask(gateway: Gateway, text: str, **more: Any) -> None:
    headers = {"authorization": f"Bearer {gateway.runtime_key}"}
    body = {"model": "sandbox/echo", "messages": [{"role": "user", "content": text}], **more}
    with httpx.Client(trust_env=False, headers=headers) as client:
        client.post(f"{gateway.base_url}/v1/chat/completions", json=body)


def calls(gateway: Gateway) -> int:
    """Calls of every verdict: how many."""
    for number in range(4):
        ask(gateway, f"hello {number}")
        ask(gateway, f"mail bob{number}@example.org")
        ask(gateway, f"titan {number}")
        ask(gateway, "please wire money")
        ask(gateway, "atlas rises", stream=True)
        ask(gateway, "atlas and bob@example.org")
        ask(gateway, "clean up", tools=[TOOL])
        ask(gateway, "clean bob@example.org up", tools=[DROP])
        ask(gateway, "card 4111 1111 1111 1111")
    return 36


def replayed(gateway: Gateway, rules: str, *words: str) -> dict[str, Any]:
    draft = gateway.folder / "draft.yaml"
    draft.write_text(kept(rules))
    run = subprocess.run(
        [*COMMAND, "policy", "replay", "--policy", str(draft), "--json", "--since", "1h", *words],
        cwd=gateway.folder,
        env=gateway.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode in (0, 2), run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def recorded(gateways: Callable[..., Gateway]) -> tuple[Gateway, int]:
    gateway = gateways(kept(RULES))
    return gateway, calls(gateway)


def test_the_same_policy_changes_nothing(recorded: tuple[Gateway, int]) -> None:
    gateway, count = recorded
    page = replayed(gateway, RULES)
    assert (page["calls"], page["unchanged"], page["not_rejudgeable"]) == (count, count, 0)
    renamed = replayed(gateway, RULES.replace("no-titan", "nothing-of-titan"))
    assert (renamed["calls"], renamed["unchanged"]) == (count, count)


def test_a_stricter_policy_shows_what_was_planted(recorded: tuple[Gateway, int]) -> None:
    gateway, count = recorded
    atlas = replayed(gateway, RULES + "    - {name: no-atlas, kind: keyword, terms: [atlas]}\n")
    # The word in a text that was masked may have been told from what was masked: four calls cannot be told for sure,
    # as little as four with an address, and four with another tool beside one.
    assert atlas["blocked"] == {"more": 4, "less": 0}
    assert {one["rule"] for one in atlas["samples"]} == {"no-atlas"}
    assert atlas["not_judged"] != []
    assert atlas["unchanged"] + atlas["not_rejudgeable"] + 4 == count


def test_what_was_masked_is_still_known_by_its_kind(recorded: tuple[Gateway, int]) -> None:
    gateway, count = recorded
    cards = replayed(gateway, RULES.replace("kinds: [EMAIL]", "kinds: [EMAIL, CARD]"))
    assert (cards["redacted"], cards["not_rejudgeable"]) == ({"more": 4, "less": 0}, 0)
    blocks = replayed(gateway, RULES.replace("kinds: [EMAIL]", "kinds: [EMAIL], action: block"))
    assert (blocks["blocked"], blocks["redacted"]) == ({"more": 12, "less": 0}, {"more": 0, "less": 12})
    assert blocks["unchanged"] == count - 12


def test_rules_that_read_no_text_need_none(recorded: tuple[Gateway, int]) -> None:
    gateway, count = recorded
    tools = replayed(gateway, RULES.replace('"delete_*"', '"delete_*", "drop_*"'))
    assert (tools["blocked"], tools["not_rejudgeable"]) == ({"more": 4, "less": 0}, 0)
    models = replayed(gateway, RULES.replace("sandbox/*", "gpt-*"))
    assert (models["blocked"]["more"], models["unchanged"]) == (count - 8, 8)
    assert models["escalated"] == {"more": 0, "less": 4}


def test_a_weaker_policy_lets_more_through(recorded: tuple[Gateway, int]) -> None:
    gateway, _ = recorded
    page = replayed(gateway, RULES.replace("name: no-titan, kind", "name: no-titan, mode: observe, kind"))
    assert page["blocked"] == {"more": 0, "less": 4}


def test_without_bodies_what_needs_text_is_counted_as_not_known(gateways: Callable[..., Gateway]) -> None:
    gateway = gateways(kept(RULES, bodies=False))
    count = calls(gateway)
    assert replayed(gateway, RULES)["unchanged"] == count
    page = replayed(gateway, RULES + "    - {name: no-atlas, kind: keyword, terms: [atlas]}\n")
    assert page["blocked"] == {"more": 0, "less": 0}
    assert {(one["rule"], one["reason"]) for one in page["not_judged"]} == {("no-atlas", "text was not stored")}
    assert page["unchanged"] + page["not_rejudgeable"] == count
    assert not Path(gateway.data / "draft.yaml").exists()
