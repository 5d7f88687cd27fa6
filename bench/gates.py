"""The two gates with everything in them: `python -m bench.gates`.

Three rules (`keyword`, `redactor`, `agent-firewall`) and a policy in Rego of 30 rules, on a prompt of 4 KB: what they
add to a plain call and to each event of a stream, and what each part of that costs. Goals: 100 and 3 microseconds.
"""

import sys

from bench import gate, policy, rego_policy

GOALS = {"a plain call": 100.0, "an event of a stream": 3.0}


def parts() -> dict[str, float]:
    """Microseconds a call, but for the last two, which are an event."""
    chain, rego = policy.parts(), rego_policy.costs()
    request, response = chain["the request gate in all"], chain["the response gate in all, 450 bytes"]
    found = {name: cost for name, cost in chain.items() if name.startswith(("the request is opened", "detector"))}
    events = gate.stream(4000)
    found |= {
        "request gate, three rules": request,
        "response gate, three rules": response,
        "Rego: its input": rego["document"],
        "Rego: 30 rules and the verdict": rego["rules and verdict"],
        "a plain call": request + response + rego["whole"],
    }
    for size, words in ((1, "an event of a stream"), (16, "an event, 16 a read")):
        batches = [b"".join(events[at : at + size]) for at in range(0, len(events), size)]
        whole, _ = gate.measure(gate.CHAINS["3 rules"], batches, len(events))
        found[words] = whole
    return found


def main() -> int:
    for name, cost in parts().items():
        goal = f"   goal {GOALS[name]:.0f}" if name in GOALS else ""
        sys.stdout.write(f"{name:32} {cost:8.1f} us{goal}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
