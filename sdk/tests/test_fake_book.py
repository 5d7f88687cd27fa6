"""The books of the fake gateway."""

from decimal import Decimal

import pytest

from gatepost import wire
from gatepost._fake_book import Book, Refused, Script


@pytest.fixture
def book():
    return Book()


@pytest.fixture
def trace(book):
    return book.open(wire.TraceCreate(revenue=Decimal(1)), None)


def test_a_margin_comes_with_the_seal(book, trace):
    book.execute(wire.ExecutionRequest(trace_id=trace.id, input="x"))
    assert book.show(trace.id).gross_margin is None
    assert book.complete(trace.id).gross_margin == book.show(trace.id).gross_margin == Decimal("0.999988")


def test_the_echo_is_the_last_that_was_said(book, trace):
    said = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    outputs = [
        book.execute(wire.ExecutionRequest(trace_id=trace.id, input=words)).output for words in ("text", said, [], [{}])
    ]
    assert outputs == ["text", "b", "", ""]


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ({}, 422),
        ({"parent_step_id": "none"}, 422),
        ({"parent_step_id": "none", "tool_results": []}, 404),
        ({"input": "x", "approvals": []}, 422),
        ({"trace_id": "none", "input": "x"}, 404),
    ],
)
def test_questions_that_cannot_be(book, trace, question, status):
    with pytest.raises(Refused) as caught:
        book.execute(wire.ExecutionRequest(**{"trace_id": trace.id, **question}))
    assert caught.value.status == status


def test_results_must_be_those_that_are_pending(book, trace):
    call = wire.ToolCall(id="c1", name="f", arguments={})
    book.scripts.append(Script(tool_calls=(call,)))
    step = book.execute(wire.ExecutionRequest(trace_id=trace.id, input="x")).step_id
    wrong = wire.ToolResult(tool_call_id="c2", content="1")
    with pytest.raises(Refused, match="`c1`, `c2`"):
        book.execute(wire.ExecutionRequest(trace_id=trace.id, parent_step_id=step, tool_results=[wrong]))
    right = wire.ToolResult(tool_call_id="c1", content="42")
    answer = book.execute(wire.ExecutionRequest(trace_id=trace.id, parent_step_id=step, tool_results=[right]))
    assert answer.output == "42"


def test_a_block_costs_nothing(book, trace):
    book.scripts.append(Script(reason="no"))
    blocked = book.execute(wire.ExecutionRequest(trace_id=trace.id, input="x"))
    assert (blocked.status, blocked.cost, blocked.model) == ("blocked", Decimal(0), None)
    assert book.rows()[0].outcome == "blocked"
    assert book.rows()[0].models == []
