"""The table of what the gates cost adds up, and names what has a goal."""

import pytest

from bench import gate, gates, policy, rego_policy


def test_a_plain_call_is_the_sum_of_its_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = {"the request is opened": 1.0, "the request gate in all": 10.0, "the response gate in all, 450 bytes": 5.0}
    monkeypatch.setattr(policy, "parts", lambda: chain)
    monkeypatch.setattr(rego_policy, "costs", lambda: {"document": 2.0, "rules and verdict": 3.0, "whole": 5.0})
    monkeypatch.setattr(gate, "measure", lambda *_: (2.5, 0))
    found = gates.parts()
    assert found["a plain call"] == 20
    assert found["an event of a stream"] == 2.5
    assert set(gates.GOALS) <= set(found)
