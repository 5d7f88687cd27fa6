"""Rule instances as they are configured."""

import msgspec
import pytest

from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.domain.governance import Mode


@pytest.mark.parametrize(
    ("scope", "concerned"),
    [({}, True), ({"project": "p"}, True), ({"project": "q"}, False), ({"proxy": "x"}, True), ({"proxy": "y"}, False)],
)
def test_whom_it_concerns(scope: dict[str, str], concerned: bool) -> None:
    spec = RuleSpec(name="r", kind="k", project=scope.get("project"), proxy=scope.get("proxy"))
    assert spec.concerns("p", "x") is concerned


def test_the_least_that_a_version_may_say_is_read() -> None:
    spec = msgspec.json.decode(b'{"name":"r","kind":"k"}', type=RuleSpec)
    assert (spec.mode, spec.phases, spec.settings) == (Mode.ENFORCE, (), {})


def test_what_cannot_be_loaded_says_where() -> None:
    error = Unloadable(("terms", 0), "it is empty")
    assert (error.path, str(error), error.about_key) == (("terms", 0), "it is empty", False)
