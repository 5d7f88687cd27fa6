"""What policy costs a call: `python -m bench.policy`.

Three instances on a prompt of 4 KB, in one process, without any network: what the whole of both gates adds to a plain
call, and what each part of it costs. Nothing is found in the text, as in most calls; a second row finds and redacts.
"""

import json
import statistics
import sys
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from gatepost_gateway.dialects.leaves import open_answer, open_request
from gatepost_gateway.dialects.openai_chat import read_asked
from gatepost_gateway.dialects.rewriting import rewrite_request
from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.chat import Asked, Operation
from gatepost_gateway.domain.findings import find_all
from gatepost_gateway.domain.governance import Phase, Principal
from gatepost_gateway.domain.snapshot import ProjectEntry
from gatepost_gateway.policy.chains import Chains
from gatepost_gateway.policy.facts import Facts, Said, Setting

ROUNDS = 2000
REPEATS = 7
SENTENCE = "The quarterly report of the northern branch was late, and nobody had asked the printer why. "
TERMS = ("project titan", "operation moonlight", "codename osprey")
CHAIN = (
    RuleSpec(name="terms", kind="keyword", settings={"terms": list(TERMS)}),
    RuleSpec(name="scrub", kind="redactor"),
    RuleSpec(name="guard", kind="agent-firewall", settings={"blocked_tools": ["delete_*"]}),
)


def asked_of(text: str) -> Asked:
    body = {"model": "m", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]}
    return read_asked(json.dumps(body).encode())


def facts_of(asked: Asked) -> Facts:
    setting = Setting(Principal("k", "o", "p"), ProjectEntry("p", "o"), "openai", {}, {}, dict[str, Any])
    return Facts(Phase.REQUEST, setting, asked, lambda: open_request(asked))


def micros(work: Callable[[], object]) -> float:
    """Microseconds of one run: the fastest of several medians, so that a neighbour's work does not count."""
    found: list[float] = []
    for _ in range(REPEATS):
        times: list[int] = []
        for _ in range(ROUNDS // REPEATS):
            began = perf_counter_ns()
            work()
            times.append(perf_counter_ns() - began)
        found.append(statistics.median(times) / 1000)
    return min(found)


def parts() -> dict[str, float]:
    """What each part costs, in microseconds."""
    plain = asked_of((SENTENCE * 45)[:4096])
    holding = asked_of((SENTENCE * 45)[:4000] + " write to bob@example.org today")
    answer = json.dumps({"choices": [{"message": {"role": "assistant", "content": SENTENCE * 5}}]}).encode()
    chains = Chains(CHAIN, b"key")
    engine = chains.engine("p", None, Operation.CHAT)
    leaves = open_request(plain).leaves
    stage = engine.stage(Phase.REQUEST)

    def response() -> None:
        facts = facts_of(plain)
        facts.answered(Said(answer), lambda: open_answer(answer))
        engine.judge(facts)

    def redacted() -> None:
        rewrite_request(holding, engine.judge(facts_of(holding)).changes)

    found = {
        "the chain of a call is found": micros(lambda: chains.engine("p", None, Operation.CHAT)),
        "facts are gathered": micros(lambda: facts_of(plain)),
        "the request is opened": micros(lambda: open_request(plain)),
        **{
            f"detector {detector.name}": micros(lambda one=detector: [find_all(one, leaf.text) for leaf in leaves])
            for detector, _ in stage.detectors
        },
        "the request gate in all": micros(lambda: engine.judge(facts_of(plain))),
        "the response gate in all, 450 bytes": micros(response),
        "a request that is redacted, in all": micros(redacted),
    }
    both = found["the request gate in all"] + found["the response gate in all, 450 bytes"]
    return {**found, "a plain call, both gates": both}


def main() -> int:
    sys.stdout.write("\n".join(f"{name:<40} {cost:8.1f} us" for name, cost in parts().items()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
