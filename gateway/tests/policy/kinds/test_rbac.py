"""`rbac`."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import asking, call, replying, tools

ROLES = {
    "admin": {"allowed_tools": ["*"]},
    "analyst": {"allowed_tools": ["search", "summ*"], "denied_tools": ["summon"]},
    "guest": {"allowed_tools": [], "allowed_models": ["small-*"]},
}


def code(facts: Facts, **settings: Any) -> str | None:
    return judged(facts, "rbac", **{"deny_if_missing": [], "roles": ROLES, **settings}).code


def by(role: str, **members: Any) -> Facts:
    return asking({"X-User-Role": role}, **members)


def test_who_must_be_named() -> None:
    ruling = judged(asking(), "rbac")
    assert (ruling.effect, ruling.reason) == (Effect.BLOCK, "header `X-User-ID` is missing")
    assert judged(asking({"X-User-ID": "  "}), "rbac").code == "identity_missing"
    assert judged(asking({"X-User-ID": "u"}), "rbac").effect is Effect.ALLOW


def test_a_role_that_is_not_known_may_nothing() -> None:
    assert code(asking()) == "role_unknown"
    assert code(by("root")) == "role_unknown"
    assert code(by("Admin")) == "role_unknown"
    assert code(by("admin")) is None


def test_tools_that_are_declared_in_the_history_and_called() -> None:
    assert code(by("analyst", tools=tools("search", "summarize"))) is None
    assert code(by("analyst", tools=tools("search", "summon"))) == "tool_not_allowed"
    assert code(by("analyst", messages=[{"role": "assistant", "tool_calls": [call("drop")]}])) == "tool_not_allowed"
    assert code(replying(by("analyst"), None, call("drop"))) == "tool_not_allowed"
    assert code(replying(by("analyst"), None, call("search"))) is None
    assert code(replying(by("admin"), None, call("drop"))) is None


def test_models() -> None:
    assert code(by("guest")) == "model_not_allowed"
    assert code(by("guest", model="small-1")) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("public", None),
        ("Confidential", None),
        ("restricted", "sensitivity_exceeded"),
        ("secret", "sensitivity_unknown"),
        ("", "sensitivity_unknown"),
    ],
)
def test_how_sensitive_data_may_be(said: str, expected: str | None) -> None:
    facts = asking({"X-User-Role": "analyst", "X-Data-Sensitivity": said})
    assert code(facts, data_access={"analyst": {"max_sensitivity": "confidential"}}) == expected


def test_a_role_without_a_ceiling_of_its_own_sees_what_is_public() -> None:
    facts = asking({"X-User-Role": "admin", "X-Data-Sensitivity": "internal"})
    assert code(facts, data_access={"analyst": {"max_sensitivity": "restricted"}}) == "sensitivity_exceeded"


def test_it_holds_answers_back_only_for_tools() -> None:
    assert set(load_rule(spec("rbac", roles={"a": {}}), Toolbox()).operations) == {Phase.REQUEST}
    assert set(load_rule(spec("rbac", roles=ROLES), Toolbox()).operations) == set(Phase)


@pytest.mark.parametrize(
    "settings",
    [
        {"require_auth": False},
        {"minimum_necessary": {"enabled": True}},
        {"deny_if_missing": []},
        {"deny_if_missing": ["a b"]},
        {"data_access": {"a": {"max_sensitivity": "some"}}},
        {"roles": {"a": {"tools": []}}},
    ],
)
def test_what_it_cannot_honour_does_not_load(settings: dict[str, Any]) -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("rbac", **settings), Toolbox())
