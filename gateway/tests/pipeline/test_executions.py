import asyncio

import msgspec
import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import CallerError, Code, UpstreamError
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.ports import Found
from gatepost_gateway.domain.records import Kept
from gatepost_gateway.pipeline.executions import Execution, inbound_of
from gatepost_gateway.pipeline.pending import KIND, LIFE
from gatepost_gateway.pipeline.traces import Traces

from .fakes import Answer, House, NoArchive, ScriptedTransport, completion, daily, entry, run, snapshot_of
from .tool_house import executions_of

ME = Principal("k1", "org", "p")


class Archive(NoArchive):
    def __init__(self):
        self.found: Found | None = None

    async def kept(self, kind, id):
        return self.found


class Desk:
    """Executions over a house, with one open trace."""

    def __init__(self, *answers, **more):
        more.setdefault("budgets", (daily(10**9),))
        self.house = House(snapshot_of(entry(), **more), ScriptedTransport(*answers))
        self.archive = Archive()
        self.clock = self.house.clock
        self.traces = Traces(self.house.recorder, self.archive, self.clock)
        self.executions = self.another()
        self.trace = run(self.traces.create(ME, {}, None))[0]

    def another(self):
        """A second process: nothing in memory."""
        return executions_of(self.house, self.traces, self.archive)

    def run(self, executions=None, **said):
        asked = msgspec.convert({"trace_id": self.trace, **said}, Execution)
        presented = self.house.inbound({}).presented
        inbound = inbound_of("native", {}, "req-1", presented)
        project = self.house.snapshot.projects["p"]
        return run((executions or self.executions).run(asked, project, inbound))

    def refused(self, status, match, executions=None, **said):
        before = len(self.house.transport.asked)
        with pytest.raises(CallerError, match=match) as caught:
            self.run(executions, **said)
        assert caught.value.status == status
        assert len(self.house.transport.asked) == before
        assert run(self.traces.find(self.trace, "p")).running == 0
        return caught.value.code

    def sent(self, at=-1):
        return msgspec.json.decode(self.house.transport.asked[at].body)


def calls(*asked, content=None):
    message = {"role": "assistant", "content": content, "tool_calls": list(asked)}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return Answer(200, [completion(choices=[choice])])


def call(id="c1", name="f"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}}


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"maximum": 10**30}}}


def test_text_becomes_a_call_on_the_trace():
    desk = Desk(Answer(200, [completion("hello")]))
    done = desk.run(input="hi", model="m", max_tokens=7, temperature=0.5)
    assert done.message["content"] == "hello"
    assert (done.record.trace_id, done.record.implicit, done.record.cost) == (desk.trace, False, 7000)
    assert desk.sent() == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 7,
        "temperature": 0.5,
    }
    assert run(desk.traces.complete(desk.trace, "p")).cost == 7000


def test_messages_pass_as_they_are():
    desk = Desk(Answer(200, [completion()]))
    said = [{"role": "system", "content": "s"}, {"role": "user", "content": "u", "name": "n"}]
    desk.run(input=said, model="m")
    assert desk.sent() == {"model": "m", "messages": said}


def test_without_a_model_the_project_says_which():
    desk = Desk(Answer(200, [completion()]), default_model="m")
    assert desk.run(input="hi").record.model == "m"
    assert Desk().run(input="hi").record.model == "sandbox/echo"


def test_a_tool_loop_goes_on_where_it_stopped():
    desk = Desk(calls(call("c1"), call("c2", "g")), Answer(200, [completion("done")]))
    first = desk.run(input="hi", model="m", tools=[TOOL], max_tokens=9)
    results = [{"tool_call_id": "c2", "content": {"deep": [1]}}, {"tool_call_id": "c1", "content": "rain", "name": "f"}]
    second = desk.run(parent_step_id=first.record.step_id, tool_results=results)
    sent = desk.sent()
    assert [message["role"] for message in sent["messages"]] == ["user", "assistant", "tool", "tool"]
    assert sent["messages"][2:] == [
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        {"role": "tool", "tool_call_id": "c2", "content": '{"deep":[1]}'},
    ]
    assert (sent["tools"], sent["max_tokens"], sent["model"]) == ([TOOL], 9, "m")
    assert second.record.parent_step_id == first.record.step_id
    assert second.message["content"] == "done"


def test_a_tool_loop_goes_on_in_another_process():
    desk = Desk(calls(call()), Answer(200, [completion("done")]))
    first = desk.run(input="hi", model="m", tools=[TOOL])
    [kept] = [one for one in desk.house.recorder.entries if isinstance(one, Kept)]
    assert (kept.kind, kept.id, kept.project) == (KIND, first.record.step_id, "p")
    desk.archive.found = Found(kept.project, kept.box, kept.expires_at)
    done = desk.run(desk.another(), parent_step_id=first.record.step_id, tool_results=[{"tool_call_id": "c1"}])
    assert done.message["content"] == "done"


@pytest.mark.parametrize(
    "results",
    [
        [],
        [{"tool_call_id": "c1"}],
        [{"tool_call_id": "c1"}, {"tool_call_id": "c2"}, {"tool_call_id": "c3"}],
        [{"tool_call_id": "c1"}, {"tool_call_id": "c2"}, {"tool_call_id": "c1"}],
        [{"tool_call_id": "x"}, {"tool_call_id": "y"}],
    ],
)
def test_results_must_answer_each_call_once(results):
    desk = Desk(calls(call("c1"), call("c2")))
    step = desk.run(input="hi", model="m").record.step_id
    assert desk.refused(422, "each call", parent_step_id=step, tool_results=results) is Code.VALIDATION_FAILED


def test_a_step_of_another_trace_project_or_time_does_not_wait():
    desk = Desk(calls(call()))
    step = desk.run(input="hi", model="m").record.step_id
    results = [{"tool_call_id": "c1"}]
    other = run(desk.traces.create(ME, {}, None))[0]
    assert desk.refused(404, "does not wait", trace_id=other, parent_step_id=step, tool_results=results)
    assert desk.refused(404, "does not wait", parent_step_id=ids.new(), tool_results=results) is Code.STEP_NOT_FOUND
    [kept] = [one for one in desk.house.recorder.entries if isinstance(one, Kept)]
    desk.archive.found = Found("q", kept.box, kept.expires_at)
    desk.refused(404, "does not wait", desk.another(), parent_step_id=step, tool_results=results)
    desk.archive.found = Found("p", kept.box, 1)
    desk.refused(404, "does not wait", desk.another(), parent_step_id=step, tool_results=results)


def test_a_loop_that_waited_a_day_is_over(monkeypatch):
    desk = Desk(calls(call()))
    step = desk.run(input="hi", model="m").record.step_id
    monkeypatch.setattr(desk.traces, "now", lambda: desk.clock.micros() + LIFE + 1)
    said = desk.refused(404, "does not wait", parent_step_id=step, tool_results=[{"tool_call_id": "c1"}])
    assert said is Code.STEP_NOT_FOUND


CODES = {"not supported": Code.UNSUPPORTED_OPERATION, "not a step id": Code.VALIDATION_FAILED}


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({}, "`input` is missing"),
        ({"tool_results": []}, "parent_step_id"),
        ({"tool_results": [], "parent_step_id": ids.new(), "input": "x"}, "without `input`"),
        ({"input": "x", "parent_step_id": "x" * 1000}, "not a step id"),
        ({"input": "x", "tools": [{"type": "web_search"}]}, "not supported"),
        ({"approvals": []}, "parent_step_id"),
        ({"input": "x", "tools": [{}]}, "not supported"),
        ({"input": "x", "tools": [{"type": ["function"]}]}, "not supported"),
    ],
)
def test_what_cannot_be_executed_is_422(said, match):
    assert Desk().refused(422, match, **said) is CODES.get(match, Code.INVALID_REQUEST)


def test_a_sealed_or_foreign_trace_takes_no_calls():
    desk = Desk()
    run(desk.traces.complete(desk.trace, "p"))
    assert desk.refused(409, "completed", input="x") is Code.TRACE_SEALED
    theirs = run(desk.traces.create(Principal("k", "org", "q"), {}, None))[0]
    with pytest.raises(CallerError) as caught:
        desk.run(trace_id=theirs, input="x")
    assert caught.value.code is Code.TRACE_NOT_FOUND


def test_a_failed_call_is_a_step_too_and_ends():
    desk = Desk(Answer(400, [b'{"error":{"message":"no"}}']))
    with pytest.raises(UpstreamError):
        desk.run(input="x", model="m")
    sealed = run(desk.traces.complete(desk.trace, "p"))
    assert (sealed.steps, sealed.cost) == (1, 0)


def test_a_call_that_is_left_ends_in_its_trace():
    desk = Desk()

    async def hang():
        await asyncio.get_running_loop().create_future()

    desk.house.transport.answers = [hang]

    async def main():
        asked = msgspec.convert({"trace_id": desk.trace, "input": "x", "model": "m"}, Execution)
        inbound = inbound_of("native", {}, "r", desk.house.inbound({}).presented)
        task = asyncio.ensure_future(desk.executions.run(asked, desk.house.snapshot.projects["p"], inbound))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])

    run(main())
    state = run(desk.traces.find(desk.trace, "p"))
    assert (state.running, state.steps) == (0, 1)
    assert desk.house.ledger.open_holds() == 0


def test_calls_without_an_id_get_one():
    desk = Desk(calls({"function": {"name": "f"}}, {"id": None}), Answer(200, [completion("done")]))
    first = desk.run(input="hi", model="m")
    assert [one["id"] for one in first.message["tool_calls"]] == ["call_0", "call_1"]
    results = [{"tool_call_id": "call_0"}, {"tool_call_id": "call_1"}]
    assert desk.run(parent_step_id=first.record.step_id, tool_results=results).message["content"] == "done"
