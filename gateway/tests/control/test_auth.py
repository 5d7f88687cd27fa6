from pathlib import Path

import pytest

from gatepost_gateway.control.auth import LOCAL, authenticate, authorize, presented
from gatepost_gateway.control.endpoint import Access, Caller, Station
from gatepost_gateway.domain.errors import Code, Forbidden, Unauthenticated
from gatepost_gateway.domain.secret import Secret

from .house import ADMIN, RUNTIME, make


def test_a_key_is_read_from_either_place() -> None:
    for headers in ({b"authorization": b"Bearer  k "}, {b"authorization": b"bearer k"}, {b"x-api-key": b"k"}):
        shown = presented(headers)
        assert shown is not None
        assert shown.reveal() == "k"
    for headers in ({}, {b"authorization": b"Basic k"}, {b"authorization": b"Bearer "}, {b"x-api-key": b" "}):
        assert presented(headers) is None
    both = {b"authorization": b"Bearer a", b"x-api-key": b"b"}
    for key_first, expected in ((False, "a"), (True, "b")):
        shown = presented(both, key_first=key_first)
        assert shown is not None
        assert shown.reveal() == expected


def test_who_asks(tmp_path: Path) -> None:
    plane = make(tmp_path, local_token=Secret("gpa_local_x"))
    assert authenticate(plane, Secret(ADMIN), "/x") == Caller("adm1n")
    assert authenticate(plane, Secret(RUNTIME), "/x") == Caller(
        "runt1me", "default", "default", Station.RUNTIME, "default"
    )
    assert authenticate(plane, Secret("gpa_local_x"), "/x") == Caller(LOCAL)
    for shown, code in (
        (None, Code.MISSING_KEY),
        (Secret(ADMIN[:-1]), Code.UNKNOWN_KEY),
        (Secret(""), Code.UNKNOWN_KEY),
    ):
        with pytest.raises(Unauthenticated) as caught:
            authenticate(plane, shown, "/x")
        assert caught.value.code is code
    plane.close()


def test_a_runtime_key_administers_nothing() -> None:
    authorize(Caller("a"), Access.ADMIN)
    runtime = Caller("r", "p", "p", Station.RUNTIME)
    authorize(runtime, Access.READER)
    with pytest.raises(Forbidden):
        authorize(runtime, Access.ADMIN)
