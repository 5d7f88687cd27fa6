import json

import pytest

from gatepost_gateway.domain.errors import UpstreamError
from gatepost_gateway.pipeline import told as module
from gatepost_gateway.pipeline.told import Told

from .fakes import completion, run


class Ear:
    """Implements `Listener`: remembers."""

    def __init__(self):
        self.heard = []

    async def begin(self, headers):
        self.heard.append(("begin", headers))

    def text(self, words, number):
        self.heard.append((words, number))
        return words != "slow"

    async def alive(self):
        self.heard.append("alive")

    async def drain(self):
        self.heard.append("drain")

    @property
    def words(self):
        return "".join(one[0] for one in self.heard if isinstance(one, tuple) and isinstance(one[1], int))


def told(*deltas, cut=None, **choice):
    events = [{"choices": [{"index": 0, "delta": delta, **choice}]} for delta in deltas]
    data = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in events) + b"data: [DONE]\n\n"
    ear = Ear()
    outlet = Told(ear, 3)
    for at in range(0, len(data), cut or len(data)):
        outlet.push(data[at : at + (cut or len(data))])
    return outlet, ear


@pytest.mark.parametrize("cut", [None, 1, 7])
def test_text_goes_on_and_is_put_together(cut):
    outlet, ear = told({"role": "assistant"}, {"content": "Hel"}, {"content": "lo"}, {}, {"content": None}, cut=cut)
    assert ear.words == "Hello"
    assert {number for _, number in ear.heard} == {3}
    assert outlet.message == {"role": "assistant", "content": "Hello"}


@pytest.mark.parametrize("cut", [None, 1, 7])
def test_calls_are_put_together_as_a_whole_answer_has_them(cut):
    outlet, ear = told(
        {"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"x"'}}]},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": ":1}"}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}, "extra_content": {"seal": "s"}}]},
        cut=cut,
    )
    assert outlet.message["tool_calls"] == [
        {"id": "a", "function": {"name": "f", "arguments": '{"x":1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}, "extra_content": {"seal": "s"}},
    ]
    assert (outlet.message["content"], ear.heard) == (None, [])


def test_calls_without_a_number_or_an_id_are_told_apart():
    outlet, _ = told({"tool_calls": [{"function": {"name": "f"}}, {"function": {"name": "g"}}]})
    assert [one["id"] for one in outlet.message["tool_calls"]] == ["call_0", "call_1"]


def test_what_must_be_given_back_is_kept():
    outlet, _ = told(
        {"reasoning_content": "hm"},
        {"reasoning_content": ", yes", "reasoning_details": [{"text": "a"}]},
        {"reasoning_details": [{"signature": "s"}], "content": "so"},
    )
    assert outlet.message == {
        "role": "assistant", "content": "so", "reasoning_content": "hm, yes",
        "reasoning_details": [{"text": "a"}, {"signature": "s"}],
    }  # fmt: skip


def test_other_choices_are_not_heard():
    outlet, ear = told({"content": "x"}, index=1)
    assert (ear.heard, outlet.message["content"]) == ([], None)


def test_a_slow_caller_is_waited_for():
    ear = Ear()
    outlet = Told(ear, 1)
    assert outlet.push(b'data: {"choices":[{"delta":{"content":"slow"}}]}\n\n') is False
    assert outlet.push(b": nothing\n\n") is True
    run(outlet.end(b'data: {"choices":[{"delta":{"content":"!"}}]}\n\ndata: [DONE]\n\n'))
    run(outlet.alive())
    assert ear.heard == [("slow", 1), ("!", 1), "drain", "alive"]


def test_a_whole_answer_is_told_in_one_piece():
    ear = Ear()
    outlet = Told(ear, 1)
    run(outlet.whole(200, (), completion("hello")))
    assert (ear.words, outlet.message["content"]) == ("hello", "hello")


def test_a_message_without_an_end_is_given_up(monkeypatch):
    monkeypatch.setattr(module, "MAX_ANSWER", 100)
    with pytest.raises(UpstreamError):
        told(*[{"content": "x"}] * 10)
