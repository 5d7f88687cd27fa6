"""Stage 9, the response gate: every batch passes here before it goes out.

Without rules it passes what it gets, and holds the provider to the output that the hold pays for: more is cut off.
"""

from weakref import WeakKeyDictionary

from gatepost_gateway.dialects.frame_readers import FRAMES
from gatepost_gateway.dialects.leaves import open_answer, open_request
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.rewriting import rewrite_answer
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.errors import Code, GatewayError, NextStep, UpstreamError
from gatepost_gateway.domain.findings import Texts
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.domain.rego import Evaluator
from gatepost_gateway.domain.review import Reviewers
from gatepost_gateway.pipeline.call import Call
from gatepost_gateway.pipeline.govern import attempt_of, prepare
from gatepost_gateway.pipeline.judge import asking, note, note_unjudged, refuse, through
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts, Said
from gatepost_gateway.policy.gate import Gate, Gates
from gatepost_gateway.policy.rego.rule import RegoRule

_GATES: WeakKeyDictionary[Engine, Gates] = WeakKeyDictionary()
"""What chains ask of streams, as long as they are in use."""
BYTES_PER_TOKEN = 64
"""No tokenizer makes prose of more bytes than this from one token: a bound that never cuts falsely."""


def watch(call: Call, batch: bytes) -> bytes:
    """The part of a batch that may go out. Raises UpstreamError (output_cap_reached) when the hold is used up."""
    cap, reader = call.cap, call.reader
    if cap is not None and reader is not None:
        floor = max(reader.tokens, reader.summary.text_bytes // BYTES_PER_TOKEN)
        if floor > cap:
            provider = call.target.entry.provider.value if call.target else ""
            raise UpstreamError(
                f"the answer passed {cap} output tokens, which is all that was set aside for it; it is cut here",
                code=Code.OUTPUT_CAPPED,
                status=502,
                next_step=NextStep.GIVE_UP,
                provider=provider,
            )
    return batch


async def watch_whole(call: Call, body: bytes, evaluator: Evaluator, reviewers: Reviewers) -> bytes:
    """A whole answer as it may go out. Raises Refused (output_blocked) when it may not, and what `watch` raises."""
    body = watch(call, body)
    engine, facts = call.engine, call.facts
    if engine is None or facts is None or not engine.judges(Phase.RESPONSE):
        return body
    summary = call.summary
    said = Said(body, summary.usage, summary.finish) if summary is not None else Said(body)
    facts.answered(said, lambda: _opened(call, body))
    facts.target = call.target.entry if call.target is not None else None
    facts.sent = lambda: open_request(_asked(call))
    if call.snapshot.policies is not None:
        facts.attempt = attempt_of(call)
        await prepare(policies_of(call), facts, evaluator)
    try:
        ruling = await through(engine.judging(facts), asking(call, facts, reviewers))
    except GatewayError as error:
        note_unjudged(call, error.hint or error.public)
        raise
    call.judged = True
    note(call, ruling)
    refuse(call, ruling, Code.OUTPUT_BLOCKED)
    call.counting.commit()
    return rewrite_answer(body, ruling.changes)


def policies_of(call: Call) -> tuple[RegoRule, ...]:
    """The policies in Rego that judge its answer."""
    if call.engine is None or call.snapshot.policies is None:
        return ()
    return tuple(rule for rule in call.engine.rules if isinstance(rule, RegoRule))


def gate_of(call: Call) -> Gate | None:
    """What a streamed answer passes while it comes; None where no rule judges it."""
    engine, facts, asked = call.engine, call.facts, call.asked
    if engine is None or facts is None or not engine.judges(Phase.RESPONSE):
        return None
    assert asked is not None
    facts.attempt = attempt_of(call)
    facts.sent = lambda: open_request(asked)

    def answered(texts: Texts) -> Facts:
        summary = call.summary
        said = Said(b"", summary.usage, summary.finish) if summary is not None else Said(b"")
        return facts.with_answer(said, texts, call.target.entry if call.target is not None else None)

    gates = _GATES.get(engine)
    if gates is None:
        gates = _GATES[engine] = Gates(engine)
    return gates.open(FRAMES[asked.dialect](), answered, approved=call.admitted is not None)


def _asked(call: Call) -> Asked:
    assert call.asked is not None
    return call.asked


def _opened(call: Call, body: bytes) -> Texts:
    try:
        return open_answer(body)
    except Malformed as error:
        raise UpstreamError(
            f"the answer cannot be judged: {error}",
            code=Code.UPSTREAM_GARBAGE,
            status=502,
            next_step=NextStep.GIVE_UP,
            provider=call.target.entry.provider.value if call.target else "",
        ) from None
