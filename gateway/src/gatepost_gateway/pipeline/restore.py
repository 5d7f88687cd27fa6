"""What the request gate put placeholders for comes back in the answer, behind the response gate: for the caller alone.

Whatever else looks at an answer, rules and records, the cache and the notes of tools, sees the placeholders.
"""

from gatepost_gateway.dialects.frame_readers import FRAMES
from gatepost_gateway.dialects.leaves import open_answer, open_request
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.rewriting import rewrite_answer, rewrite_request
from gatepost_gateway.domain.chat import Asked, Operation
from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.findings import Texts
from gatepost_gateway.pipeline.call import Call
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.gate import Gate, Gates
from gatepost_gateway.policy.placeholders import Placeholders
from gatepost_gateway.policy.restoring import Restoring, restored

_NUMBERS = frozenset({Operation.EMBED, Operation.COUNT})
"""What is answered with numbers, in which no placeholder can stand."""


def restore_whole(call: Call, body: bytes) -> bytes:
    """A whole answer as its caller reads it. Raises UpstreamError when it cannot be read for sure."""
    given, asked = given_out(call), call.asked
    assert asked is not None
    if given is None or asked.operation in _NUMBERS:
        return body
    try:
        return rewrite_answer(body, restored(open_answer(body).leaves, given))
    except Malformed as error:
        raise UpstreamError(
            f"placeholders cannot be undone in the answer: {error}",
            code=Code.UPSTREAM_GARBAGE,
            status=502,
            next_step=NextStep.GIVE_UP,
            provider=call.target.entry.provider.value if call.target else "",
        ) from None


def restoring_of(call: Call) -> Gate | None:
    """What a streamed answer passes last; None where nothing was given out."""
    given, asked = given_out(call), call.asked
    assert asked is not None
    if given is None:
        return None
    return Gates(Engine((Restoring(given),), b"")).open(FRAMES[asked.dialect](), _no_facts)


def restore_asked(call: Call) -> Asked:
    """The request as its caller would say it again: what a conversation is kept from."""
    given, asked = given_out(call), call.asked
    assert asked is not None
    if given is None:
        return asked
    return rewrite_request(asked, restored(open_request(asked).leaves, given))


def given_out(call: Call) -> Placeholders | None:
    """What stands for this caller's texts; None where nothing does."""
    return call.placeholders if call.placeholders is not None and call.placeholders.values else None


def _no_facts(texts: Texts) -> Facts:  # noqa: ARG001 - the shape that rules about calls want
    raise AssertionError("no rule about calls is asked here")
