"""Every Python block of the README runs, against the fake gateway."""

import re
from functools import partial
from pathlib import Path

import pytest

from gatepost import client as module
from gatepost.testing import KEY, FakeGateway

TEXT = (Path(__file__).parent.parent / "README.md").read_text()
BLOCKS = re.findall(r"^## (.+?)$.*?^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def _without_a_socket(real, made, link, given, transport):
    return real(link, given or (made() if transport is None else None), transport)


def test_there_is_a_block_for_every_task():
    assert len(BLOCKS) == TEXT.count("```python") == 3


@pytest.mark.parametrize(("title", "block"), BLOCKS, ids=[title for title, _ in BLOCKS])
def test_a_block_runs(title, block, monkeypatch, capsys):
    gateway = FakeGateway()
    monkeypatch.setenv("GATEPOST_API_KEY", KEY)
    # A client of the block opens no socket of its own: its connections are those of the fake gateway.
    for name, made in (("SyncHttp", gateway.http_client), ("AsyncHttp", gateway.async_http_client)):
        monkeypatch.setattr(module, name, partial(_without_a_socket, getattr(module, name), made))
    exec(compile(block, title, "exec"), {"__name__": "readme"})
    said = capsys.readouterr().out
    expected = {
        "A first call": "Translate to French: Hello, world. sandbox/echo 0.000012\n0.000012 0.049988\n",
        "Without a trace": "Say hi in French 12 0.000012\nCount to five\n",
        "Asynchronous": "Hello\n",
    }
    assert said == expected[title]
