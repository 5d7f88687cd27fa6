from typing import Any

import pytest
from pydantic import ValidationError

from gatepost_gateway.control.shapes import Application, KeyNew, KeyRotation, ModelChange, OrgNew, OwnKeyNew, ProjectNew

BASE = {"identifier": "x", "provider": "openai"}


@pytest.mark.parametrize("said", ["sk-1", {"env": "K"}, {"file": "/f"}])
def test_keys_as_they_may_come(said: Any) -> None:
    assert ModelChange.model_validate({**BASE, "api_key": said}).api_key == said


@pytest.mark.parametrize(
    "said",
    [
        "",
        "a b",
        "sk-***",
        "sk-...x",
        "sk-\u2022",
        3,
        [],
        {},
        {"env": 3},
        {"env": "K", "file": "f"},
        {"env": "GATEPOST_X"},
    ],
)
def test_what_is_no_key(said: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        ModelChange.model_validate({**BASE, "api_key": said})
    assert "sk-" not in str(caught.value)


def test_times_are_read() -> None:
    assert KeyNew.model_validate({"name": "x", "expires_at": "1970-01-01T00:00:01Z"}).expires_at == 1_000_000
    for said in ("soon", 3, "9" * 30):
        with pytest.raises(ValidationError):
            KeyNew.model_validate({"name": "x", "expires_at": said})


def test_bounds() -> None:
    with pytest.raises(ValidationError):
        KeyRotation.model_validate({"overlap_seconds": -1})
    with pytest.raises(ValidationError):
        Application.model_validate({"document": "x" * (1024 * 1024 + 1)})


@pytest.mark.parametrize("shape", [KeyNew, OwnKeyNew, OrgNew, ProjectNew])
def test_names_are_one_line_of_what_shows(shape: Any) -> None:
    for name in ("na\u00efve \u9375", "<b>=1+2", "x" * 200):
        assert shape.model_validate({"name": name}).name == name
    for name in ("", "a\nb", "a\0", "\x1b[31m", "\u202egnp", "x" * 256):
        with pytest.raises(ValidationError):
            shape.model_validate({"name": name})
