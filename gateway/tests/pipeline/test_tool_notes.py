"""What a proxy's tools were asked is sealed into the record; nobody else's is."""

import msgspec
import pytest

from gatepost_gateway.domain.records import TOOLS, ToolPart, ToolUse
from gatepost_gateway.domain.snapshot import ProxyEntry
from gatepost_gateway.pipeline import tool_notes as module

from .fakes import KEY, Answer, PlainVault, completion
from .test_proxied import OF_BOT, call, house

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a":1}'}}
MESSAGE = {"role": "assistant", "content": None, "tool_calls": [CALL]}
USER = {"role": "user", "content": "look"}
CALLED = completion(choices=[{"index": 0, "message": MESSAGE, "finish_reason": "tool_calls"}])


def uses(record):
    if not record.tools:
        return []
    plain = PlainVault().open_state(TOOLS, record.step_id, record.tools)
    return msgspec.msgpack.decode(plain, type=list[ToolUse])


def asking(*proxies, answer=CALLED):
    over = house(*proxies)
    over.transport.answers[:] = [Answer(200, [answer]), Answer(200, [completion()])]
    return over


def test_calls_and_then_their_results_are_recorded():
    over = asking()
    call(over)
    assert uses(over.record) == [ToolUse(ToolPart.CALL, "c1", "look", '{"a":1}')]
    result = {"role": "tool", "tool_call_id": "c1", "content": "seen"}
    call(over, body={"model": "m", "messages": [USER, MESSAGE, result]})
    assert uses(over.record) == [ToolUse(ToolPart.RESULT, "c1", "look", "seen")]


def test_calls_of_a_stream_are_recorded():
    chunk = {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **CALL}]}, "finish_reason": "tool_calls"}]}
    over = asking(answer=b"data: " + msgspec.json.encode(chunk) + b"\n\ndata: [DONE]\n\n")
    call(over, body={"model": "m", "messages": [USER], "stream": True})
    assert uses(over.record) == [ToolUse(ToolPart.CALL, "c1", "look", '{"a":1}')]


@pytest.mark.parametrize(
    ("proxies", "secret"), [((ProxyEntry("bot", "p", record_tool_arguments=False),), OF_BOT), ((), KEY)]
)
def test_without_the_proxys_word_nothing_is_kept_but_names(proxies, secret):
    over = asking(*proxies)
    call(over, None, secret)
    assert (over.record.tools, over.record.tool_calls) == (b"", ("look",))


def test_what_is_too_much_is_left_out_with_a_word(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 60)
    message = {**MESSAGE, "tool_calls": [CALL] * 9}
    over = asking(answer=completion(choices=[{"index": 0, "message": message, "finish_reason": "tool_calls"}]))
    call(over)
    assert 0 < len(uses(over.record)) < 9
    assert over.record.warnings == ("not all uses of tools are recorded",)
