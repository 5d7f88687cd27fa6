"""Stage 2 again, when the body is read: a call that names no session finds the one that it goes on with.

DESIGN section 6, in its order: the `previous_response_id` of a Responses call, the `user` of a request, and the
fingerprint of what was said so far, which an answer leaves behind. All three hold for one key only.
"""

from gatepost_gateway.dialects.transcript import reply_turns, transcript
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.pipeline.call import Call
from gatepost_gateway.pipeline.sessions import Sessions

RESPONSE, USER, WORDS = "response", "user", "words"
"""The ways in which a mark is made; part of every mark, so never renamed."""
MOST_CHOICES = 8
"""Choices of one answer that a conversation may go on from."""


def owner_of(call: Call) -> str:
    """Whose a session is: a project's, and within it a proxy's."""
    return f"{call.record.project}/{call.record.proxy or ''}"


def _scope(call: Call) -> str:
    """Marks hold for one key, and where a key may use several proxies, for one of them."""
    return f"{call.record.key_id}|{owner_of(call)}"


async def follow(call: Call, sessions: Sessions) -> None:
    """Puts the call into the session that it continues; without one it stays in the new one that `bind` gave it."""
    if call.named:
        return
    record = call.record
    found = await _lookup(call, sessions)
    if found is None or found == record.session_id:
        return
    turn = await sessions.found(found, owner_of(call), record.at)
    if turn is not None:
        record.session_id, record.turn = found, turn


async def _lookup(call: Call, sessions: Sessions) -> str | None:
    asked, record, store = call.asked, call.record, sessions.store
    assert asked is not None
    scope = _scope(call)
    previous = _previous(call)
    if previous is not None:
        mark = sessions.mark(RESPONSE, scope, previous.encode())
        if (found := await store.claim(mark, record.at)) is not None:
            record.marks = (mark,)
            return found
    if asked.user:
        mark = sessions.mark(USER, scope, asked.user.encode("utf-8", "replace"))
        record.marks = (mark,)
        assert record.session_id is not None
        return await store.adopt(mark, record.session_id, record.at)
    if asked.operation is not Operation.CHAT or previous is not None:
        return None
    call.transcript = transcript(asked)
    for end in call.transcript.ends if call.transcript is not None else ():
        mark = sessions.mark(WORDS, scope, end)
        if (found := await store.claim(mark, record.at)) is not None:
            record.marks = (mark,)
            return found
    return None


def _previous(call: Call) -> str | None:
    """The answer that a Responses call goes on from."""
    assert call.asked is not None
    return call.asked.previous


async def remember(call: Call, sessions: Sessions, body: bytes | None = None) -> None:
    """Leaves behind what the next turn is known by. `body`: a whole answer; None: it was streamed.

    The answer is paid for: when it cannot be remembered, it goes out all the same and says so.
    """
    asked, record = call.asked, call.record
    assert asked is not None
    scope = _scope(call)
    marks: list[bytes] = []
    if call.response_id:
        marks.append(sessions.mark(RESPONSE, scope, call.response_id.encode()))
    if asked.operation is Operation.CHAT and asked.previous is None:
        said = call.transcript or transcript(call.received or asked)
        if said is not None:
            turns = reply_turns(asked.dialect, body) if body is not None else call.words.turns() if call.words else []
            ends = [said.after(turn) for turn in turns[:MOST_CHOICES]]
            marks += [sessions.mark(WORDS, scope, end) for end in ends if end is not None]
    if not marks or record.session_id is None:
        return
    record.marks += tuple(marks)
    try:
        await sessions.store.keep(marks, record.session_id, record.at)
    except GatewayFault:
        record.warnings += ("the state of the session could not be kept: the next turn may begin a new one",)
