from pathlib import Path

import pytest

from gatepost_gateway.control.proxy_registry import checked_proxy
from gatepost_gateway.domain.rego import Checked, Submitted
from gatepost_gateway.settings import ConfigurationError
from gatepost_gateway.settings.declared import DeclaredPolicy, DeclaredProxy

from .house import make


def test_the_policies_of_a_proxy_are_checked_and_kept(tmp_path: Path) -> None:
    plane = make(tmp_path)
    try:
        asked: list[Submitted] = []

        def check(submitted: list[Submitted]) -> list[Checked]:
            asked.extend(submitted)
            return [Checked(("gatepost.policy",), (("model",),)) for _ in submitted]

        plane.configuration.check_policies = check
        proxy = DeclaredProxy(id="bot", response_policy=DeclaredPolicy(source="package x"))
        found = checked_proxy(plane.configuration, proxy)
        assert asked == [Submitted("package x")]
        assert found.response_policy == DeclaredPolicy(
            source="package x", packages=("gatepost.policy",), reads=(("model",),)
        )
        assert checked_proxy(plane.configuration, DeclaredProxy(id="bot")) == DeclaredProxy(id="bot")
    finally:
        plane.close()


def test_a_file_may_not_take_the_id_of_a_proxy_that_the_api_made(tmp_path: Path) -> None:
    import asyncio

    from .house import ask

    plane = make(tmp_path)
    try:
        asyncio.run(ask(plane, "POST", "/api/v1/proxies", {"id": "bot"}))
        with pytest.raises(ConfigurationError, match="made by the API"):
            plane.configuration.parse("proxies: [{id: bot}]\n", "f.yaml", tmp_path)
    finally:
        plane.close()
