import json

import pytest

from gatepost_gateway.cli.output import complain, refuse, say, table
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.settings import ConfigurationError, Problem


def test_columns_are_as_wide_as_what_stands_in_them() -> None:
    assert table(("a", "bb"), [("long", None), (True, 2)]) == ["a     bb", "long  -", "yes   2"]


def test_a_complaint_gives_its_hint_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert complain(CallerError("it is wrong", hint="do right"), as_json=False) == 1
    assert capsys.readouterr().err == "gatepost: it is wrong (do right)\n"
    complain(CallerError("wrong: do right", hint="do right"), as_json=False)
    assert capsys.readouterr().err == "gatepost: wrong: do right\n"


def test_places_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    complain(ConfigurationError((Problem("f:1:2", "no"),)), as_json=False)
    assert capsys.readouterr().err == "f:1:2: no\ngatepost: 1 mistake found; nothing was changed\n"


def test_for_programs_it_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    error = ConfigurationError((Problem("f:1:2", "no"),))
    assert complain(error, as_json=True) == 1
    assert json.loads(capsys.readouterr().err)["errors"] == [{"where": "f:1:2", "message": "no"}]


def test_a_terminal_obeys_nothing_that_others_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "a\nb\x1b[2J\u202ec"
    say([f"key ({evil})", *table(("name", "x"), [(evil, 1)])])
    refuse({"error": evil, "errors": [{"where": evil, "message": ""}]}, as_json=False)
    told = capsys.readouterr()
    assert told.out.splitlines()[0] == r"key (a\nb\x1b[2J\u202ec)"
    assert (len(told.out.splitlines()), len(told.err.splitlines())) == (3, 2)
    assert all(one.isprintable() for one in (*told.out.splitlines(), *told.err.splitlines()))


def test_an_answer_of_another_shape_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert refuse(["odd"], as_json=False) == 1
    assert "odd" in capsys.readouterr().err
