import pytest

from gatepost_gateway.control.endpoint import Asked, Caller, by
from gatepost_gateway.control.shapes import KeyRotation
from gatepost_gateway.domain.errors import CallerError


def asked(number: str) -> Asked:
    return Asked({"number": number}, (), KeyRotation(overlap_seconds=5), Caller("k"))


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "\u0663x", "9" * 16, ""])
def test_what_is_no_number_is_not_there(text: str) -> None:
    with pytest.raises(CallerError) as caught:
        asked(text).number("number")
    assert caught.value.status == 404


def test_what_was_said() -> None:
    one = asked("12")
    assert one.number("number") == 12
    assert one.said(KeyRotation).overlap_seconds == 5
    assert by(one.caller) == "k"
