"""What the gate of a stream costs an event, and how far it holds text back.

    python bench/gate.py [--events 4000]

Each stream is one answer, an event a word, read one event at a time and sixteen. `passing`: the reader of every stream,
with rules or without. The rest is what rules add to it, in time of the processor.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence

from gatepost_gateway.dialects.frame_readers import FRAMES
from gatepost_gateway.dialects.openai_chat import read_asked
from gatepost_gateway.dialects.openai_chat_stream import OpenAIChatReader
from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.findings import Texts
from gatepost_gateway.domain.governance import Phase, Principal
from gatepost_gateway.domain.snapshot import ProjectEntry
from gatepost_gateway.policy.chains import Chains
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts, Setting
from gatepost_gateway.policy.gate import Gates

WORDS = "the quick brown fox asks nobody for a card and mails no one at home".split()
CHAINS: dict[str, list[RuleSpec]] = {
    "1 rule, words": [RuleSpec(name="words", kind="keyword", settings={"terms": ["titan", "project x"]})],
    "1 rule, e-mail": [RuleSpec(name="mails", kind="redactor", settings={"find": ["EMAIL"]})],
    "3 rules": [
        RuleSpec(name="words", kind="keyword", settings={"terms": ["titan", "project x"]}),
        RuleSpec(name="mails", kind="redactor"),
        RuleSpec(name="tools", kind="agent-firewall", settings={"blocked_tools": ["delete_*"]}),
    ],
}


def stream(events: int) -> list[bytes]:
    head = '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":'
    tail = ',"finish_reason":null}]}'
    words = [json.dumps({"content": WORDS[at % len(WORDS)] + " "}) for at in range(events)]
    return [f"data: {head}{word}{tail}\n\n".encode() for word in words]


def facts() -> Callable[[Texts], Facts]:
    asked = read_asked(b'{"model":"m","messages":[{"role":"user","content":"hello"}]}')
    setting = Setting(Principal("k", "o", "p"), ProjectEntry("p", "o"), "openai", {}, {}, dict)
    one = Facts(Phase.REQUEST, setting, asked, lambda: Texts(()))
    return lambda _: one


def engine_of(specs: Sequence[RuleSpec]) -> Engine:
    return Chains(specs, b"key").engine("p", None, Operation.CHAT)


def measure(specs: Sequence[RuleSpec], batches: Sequence[bytes], events: int, rounds: int = 5) -> tuple[float, int]:
    """(microseconds an event, the most characters that waited at once)."""
    gates, answered = Gates(engine_of(specs)), facts()
    best, waited = float("inf"), 0
    for _ in range(rounds):
        gate = gates.open(FRAMES[DialectName.OPENAI_CHAT](), answered)
        began = time.process_time()
        for batch in batches:
            gate.feed(batch)
        best = min(best, time.process_time() - began)
    gate = gates.open(FRAMES[DialectName.OPENAI_CHAT](), answered)
    came = went = 0
    for batch in batches:
        came += text(batch)
        went += text(gate.feed(batch))
        waited = max(waited, came - went)
    return best / events * 1e6, waited


def text(batch: bytes) -> int:
    """Characters of content in a batch."""
    lines = [line[6:] for line in batch.split(b"\n") if line.startswith(b"data: {")]
    return sum(len(one["delta"].get("content") or "") for line in lines for one in json.loads(line)["choices"])


def passing(batches: Sequence[bytes], events: int, rounds: int = 5) -> float:
    asked: Asked = read_asked(b'{"model":"m","messages":[{"role":"user","content":"hello"}],"stream":true}')
    best = float("inf")
    for _ in range(rounds):
        reader = OpenAIChatReader(asked)
        began = time.process_time()
        for batch in batches:
            reader.feed(batch)
        best = min(best, time.process_time() - began)
    return best / events * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=4000)
    count: int = parser.parse_args().events
    events = stream(count)
    print(f"{'chain':18}{'events a read':>14}{'us an event':>12}{'span':>6}{'waits (characters)':>20}")
    for size in (1, 16):
        batches = [b"".join(events[at : at + size]) for at in range(0, count, size)]
        print(f"{'passing':18}{size:14}{passing(batches, count):12.2f}")
        for name, specs in CHAINS.items():
            micros, waited = measure(specs, batches, count)
            spans = [one.span or 0 for rule in engine_of(specs).rules for one in getattr(rule, "detectors", ())]
            print(f"{name:18}{size:14}{micros:12.2f}{max(spans):6}{waited:20}")


if __name__ == "__main__":
    main()
