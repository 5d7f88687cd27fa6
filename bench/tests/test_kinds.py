"""The benchmark of kinds measures every kind, and what it measures is a call that passes."""

import pytest

from bench import kinds
from gatepost_gateway.policy.kinds import BY_NAME


def test_every_kind_is_measured_but_the_one_that_needs_a_model() -> None:
    assert set(kinds.SETTINGS) == set(BY_NAME) - {"onnx-classifier"}
    assert set(kinds.WORST) <= set(kinds.SETTINGS)


def test_a_row_has_a_gate_and_two_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "REPEATS", 1)
    monkeypatch.setattr(kinds, "ROUNDS", 1)
    found = list(kinds.rows())
    assert [kind for kind, *_ in found] == sorted(kinds.SETTINGS)
    assert {gate for _, gate, *_ in found} == {"request", "response"}
    assert all(plain > 0 and worst > 0 for *_, plain, worst in found)


def test_texts_are_as_long_as_they_are_said_to_be() -> None:
    assert {len(kinds.ordinary()), *(len(kinds.hostile(kind)) for kind in kinds.SETTINGS)} == {kinds.SIZE}
