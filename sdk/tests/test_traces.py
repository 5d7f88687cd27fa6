"""`client.traces`, through both shells, against the fake gateway."""

from decimal import Decimal

import pytest

import gatepost


def test_a_trace_gives_attribute_and_item_access(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create(metadata={"user_id": "u_1", "intent": "translation"}, revenue=2.00))
    assert trace.id == trace["id"] == trace.get("id")
    assert trace.metadata == {"user_id": "u_1", "intent": "translation"}
    assert trace.revenue == Decimal("2.0")
    assert "nothing" not in trace
    assert trace.get("nothing", 7) == 7
    with pytest.raises(KeyError):
        trace["nothing"]


def test_complete_seals(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create(revenue="2.00"))
    shell.run(client.execute(trace.id, "a"))
    summary = shell.run(client.traces.complete(trace.id))
    assert (summary.status, summary.steps, summary.unpriced_steps) == ("completed", 1, 0)
    assert summary.gross_margin == Decimal("2.00") - Decimal("0.000012")
    assert summary["total_latency_ms"] == 1.0


def test_get_shows_the_steps(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create(metadata={"user_id": "u"}))
    first = shell.run(client.execute(trace.id, "a"))
    logged = shell.run(client.logs(trace.id, "rating", {"stars": 5}, parent_step_id=first.step_id))
    detail = shell.run(client.traces.get(trace.id))
    assert detail.step_count == 2
    assert [step.kind for step in detail.steps] == ["run", "log"]
    assert detail.steps[1].id == logged.step_id
    assert detail.steps[1].data == {"stars": 5}
    assert detail.steps[1].parent_step_id == first.step_id


def test_a_foreign_trace_is_not_found_whatever_its_id_looks_like(shell, gateway):
    client = shell.of(gateway)
    with pytest.raises(gatepost.NotFoundError) as caught:
        shell.run(client.traces.get("../../up?x=1#"))
    assert caught.value.code == "trace_not_found" or caught.value.code == "not_found"
    for odd in ("", ".", ".."):
        with pytest.raises(gatepost.ValidationError):
            shell.run(client.traces.get(odd))


def test_list_filters_and_pages(shell, gateway):
    client = shell.of(gateway)
    for number in range(5):
        shell.run(client.traces.create(metadata={"user_id": "even" if number % 2 == 0 else "odd"}))
    page = shell.run(client.traces.list(user="even", limit=2))
    rest = shell.run(client.traces.list(user="even", limit=2, cursor=page.next_cursor))
    assert [row.id for row in page.items + rest.items] == ["trace-5", "trace-3", "trace-1"]
    assert rest.next_cursor is None
    shell.run(client.traces.list(properties={"a": "b c", "d": "e"}, session_id="s"))
    assert gateway.seen[-1].query == {"session_id": ["s"], "property": ["a:b c", "d:e"]}
    with pytest.raises(TypeError, match="nearest"):
        shell.run(client.traces.list(nearest=1))
