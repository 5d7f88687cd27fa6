"""Real OPA as a worker: a policy and its inputs a line in, the answers a line out.

Run by the interpreter that has the bindings; it imports nothing of this project.
"""

import json
import sys

from opa_bindings import OpaEngine


def answers(policy, inputs):
    """Evaluate a policy with every input."""
    engine = OpaEngine()
    engine.print_handler = lambda *args: None
    try:
        try:
            engine.add_policy("fuzz.rego", policy)
        except Exception as error:
            return [{"e": str(error)} for _ in inputs]
        found = []
        for document in inputs:
            try:
                found.append({"r": engine.eval_query("x = data.fuzz", document)})
            except Exception as error:
                found.append({"e": str(error)})
        return found
    finally:
        engine.close()


if __name__ == "__main__":
    for line in sys.stdin:
        case = json.loads(line)
        print(json.dumps(answers(case["policy"], case["inputs"])), flush=True)
