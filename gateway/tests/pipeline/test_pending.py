import msgspec
import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.records import Closed, Kept
from gatepost_gateway.pipeline import pending as module
from gatepost_gateway.pipeline.pending import LIFE, Conversation, Pending

from .fakes import KeptArchive, KeptRecorder, NoArchive, PlainVault, run


def closed(at=0):
    return Closed(step_id=ids.new(), trace_id="t", at=at, surface="native", project="p")


def calling(*names):
    calls = [{"id": name, "function": {"name": name, "arguments": "{}"}} for name in names]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def test_what_is_kept_comes_back_also_in_another_process():
    recorder, record = KeptRecorder(), closed()
    said = Conversation("m", [calling("a")], [{"function": {"parameters": {"maximum": 10**30}}}])
    run(Pending(recorder, NoArchive(), PlainVault()).keep(record, said))
    another = Pending(recorder, KeptArchive(recorder), PlainVault())
    assert run(another.load(record.step_id, "t", "p", LIFE - 1)) == said
    for trace, project, now in (("u", "p", 0), ("t", "q", 0), ("t", "p", LIFE)):
        with pytest.raises(CallerError, match="does not wait") as caught:
            run(another.load(record.step_id, trace, project, now))
        assert caught.value.status == 404


def test_what_is_taken_is_gone_for_everybody():
    recorder, record = KeptRecorder(), closed()
    one = Pending(recorder, KeptArchive(recorder), PlainVault())
    run(one.keep(record, Conversation("m", [], [])))
    one.take(record.step_id, "p")
    assert recorder.entries[-1] == Kept(module.KIND, record.step_id, "p", 0, b"")
    for pending in (one, Pending(recorder, KeptArchive(recorder), PlainVault())):
        with pytest.raises(CallerError, match="does not wait"):
            run(pending.load(record.step_id, "t", "p", 1))
    with pytest.raises(CallerError, match="does not wait"):
        one.take(record.step_id, "p")


def test_what_is_taken_is_remembered_for_as_many(monkeypatch):
    monkeypatch.setattr(module, "MOST_TAKEN", 2)
    one = Pending(KeptRecorder(), NoArchive(), PlainVault())
    for number in range(5):
        one.take(str(number), "p")
    assert list(one._taken) == ["3", "4"]


def test_it_is_bounded_in_bytes(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 2000)
    recorder = KeptRecorder()
    one = Pending(recorder, NoArchive(), PlainVault())
    for _ in range(20):
        run(one.keep(closed(), Conversation("m", [{"content": "x" * 300}], [])))
    assert one._bytes == sum(len(kept.box) for kept in one._kept.values()) <= 2000
    last = next(reversed(one._kept))
    one.take(last, "p")
    assert one._bytes == sum(len(kept.box) for kept in one._kept.values())


def test_only_the_last_turns_calls_wait():
    said = Conversation("m", [calling("a"), {"role": "tool", "tool_call_id": "a"}, calling("a", "b")], [])
    assert [one["id"] for one in said.unanswered()] == ["a", "b"]
    said.answer("b", "done")
    assert [one["id"] for one in said.unanswered()] == ["a"]
    assert said.messages[-1] == {"role": "tool", "tool_call_id": "b", "content": "done"}
    assert Conversation("m", [{"role": "user"}], []).unanswered() == []


def test_a_conversation_of_an_earlier_version_is_read():
    box = msgspec.json.encode(("t", {"model": "m", "messages": [], "tools": [], "options": {}, "by_default": True}))
    _, said = msgspec.json.decode(box, type=tuple[str, Conversation])
    assert (said.servers, said.offers, said.by_default) == ([], [], True)
