"""What each kind of rule costs: `python -m bench.kinds`.

One rule at a time, in one process, without any network: microseconds of its gate for a request of 4 KB, or an answer of
4 KB where the kind judges answers only, in which nothing is found; and for the worst text of that length that is known
for it. Times are of the processor, the best of several medians. What a judge outside takes is not the gateway's.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from bench.policy import SENTENCE, facts_of
from gatepost_gateway.dialects.leaves import open_answer
from gatepost_gateway.dialects.openai_chat import read_asked
from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts, Said
from gatepost_gateway.policy.kinds import BY_NAME
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule

SIZE = 4096
REPEATS, ROUNDS = 5, 40
TOOL = {"type": "function", "function": {"name": "look", "description": "looks", "parameters": {"type": "object"}}}
JUDGE = {"endpoint": "https://judge.example/v1", "on_failure": "allow"}
SETTINGS: dict[str, dict[str, Any]] = {
    "agent-firewall": {
        "blocked_tools": ["delete_*"],
        "max_actions_per_session": 10**6,
        "kill_switches": {"halt_on_pii_in_action": True, "halt_on_suspicious_pattern": True},
    },
    "audit-logger": {},
    "citation-verifier": {},
    "data-routing-policy": {"require_no_training": True},
    "dlp-filter": {"sensitivity_level": "high", "blocked_terms": ["project bluebird"], "fuzzy_matching": True},
    "entity-list-filter": {"entities": [{"name": f"Acme {number}"} for number in range(50)]},
    "external-moderation": JUDGE,
    "flagged-review": {"provider": {"endpoint": "https://judge.example/v1", "model": "j"}, "on_failure": "allow"},
    "human-oversight": {},
    "keyword": {"terms": [f"term{number}" for number in range(50)]},
    "language-validator": {"allowed_scripts": ["Latin"]},
    "model-allowlist": {"models": ["m"]},
    "pattern": {"patterns": [rf"\bkey{number}-[a-z0-9]{{8,32}}\b" for number in range(41)]},
    "pii-detector": {},
    "prompt-injection": {},
    "quality-scorer": {"min_sentences": 1, "assertions": [{"type": "no_repetition"}, {"type": "no_refusal"}]},
    "rbac": {"deny_if_missing": [], "roles": {"guest": {"denied_tools": ["delete_*"]}}, "role_header": "X-User-Role"},
    "redactor": {},
    "safety-filter": {},
    "secret-detector": {},
    "size-limits": {"max_input_chars": 10**6, "max_output_chars": 10**6},
    "tool-budget": {"budgets": {"look": {"max_calls": 10**6}}},
    "tool-validation": {"schemas": {"look": {"type": "object", "properties": {"q": {"type": "string"}}}}},
}
"""Settings with which each kind has something to do. `onnx-classifier` needs a model: see bench/README.md."""
WORST: dict[str, str] = {
    "citation-verifier": 'https://a.example/x "and a quotation of more than twenty" ',
    "dlp-filter": "id 123456782 ",
    "entity-list-filter": "Acme Acme ",
    "keyword": "ter tem t ",
    "language-validator": "слово ",
    "pattern": "key1-key2-key3 ",
    "pii-detector": "id 123456782 ",
    "prompt-injection": "%69gnore ",
    "quality-scorer": "a b c d. ",
    "redactor": "a@ 1 2 3 4 ",
    "safety-filter": "how to kill ",
    "secret-detector": "key= ",
}
"""What is repeated to make the worst text, where the text matters."""


def ordinary() -> str:
    return (SENTENCE * (SIZE // len(SENTENCE) + 1))[:SIZE]


def hostile(kind: str) -> str:
    unit = WORST.get(kind, "aaaa ")
    return (unit * (SIZE // len(unit) + 1))[:SIZE]


def request_of(text: str) -> Facts:
    body = {"model": "m", "messages": [{"role": "user", "content": text}], "tools": [TOOL]}
    return facts_of(read_asked(json.dumps(body).encode()))


def answer_of(text: str) -> Facts:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": json.dumps({"q": text[:1024]})}}
    message = {"role": "assistant", "content": text, "tool_calls": [call]}
    body = json.dumps({"choices": [{"message": message}]}).encode()
    facts = request_of("hello")
    facts.answered(Said(body), lambda: open_answer(body))
    return facts


def micros(engine: Engine, facts: Callable[[], Facts]) -> float:
    """Of the gate alone: what is opened is opened before, for all rules of a chain share it."""
    found: list[float] = []
    for _ in range(REPEATS):
        times: list[int] = []
        for _ in range(ROUNDS):
            one = facts()
            _ = one.request, one.answer
            began = time.thread_time_ns()
            engine.judge(one)
            times.append(time.thread_time_ns() - began)
        found.append(statistics.median(times) / 1000)
    return min(found)


def rows() -> Iterator[tuple[str, str, float, float]]:
    """Kind, gate, microseconds for an ordinary text and for the worst."""
    for kind in sorted(SETTINGS):
        phase = Phase.REQUEST if Phase.REQUEST in BY_NAME[kind].honours else Phase.RESPONSE
        if kind in ("agent-firewall", "tool-budget", "tool-validation"):
            phase = Phase.RESPONSE
        rule = load_rule(RuleSpec(name="r", kind=kind, settings=SETTINGS[kind]), Toolbox(b"key")).rule
        engine = Engine([rule], b"key", [frozenset({phase})])
        make = request_of if phase is Phase.REQUEST else answer_of
        plain, worst = ordinary(), hostile(kind)
        yield (
            kind,
            phase.value,
            micros(engine, lambda m=make, t=plain: m(t)),
            micros(engine, lambda m=make, t=worst: m(t)),
        )


def main() -> int:
    lines = ["| kind | gate | 4 KB | worst 4 KB |", "|---|---|---:|---:|"]
    lines += [f"| `{kind}` | {gate} | {plain:.0f} | {worst:.0f} |" for kind, gate, plain, worst in rows()]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
