"""What was said in a call, for its record, where the project keeps it: masked before it is handed to the journal.

What cannot be masked is not kept, and the record says why.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects.leaves import open_answer, open_request
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.rewriting import rewrite
from gatepost_gateway.dialects.transcript import Turn
from gatepost_gateway.domain.findings import Leaf
from gatepost_gateway.domain.governance import Effect, Mode, Phase
from gatepost_gateway.domain.records import Hidden, Outcome, Stored
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import SnapshotDocument
from gatepost_gateway.pipeline.call import Call
from gatepost_gateway.policy.masking import TooMany, detectors, mask, masked_text
from gatepost_gateway.policy.rego.document import shown_headers

MOST_HEADERS = 64
_LONGEST_HEADER = 512
_HIDDEN = b"[SECRET]"


class Side(Struct, frozen=True):
    """A request or an answer, masked; `why` there is none."""

    body: bytes = b""
    why: str | None = None
    hidden: tuple[Hidden, ...] = ()
    altered: tuple[str, ...] = ()


def prepare(document: SnapshotDocument) -> None:
    """Makes what masks, where any project keeps what is said: no call waits for that."""
    if any(project.body_bytes for project in document.projects):
        detectors()


def stored_of(call: Call) -> Stored | None:
    """None where the project keeps nothing, and where nobody knows whose call it was."""
    project, received = call.project, call.received
    if project is None or not project.body_bytes or received is None:
        return None
    request, answer = _request(call, project.body_bytes), _answer(call, project.body_bytes)
    record = call.record
    return Stored(
        record.step_id,
        record.trace_id,
        record.at,
        received.dialect.value,
        request.body,
        answer.body,
        request.why,
        answer.why,
        request.hidden + answer.hidden,
        tuple(
            (phase.value, path)
            for phase, side in ((Phase.REQUEST, request), (Phase.RESPONSE, answer))
            for path in side.altered
        ),
        _headers(call),
    )


def _request(call: Call, most: int) -> Side:
    received, asked = call.received, call.asked
    assert received is not None
    assert asked is not None
    if _unredacted(call, Phase.REQUEST):
        return Side(why="it was stopped before a rule took out what it redacts")

    def opened(body: bytes) -> Sequence[Leaf]:
        return open_request(msgspec.structs.replace(received, body=body)).leaves

    return _side(call, Phase.REQUEST, (received.body, asked.body), opened, most)


def _answer(call: Call, most: int) -> Side:
    if call.reader is not None:
        return _streamed(call, most)
    if not call.body:
        return Side(why="there was no answer")
    if _unredacted(call, Phase.RESPONSE):
        return Side(why="it was stopped before a rule took out what it redacts")
    return _side(call, Phase.RESPONSE, (call.body, call.sent_body or call.body), _read, most)


def _streamed(call: Call, most: int) -> Side:
    """The message that a stream made, as its caller puts it together."""
    words = call.masked_words or call.words
    if words is None or call.record.outcome is not Outcome.ANSWERED:
        return Side(why="the stream did not come to its end")
    turns = words.turns()
    body = msgspec.json.encode({"choices": [_choice(number, turn) for number, turn in enumerate(turns)]})
    side = _side(call, Phase.RESPONSE, (body, body), _read, most)
    partly = call.record.usage.reasoning or any(turn.rest for turn in turns)
    acted = any(one.phase == Phase.RESPONSE and _redacts(one.effect, one.mode) for one in call.record.decisions)
    if not side.body or not (partly or acted):
        return side
    # Thoughts and words beside tool calls are not in it, or a rule has changed it on its way.
    return msgspec.structs.replace(side, altered=(*side.altered, "*"))


def _choice(number: int, turn: Turn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": turn.text}
    if turn.rest:
        message["tool_calls"] = [
            {"type": "function", "function": {"name": name, "arguments": _text(said)}} for name, said in turn.rest
        ]
    return {"index": number, "message": message}


def _text(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()


def _read(body: bytes) -> Sequence[Leaf]:
    return open_answer(body).leaves


def _side(
    call: Call, phase: Phase, bodies: tuple[bytes, bytes], opened: Callable[[bytes], Sequence[Leaf]], most: int
) -> Side:
    """`bodies`: as it came, and as it went on."""
    said, sent = bodies
    if len(sent) > most or len(said) > 2 * most:
        return Side(why=f"it is larger than {most} bytes")
    try:
        leaves = opened(said)
        now = {leaf.path: leaf.text for leaf in (leaves if sent == said else opened(sent))}
        found = mask(phase.value, leaves, now)
        body = _without_keys(call, rewrite(sent, found.changes, dropping=True))
    except (Malformed, TooMany) as error:
        return Side(why=f"it cannot be masked: {error}")
    except Exception as error:  # noqa: BLE001 - whatever fails here, nothing is kept that was not masked
        return Side(why=f"it cannot be masked ({type(error).__name__})")
    return Side(body, None, found.hidden, found.altered)


def _unredacted(call: Call, phase: Phase) -> bool:
    """Whether a rule wanted words taken out of that side, and another stopped the call first."""
    said = [one for one in call.record.decisions if one.phase == phase.value and one.mode is Mode.ENFORCE]
    stopped = any(one.effect in (Effect.BLOCK, Effect.ESCALATE) for one in said)
    return stopped and any(_redacts(one.effect, one.mode) for one in said)


def _redacts(effect: Effect | None, mode: Mode) -> bool:
    return effect is Effect.REDACT and mode is Mode.ENFORCE


def _without_keys(call: Call, body: bytes) -> bytes:
    """No key that this call was made with, wherever it may stand."""
    shown = call.inbound.presented
    target = call.target.passed if call.target is not None else None
    keys: tuple[Secret | None, ...] = (shown.bearer, shown.beside, call.credential, target)
    for key in keys:
        if key is not None and (text := key.reveal().encode()):
            body = body.replace(text, _HIDDEN)
    return body


def _headers(call: Call) -> dict[str, str]:
    shown = list(shown_headers(call.inbound.headers).items())[:MOST_HEADERS]
    return {name: masked_text(value) if len(value) <= _LONGEST_HEADER else "[TOO LONG]" for name, value in shown}
