"""Executions as streams of events; whole ones stand with the traces in `test_native`."""

import json

import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.records import Kept, StepKind
from gatepost_gateway.pipeline.pending import KIND

from ...pipeline.fakes import Answer, events
from ...pipeline.tool_house import tool
from .test_native import RUN, SERVER, front, trace


def chunks(*deltas, finish="stop"):
    base = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m-2024"}
    pieces = [{**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    pieces.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    pieces.append({**base, "choices": [], "usage": usage})
    return Answer(200, [b"data: " + json.dumps(one).encode() + b"\n\n" for one in pieces] + [b"data: [DONE]\n\n"])


def calling(name, text=""):
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": name, "arguments": "{}"}}
    return chunks({"content": text}, {"tool_calls": [call]}, finish="tool_calls")


def streamed(held, **said):
    body = {"trace_id": trace(held), "input": "hi", "model": "m", "stream": True, **said}
    got = held.post(RUN, body)
    return got, [read(one) for one in got.body.decode().split("\n\n") if one]


def read(event):
    kind, _, data = event.partition("\n")
    return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_text_comes_while_it_is_made_and_the_whole_at_the_end():
    held = front(Answer(200, events("Hel", "lo.")))
    got, said = streamed(held)
    assert (got.status, got.headers[b"content-type"]) == (200, b"text/event-stream; charset=utf-8")
    assert got.headers[b"x-gatepost-trace-id"].decode() == held.house.record.trace_id
    assert [one for one in said if one[0] == "text"] == [
        ("text", {"round": 1, "text": "Hel"}), ("text", {"round": 1, "text": "lo."}),
    ]  # fmt: skip
    kind, page = said[-1]
    assert (kind, page["output"], page["status"], page["cost"]) == ("result", "Hello.", None, "0.000007")
    assert (page["step_id"], page["finish_reason"]) == (held.house.record.step_id, "stop")
    assert (held.house.record.stream, held.house.transport.asked[0].body.count(b'"stream":true')) == (True, 1)


def test_rounds_are_told_apart_and_come_to_one_result():
    held = front(calling("search", "I look. "), Answer(200, events("Found.")))
    held.servers.tools["docs"] = [tool("search")]
    got, said = streamed(held, tools=[SERVER])
    assert [page for kind, page in said if kind == "text"] == [
        {"round": 1, "text": "I look. "}, {"round": 2, "text": "Found."},
    ]  # fmt: skip
    assert (said[-1][1]["output"], said[-1][1]["rounds"], got.starts) == ("Found.", 2, 1)
    kinds = [one.kind for one in held.house.recorder.closed]
    assert kinds == [StepKind.RUN, StepKind.TOOL_CALL, StepKind.TOOL_RESULT, StepKind.RUN]
    sent = json.loads(held.house.transport.asked[-1].body)["messages"]
    assert sent[1]["tool_calls"][0]["function"] == {"name": "search", "arguments": "{}"}
    assert sent[2]["content"] == "search is done"


def test_calls_that_wait_are_kept_before_they_are_told():
    held = front(calling("weather"))
    _, said = streamed(held, tools=[{"type": "function", "function": {"name": "weather"}}])
    page = said[-1][1]
    assert (page["status"], page["tool_calls"][0]["name"]) == ("tool_calls_pending", "weather")
    assert [one.kind for one in held.house.recorder.entries if isinstance(one, Kept)] == [KIND]


def word(**more):
    return RuleSpec(name="no-titan", kind="keyword", settings={"terms": ["titan"], "action": "block"}, **more)


@pytest.mark.parametrize("question", ["titan", "hi"])
def test_a_block_is_a_result_at_either_gate(question):
    held = front(Answer(200, events("the ti", "tan project")), rules=(word(),))
    got, said = streamed(held, input=question)
    assert (got.status, [kind for kind, _ in said][-1]) == (200, "result")
    page = said[-1][1]
    assert (page["status"], page["output"], page["policy"]) == ("blocked", None, "no-titan")
    assert b"titan project" not in got.body
    assert "titan" not in "".join(page["text"] for kind, page in said if kind == "text")


def test_what_goes_wrong_before_the_head_is_a_plain_error():
    held = front(Answer(400, [b'{"error":{"message":"no"}}']))
    got = held.post(RUN, {"trace_id": trace(held), "input": "hi", "model": "m", "stream": True})
    assert (got.status, got.json["code"], got.starts) == (400, "upstream_refused", 1)
    got = held.post(RUN, {"trace_id": "none", "input": "hi", "stream": True})
    assert (got.status, got.json["code"]) == (404, "trace_not_found")


def test_what_goes_wrong_later_is_the_last_event():
    held = front(calling("search", "I look. "), Answer(400, [b'{"error":{"message":"no"}}']))
    held.servers.tools["docs"] = [tool("search")]
    got, said = streamed(held, tools=[SERVER])
    assert (got.status, got.ended) == (200, True)
    kind, page = said[-1]
    assert (kind, page["code"], page["status"]) == ("error", "upstream_refused", 400)
    truncated = front(Answer(200, events("Hel")[:2]))
    _, said = streamed(truncated)
    assert (said[-1][0], said[-1][1]["code"]) == ("error", "upstream_truncated")
