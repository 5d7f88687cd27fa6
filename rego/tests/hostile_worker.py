"""Evaluates one hostile policy in a process of its own, with little memory.

Reads the name of a case; writes how the evaluation ended, and when.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time

from hostile_policies import HOSTILE

from gatepost_rego import RegoError, compile

DEADLINE = 0.1
MEMORY = 1 << 30


def main(name: str) -> dict[str, object]:
    """Evaluate the case and tell of it."""
    text, document = HOSTILE[name]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # As a host that promises milliseconds does: left alone, the collector stops a big evaluation
    # for tens of them.
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    policy = compile(f"package hostile\n\n{text}", entrypoints=["hostile/p"])
    begun, worked = time.monotonic(), time.thread_time()
    try:
        policy.evaluate(document, deadline=DEADLINE)
        ended = "value"
    except RegoError as error:
        ended = type(error).__name__
    # On a busy machine the clock goes on while this process waits for its turn.
    spent = min(time.monotonic() - begun, time.thread_time() - worked)
    return {"ended": ended, "late": spent - DEADLINE}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
