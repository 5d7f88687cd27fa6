"""What went past the gateway is told to it when it is back."""

import logging
import threading

import pytest

import gatepost
from gatepost._reports import EVENT, KEPT, Report, Reports, report_of
from gatepost.results import ExecuteResult

RESULT = ExecuteResult(trace_id="t", step_id="local-1", output="secret words", model="m", bypass=True)


@pytest.fixture
def away(shell, gateway):
    """A client of a gateway that is back, with three calls that went past it on two traces."""
    client = shell.of(gateway, retries=0)
    traces = [shell.run(client.traces.create()) for _ in range(2)]
    for number in (0, 0, 1):
        said = RESULT.model_copy(update={"step_id": f"local-{number}"})
        client._memory.reports.add(report_of(traces[number].id, {"input": "my words"}, said))
    return client, traces


def events(shell, client, trace_id):
    return [step for step in shell.run(client.traces.get(trace_id)).steps if step.name == EVENT]


def test_they_are_told_beside_the_next_call(shell, gateway, away):
    client, traces = away
    shell.run(client.execute(traces[0].id, "hi"))
    first, _ = events(shell, client, traces[0].id)
    assert len(events(shell, client, traces[1].id)) == 1
    assert (first.data["model"], first.data["step_id"]) == ("m", "local-0")
    told = str([seen.body for seen in gateway.seen if seen.path == "/api/v1/logs"])
    assert "secret words" not in told
    assert "my words" not in told
    assert len(first.data["input_sha256"]) == len(first.data["output_sha256"]) == 64
    shell.run(client.execute(traces[0].id, "hi"))
    assert len(events(shell, client, traces[0].id)) == 2


def test_all_are_told_before_a_trace_is_sealed(shell, gateway, away):
    client, traces = away
    assert shell.run(client.traces.complete(traces[0].id)).steps == 2
    assert len(client._memory.reports) == 0


def test_a_sealed_trace_gets_another_one(shell, gateway, away):
    client, traces = away
    plain = shell.of(gateway)
    shell.run(plain.traces.complete(traces[1].id))
    assert shell.run(client.flush()) == 3
    newest = shell.run(client.traces.list(limit=1)).items[0]
    assert newest.metadata == {"bypassed_trace": traces[1].id}
    assert len(events(shell, client, newest.id)) == 1


def test_while_the_gateway_is_away_they_wait(shell, gateway, away):
    client, _ = away
    gateway.down = True
    with pytest.raises(gatepost.GatewayError):
        shell.run(client.flush())
    assert len(client._memory.reports) == 3
    gateway.down = False
    gateway.fails(500)
    with pytest.raises(gatepost.ServerError):
        shell.run(client.flush())
    assert shell.run(client.flush()) == 3


def test_a_call_does_not_fail_with_its_reports(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    client._memory.reports.add(Report(trace.id, {"what no JSON can say": object()}))
    assert shell.run(client.execute(trace.id, "hi")).output == "hi"
    assert len(client._memory.reports) == 1


def test_closing_says_what_was_not_told(shell, away, caplog):
    client, _ = away
    with caplog.at_level(logging.WARNING, "gatepost"):
        shell.run(client.aclose() if shell.asynchronous else client.close())
    assert "3 bypassed calls were not told" in caplog.text


def test_the_queue_is_bounded_and_counts(caplog):
    reports = Reports()
    for number in range(KEPT + 2):
        reports.add(Report(str(number), {}))
    assert (len(reports), reports.lost) == (KEPT, 2)
    assert reports.take().trace_id == "2"
    assert "will not be told" in caplog.text


def test_threads_take_each_report_once():
    reports, taken = Reports(), []
    for number in range(KEPT):
        reports.add(Report(str(number), {}))
    threads = [threading.Thread(target=lambda: taken.extend(iter(reports.take, None))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(report.trace_id) for report in taken) == list(range(KEPT))
