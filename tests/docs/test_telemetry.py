"""What docs/telemetry.md shows loads, and names what spans carry."""

import re

from e2e.running import ROOT

from gatepost_gateway.control.spans import OPERATIONS, PROVIDERS
from gatepost_gateway.settings import parse

PAGE = (ROOT / "docs/telemetry.md").read_text()


def test_the_section_loads() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    said = parse(text).server.telemetry
    assert said is not None
    assert said.endpoint == "http://127.0.0.1:4318"


def test_every_word_of_the_conventions_is_there() -> None:
    for word in (*OPERATIONS.values(), *PROVIDERS.values()):
        assert f"`{word}`" in PAGE
