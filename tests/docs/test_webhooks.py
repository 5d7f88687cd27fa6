"""What docs/webhooks.md shows: a file that loads, every type there is, and a check that takes what is genuine."""

import re
from typing import Any

from e2e.running import ROOT

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.webhooks import Topic, signature
from gatepost_gateway.settings import Elsewhere, parse

PAGE = (ROOT / "docs/webhooks.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_file_loads() -> None:
    (text,) = blocks("yaml")
    (hook,) = parse(text, elsewhere=Elsewhere()).layer.webhooks
    assert hook.id == "ops"


def test_every_type_is_there() -> None:
    for topic in Topic:
        assert topic.value in PAGE or f"`.{topic.value.partition('.')[2]}`" in PAGE, topic


def test_the_check_takes_what_is_genuine_and_fresh() -> None:
    (text,) = blocks("python")
    here: dict[str, Any] = {}
    exec(text, here)
    header = signature([Secret("new"), Secret("old")], 1000, b"{}")
    for secret in ("new", "old"):
        assert here["genuine"](header, b"{}", secret, 1200)
        assert not here["genuine"](header, b"{}", secret, 1301)
        assert not here["genuine"](header, b"{ }", secret, 1200)
    assert not here["genuine"](header, b"{}", "other", 1200)
