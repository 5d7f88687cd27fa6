"""Every family of built-ins, asked in Rego."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from builtin_answers import ANSWERS, NOTHING

from gatepost_rego import Capabilities, EvaluationError, PolicyError
from gatepost_rego.policy import evaluate_query, load

_STRICT = Capabilities(strict_builtin_errors=True)
_CASES = [
    pytest.param(question, answer, id=f"{family}: {question}"[:100])
    for family, answers in ANSWERS.items()
    for question, answer in answers.items()
]


def ask(question: str) -> Any:
    """Give the value of an expression, the code of its error after `!`, or NOTHING."""
    try:
        runner = load({}, queries=[f"x := {question}"], capabilities=_STRICT)
        found = evaluate_query(runner, deadline=10.0)
    except EvaluationError as error:
        return f"!{error.diagnostic.code}"
    except PolicyError as error:
        return f"!{error.diagnostics[0].code}"
    return _plain(found[0]["x"]) if found else NOTHING


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize(("question", "answer"), _CASES)
def test_a_built_in_answers_as_opa_does(question: str, answer: Any) -> None:
    found = ask(question)
    assert found == answer
    assert isinstance(found, bool) == isinstance(answer, bool)
