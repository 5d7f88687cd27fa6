"""Which tools a role may have."""

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.policy.kinds.tool_access import ToolAccess, check_header, header, role_of, tools_of
from tests.policy.kit import asking, call, replying, tools


def test_denied_beats_allowed_in_either_case() -> None:
    access = ToolAccess(("read_*",), ("read_secret*",))
    assert access.denied(["read_file"]) is None
    assert access.denied(["read_file", "READ_secrets"]) == "READ_secrets"
    assert access.denied(["write"]) == "write"


def test_nothing_said_allows_all_and_nothing_allowed_denies_all() -> None:
    assert ToolAccess(None).denied(["x"]) is None
    assert ToolAccess(()).denied(["x"]) == "x"


def test_a_name_is_shown_cut() -> None:
    assert len(ToolAccess(()).denied(["x" * 1000]) or "") == 100


def test_the_names_of_a_side() -> None:
    facts = asking(tools=tools("a"), messages=[{"role": "assistant", "tool_calls": [call("b")]}])
    assert tuple(tools_of(facts)) == ("a", "b")
    assert tuple(tools_of(replying(facts, None, call("c")))) == ("c",)


def test_roles_from_headers() -> None:
    facts = asking({"X-User-Role": " admin "})
    assert header(facts, "x-USER-role") == "admin"
    assert role_of(facts, "X-User-Role", {"admin": 1}) == 1
    assert role_of(asking(), "X-User-Role", {"admin": 1}) is None


def test_names_of_headers() -> None:
    check_header("h", "X-User_Role")
    for wrong in ("", "a b", "ü", "a:b"):
        with pytest.raises(Unloadable):
            check_header("h", wrong)
