"""Questions to policy, through both shells, against the fake gateway."""

import pytest

import gatepost


def test_a_check_is_a_step_of_its_trace(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    said = shell.run(client.checks(trace_id=trace.id, input="hello"))
    assert (said.allowed, said.trace_id, said.policy_violated) == (True, trace.id, False)
    assert [step.id for step in shell.run(client.traces.get(trace.id)).steps] == [said.step_id]
    assert gateway.seen[-2].body == {"trace_id": trace.id, "input": "hello"}


def test_a_block_is_a_result(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    gateway.blocks("no titan")
    said = shell.run(client.checks(trace.id, {"role": "user", "content": "titan"}, model="m"))
    assert (said.allowed, said.reason) == (False, "no titan")
    assert gateway.seen[-1].body["input"] == [{"role": "user", "content": "titan"}]


def test_a_simulation_is_called_by_itself_or_by_create(shell, gateway):
    client = shell.of(gateway)
    for simulate in (client.simulate, client.simulate.create):
        said = shell.run(simulate(input="hello", model="m", max_tokens=5))
        assert (said.status, said.model) == ("resolved", "m")
        assert isinstance(said.estimated_cost, float)
    assert gateway.seen[-1].body == {"input": "hello", "model": "m", "max_tokens": 5}
    gateway.blocks("no")
    assert shell.run(client.simulate("x")).status == "blocked"


def test_bad_input_is_a_validation_error(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    with pytest.raises(gatepost.ValidationError):
        shell.run(client.checks(trace.id, [5]))
