from pathlib import Path

import pytest

from gatepost_gateway.control.rego_registry import PolicyRegistry
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.rego import Checked
from gatepost_gateway.settings.declared import DeclaredPolicy

from .house import make

SAID = DeclaredPolicy(source="package gatepost.policy\n")


def test_each_change_is_a_version_and_the_last_policy_takes_the_entry_with_it(tmp_path: Path) -> None:
    plane = make(tmp_path)
    try:
        configuration = plane.configuration
        configuration.check_policies = lambda submitted: [Checked(("gatepost.policy",)) for _ in submitted]
        registry = PolicyRegistry(configuration)
        before = configuration.current.version.number
        registry.put("default", "request", SAID, by="me")
        registry.put("default", "response", SAID, by="me")
        assert configuration.current.version.number == before + 2
        assert [one.stage for one in registry.all("default")] == ["request", "response"]
        assert registry.get("default", "request").managed_by == "api"
        registry.remove("default", "request", by="me")
        registry.remove("default", "response", by="me")
        assert configuration.document.api.projects == ()
        with pytest.raises(CallerError, match="no request policy"):
            registry.get("default", "request")
        with pytest.raises(CallerError, match="no stage"):
            registry.put("default", "middle", SAID, by="me")
    finally:
        plane.close()
