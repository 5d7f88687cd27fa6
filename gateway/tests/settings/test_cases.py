import pytest

from gatepost_gateway.settings.cases import CaseShape, CasesShape
from gatepost_gateway.settings.check import check


def problems(value: object) -> list[str]:
    said: list[str] = []
    check(CasesShape, {"cases": [value]}, lambda path, message, _: said.append(f"{path[2:]} {message}"))
    return said


def test_a_case_may_speak_as_other_systems_do() -> None:
    said = CaseShape.model_validate(
        {"name": "n", "input": {"messages": [], "headers": {"x": "y"}}, "expected": {"verdict": "blocked"}}
    )
    assert (said.note, said.want.verdict) == ("n", "block")
    assert problems({"name": "n", "note": "m", "input": {"text": "x"}, "want": {"verdict": "allow"}})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"text": "x", "messages": []}, "must say one of `text`, `messages`, `body`"),
        ({}, "must say one of"),
        ({"text": "x", "format": "anthropic_messages"}, "must say `body`"),
        ({"body": {}, "tools": []}, "must say `tools` in its `body`"),
        ({"text": "x", "modle": "m"}, "unknown key `modle`: did you mean `model`?"),
        ({"text": "x", "turn": 0}, "`turn` must be at least 1"),
    ],
)
def test_an_input_that_cannot_be_meant_is_refused(given: dict[str, object], words: str) -> None:
    assert any(words in one for one in problems({"note": "n", "input": given, "want": {"verdict": "allow"}}))


def test_a_verdict_is_one_of_four() -> None:
    (said,) = problems({"note": "n", "input": {"text": "x"}, "want": {"verdict": "alow"}})
    assert "`alow` is not one of `allow`, `redact`, `block`, `escalate`" in said
