from pathlib import Path

import pytest
from msgspec import structs

from gatepost_gateway.control.rego_registry import Owner, PolicyRegistry
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.rego import Checked
from gatepost_gateway.settings.declared import DeclaredPolicy, DeclaredProxy

from .house import make

HOME = Owner("projects", "default")
SAID = DeclaredPolicy(source="package gatepost.policy\n")


def test_each_change_is_a_version_and_the_last_policy_takes_the_entry_with_it(tmp_path: Path) -> None:
    plane = make(tmp_path)
    try:
        configuration = plane.configuration
        configuration.check_policies = lambda submitted: [Checked(("gatepost.policy",)) for _ in submitted]
        registry = PolicyRegistry(configuration)
        before = configuration.current.version.number
        registry.put(HOME, "request", SAID, by="me")
        registry.put(HOME, "response", SAID, by="me")
        assert configuration.current.version.number == before + 2
        assert [one.stage for one in registry.all(HOME)] == ["request", "response"]
        assert registry.get(HOME, "request").managed_by == "api"
        registry.remove(HOME, "request", by="me")
        registry.remove(HOME, "response", by="me")
        assert configuration.document.api.projects == ()
        with pytest.raises(CallerError, match="no request policy"):
            registry.get(HOME, "request")
        with pytest.raises(CallerError, match="no stage"):
            registry.put(HOME, "middle", SAID, by="me")
    finally:
        plane.close()


def test_a_proxy_of_the_api_keeps_what_else_it_is(tmp_path: Path) -> None:
    plane = make(tmp_path)
    try:
        configuration = plane.configuration
        configuration.check_policies = lambda submitted: [Checked(("gatepost.policy",)) for _ in submitted]
        proxy = DeclaredProxy(id="bot", owner="ann")
        configuration.keep_api(structs.replace(configuration.document.api, proxies=(proxy,)), by="me", note="")
        registry, bot = PolicyRegistry(configuration), Owner("proxies", "bot")
        registry.put(bot, "request", SAID, by="me")
        (kept,) = configuration.document.api.proxies
        assert (kept.owner, kept.request_policy is not None) == ("ann", True)
        assert configuration.current.version.note == "request policy of proxy `bot` set"
        registry.remove(bot, "request", by="me")
        assert configuration.document.api.proxies == (proxy,)
    finally:
        plane.close()
