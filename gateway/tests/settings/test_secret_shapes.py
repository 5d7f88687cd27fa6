import pytest
from pydantic import ValidationError

from gatepost_gateway.settings.secret_shapes import SecretShape


def test_a_secret_is_named_by_its_one_place() -> None:
    assert SecretShape.model_validate({"env": "A"}).env == "A"
    assert SecretShape.model_validate({"file": "/run/a"}).file == "/run/a"


@pytest.mark.parametrize(
    "said", ["sk-1", {}, {"env": "A", "file": "b"}, {"env": "GATEPOST_MASTER_KEY"}, {"env": "a b"}, None]
)
def test_anything_else_is_none(said: object) -> None:
    with pytest.raises(ValidationError):
        SecretShape.model_validate(said)
