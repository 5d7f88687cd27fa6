"""An agent that asks the same thing again and again is stopped before it costs more.

The same thing: the same members of the body, with the same bytes, by the same key, in one trace or session. An answer
or a tool's result that is sent along makes another question of it.
"""

import hashlib

from gatepost_gateway.domain.chat import Asked, Operation
from gatepost_gateway.domain.errors import Code, LimitExceeded
from gatepost_gateway.domain.ports import Loops
from gatepost_gateway.pipeline.call import Call


async def check_loop(loops: Loops, call: Call, salt: bytes) -> None:
    """Raises LimitExceeded (429, LOOP_DETECTED). `salt` keys the hash of the question."""
    rules, record, asked = call.snapshot.document.loops, call.record, call.asked
    assert asked is not None
    owner = _owner(call, asked)
    if owner is None or not rules.enabled or asked.operation is Operation.COUNT or record.key_id in rules.except_keys:
        return
    count, wait = await loops.repeated(f"{record.key_id} {owner}", mark_of(asked, salt), rules.seconds, rules.repeats)
    if count >= rules.repeats:
        raise LimitExceeded(
            f"this is the same request {count} times in a row within {rules.seconds:g} s: it looks like a loop, and is"
            " stopped here; send something else",
            code=Code.LOOP_DETECTED,
            status=429,
            retry_after=wait,
        )


def _owner(call: Call, asked: Asked) -> str | None:
    """The trace that the caller named, or the session that it goes on with; None: the call stands alone."""
    if call.inbound.trace_id is not None:
        return f"trace {call.inbound.trace_id}"
    goes_on = call.named or (call.record.turn or 0) > 1 or asked.user is not None
    return f"session {call.record.session_id}" if goes_on else None


def mark_of(asked: Asked, salt: bytes) -> bytes:
    """A keyed hash of a question, whatever the order of its members."""
    hashed = hashlib.blake2b(key=salt[:64], digest_size=16)
    hashed.update(f"{asked.dialect.value} {asked.operation.value} {asked.model}".encode("utf-8", "surrogatepass"))
    for name in sorted(asked.fields):
        value = bytes(asked.fields[name])
        hashed.update(f"\n{name} {len(value)} ".encode("utf-8", "surrogatepass"))
        hashed.update(value)
    return hashed.digest()
