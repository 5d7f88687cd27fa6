"""The figures of the stages are those of the story itself: each stage that it has is measured."""

import inspect
from pathlib import Path

import uvloop

from bench.stages import BUDGETS, STAGES, Exchange, measure, table


def test_every_stage_of_a_call_is_measured(tmp_path: Path) -> None:
    before = [inspect.getattr_static(place, name) for place, name, _ in STAGES]
    figures = uvloop.run(measure(20, tmp_path))
    assert set(figures) == {*BUDGETS, "whole"}
    assert all(micros > 0 for micros in figures.values())
    assert [inspect.getattr_static(place, name) for place, name, _ in STAGES] == before
    said: list[str] = []
    table(figures, said.append)
    assert len(said) == len(BUDGETS) + 3


def test_no_stage_stands_in_the_list_that_the_story_does_not_call() -> None:
    story = inspect.getsource(Exchange)
    assert all(f"{name}(" in story for place, name, _ in STAGES if place is not Exchange)
