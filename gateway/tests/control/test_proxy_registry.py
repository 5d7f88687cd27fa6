from pathlib import Path

import pytest

from gatepost_gateway.control.proxy_registry import MAX_POLICY, read_policies
from gatepost_gateway.settings import ConfigurationError
from gatepost_gateway.settings.declared import DeclaredPolicy, DeclaredProxy, Layer

from .house import make


def layer(**policies: DeclaredPolicy) -> Layer:
    return Layer(proxies=(DeclaredProxy(id="bot", **policies),))


def test_the_text_of_a_policy_is_kept_with_the_version(tmp_path: Path) -> None:
    (tmp_path / "a.rego").write_text("package gatepost.policy\n")
    found = read_policies(layer(request_policy=DeclaredPolicy(file="a.rego")), tmp_path)
    assert found.proxies[0].request_policy == DeclaredPolicy("a.rego", "package gatepost.policy\n")
    said = layer(response_policy=DeclaredPolicy(source="package x"))
    assert read_policies(said, tmp_path) == said


def test_a_policy_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bytes.rego").write_bytes(b"\xff\xfe")
    (tmp_path / "long.rego").write_bytes(b"#" * (MAX_POLICY + 1))
    for name, words in (("none.rego", "No such file"), ("bytes.rego", "utf-8"), ("long.rego", "larger than")):
        with pytest.raises(ConfigurationError, match=words) as caught:
            read_policies(layer(request_policy=DeclaredPolicy(file=name)), tmp_path)
        assert caught.value.problems[0].where == "proxies.bot.request_policy"


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
