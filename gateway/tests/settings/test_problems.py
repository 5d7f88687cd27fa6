from gatepost_gateway.domain.errors import Code
from gatepost_gateway.settings.problems import ConfigurationError, Problem


def test_an_error_holds_every_mistake() -> None:
    error = ConfigurationError((Problem("f:1:1", "a"), Problem("f:2:1", "b")))
    assert str(error) == "f:1:1: a\nf:2:1: b"
    assert error.public == "2 mistakes found; nothing was changed"
    assert (error.status, error.code) == (422, Code.VALIDATION_FAILED)
