"""Every Python block of the pages about the SDK runs, against the fake gateway, and says what stands below it."""

import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from e2e.running import ROOT

import gatepost
from gatepost import client as module
from gatepost.testing import KEY, FakeGateway

PAGES = sorted(path for path in (ROOT / "docs/sdk").glob("*.md") if path.name != "reference.md")
_BLOCK = re.compile(
    r"(?:<!-- (?P<told>.+?) -->\n\n)?```python\n(?P<code>.*?)^```$(?:\n\n```text\n(?P<said>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
BLOCKS = [
    pytest.param(found, id=f"{path.stem}-{number}")
    for path in PAGES
    for number, found in enumerate(_BLOCK.finditer(path.read_text()), 1)
]


def _without_a_socket(
    real: Callable[..., Any], made: Callable[[], Any], link: Any, given: Any, transport: Any = None
) -> Any:
    return real(link, given or (made() if transport is None else None), transport)


@pytest.mark.parametrize("found", BLOCKS)
def test_a_block_says_what_stands_below_it(
    found: re.Match[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scope: dict[str, Any] = {"gateway": FakeGateway(), "FakeGateway": FakeGateway}
    exec(found["told"] or "", scope)
    gateway: FakeGateway = scope["gateway"]
    monkeypatch.setenv("GATEPOST_API_KEY", KEY)
    gatepost.configure()
    for name, made in (("SyncHttp", gateway.http_client), ("AsyncHttp", gateway.async_http_client)):
        replaced = partial(_without_a_socket, getattr(module, name), made)
        monkeypatch.setattr(module, name, replaced)
        if name == "SyncHttp":
            monkeypatch.setattr("gatepost._offline.SyncHttp", replaced)
    try:
        exec(compile(found["code"], "page", "exec"), {"__name__": "page"})
    finally:
        gatepost.configure()
    assert capsys.readouterr().out == (found["said"] or "")


def test_no_page_is_without_a_block() -> None:
    assert {path.stem for path in PAGES} == {name.values[0].string and name.id.rpartition("-")[0] for name in BLOCKS}


def test_the_reference_is_current() -> None:
    assert subprocess.run([sys.executable, ROOT / "tools/sdk_reference.py", "--check"], check=False).returncode == 0


def test_each_page_is_in_the_packages_readme() -> None:
    readme = (ROOT / "sdk/README.md").read_text()
    for path in (ROOT / "docs/sdk").glob("*.md"):
        assert f"docs/sdk/{path.name}" in readme
