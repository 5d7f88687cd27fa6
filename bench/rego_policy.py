"""What a policy in Rego costs a call: the document that it reads, and 30 rules on a prompt of 4 KB.

And what a hostile policy costs the calls of others: `python -m bench.rego_policy` prints both.
"""

import asyncio
import time

import msgspec

from gatepost_gateway.dialects.leaves import open_request
from gatepost_gateway.dialects.openai_chat import read_asked
from gatepost_gateway.domain.governance import Phase, Principal
from gatepost_gateway.domain.rego import RegoEntry
from gatepost_gateway.domain.snapshot import ProjectEntry
from gatepost_gateway.link.evaluation import EvaluationPool
from gatepost_gateway.pipeline.govern import prepare
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts, Setting
from gatepost_gateway.policy.rego.program import compile_program
from gatepost_gateway.policy.rego.rule import RegoRule

ROUNDS = 2000
BODY = msgspec.json.encode(
    {
        "model": "gpt-4o-mini",
        "messages": [
            {"role": "system", "content": "You answer customers of a bookshop."},
            {"role": "user", "content": "Where is my parcel? It left on Monday. " * 100},
        ],
        "tools": [{"type": "function", "function": {"name": "find_parcel", "parameters": {"type": "object"}}}],
    }
)
RULES = "package gatepost.policy\n\n" + "\n".join(
    [f'deny contains "tool {n}" if "drop_{n}" in input.tool_names' for n in range(10)]
    + [f'deny contains "model {n}" if input.model == "model-{n}"' for n in range(10)]
    + [f'deny contains "word {n}" if contains(input.messages[_].content, "secret word {n}")' for n in range(10)]
)
HOSTILE = """package gatepost.policy

deny contains "x" if {
    some i in numbers.range(1, 5000)
    some j in numbers.range(1, 5000)
    count(input.messages) * i * j < 0
}
"""
SETTING = Setting(Principal("k", "org", "p"), ProjectEntry("p", "org"), "openai", {}, {}, dict)


def rule_of(source: str) -> RegoRule:
    program = compile_program(source)
    entry = RegoEntry("p/request_policy", Phase.REQUEST, source, program.packages, tuple(program.reads))
    return RegoRule(entry, program)


def facts() -> Facts:
    asked = read_asked(BODY)
    return Facts(Phase.REQUEST, SETTING, asked, lambda: open_request(asked))


def micros(work, rounds: int = ROUNDS) -> float:
    """The best of five runs, a call, in time of the processor: others may be at work on the machine."""
    found = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(rounds):
            work()
        found.append((time.process_time() - began) / rounds * 1e6)
    return min(found)


def costs() -> dict[str, float]:
    """Microseconds a call, each part less what stands before it."""
    rule = rule_of(RULES)
    engine = Engine([rule], b"key")
    before = micros(facts)
    document = micros(lambda: rule.document.build(facts())) - before
    whole = micros(lambda: engine.judge(facts())) - before
    return {"document": document, "rules and verdict": whole - document, "whole": whole}


async def neighbours(hostile: RegoRule | None, seconds: float = 3.0) -> list[float]:
    """How late in ms, in order, somebody is who wants the loop every 2 ms while a policy is asked all the time."""
    pool = EvaluationPool(("-m", "gatepost_gateway.app.evaluator"))
    late: list[float] = []
    end = time.monotonic() + seconds

    async def attack(rule: RegoRule) -> None:
        engine = Engine([rule], b"key")
        while time.monotonic() < end:
            given = facts()
            await prepare([rule], given, pool)
            try:
                engine.judge(given)
            except Exception:
                await asyncio.sleep(0)

    attackers = [asyncio.ensure_future(attack(hostile)) for _ in range(4)] if hostile is not None else []
    while time.monotonic() < end:
        wanted = time.monotonic() + 0.002
        await asyncio.sleep(0.002)
        late.append((time.monotonic() - wanted) * 1000)
    await asyncio.gather(*attackers)
    await pool.close()
    return sorted(late)


def main() -> None:
    for name, cost in costs().items():
        print(f"{name:20} {cost:8.1f} us a call")
    for name, rule in (("alone", None), ("beside a hostile policy", rule_of(HOSTILE))):
        late = asyncio.run(neighbours(rule))
        p50, p99 = late[len(late) // 2], late[len(late) * 99 // 100]
        print(f"{name:24} late p50 {p50:.2f} ms, p99 {p99:.2f} ms, most {late[-1]:.2f} ms of {len(late)}")


if __name__ == "__main__":
    main()
