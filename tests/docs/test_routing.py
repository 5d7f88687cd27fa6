"""What docs/routing.md says of files and of the complexity rule holds."""

import re
from typing import Any

import msgspec
import pytest
from e2e.running import ROOT

from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.pipeline.complexity import judge_complexity, points, traits_of
from gatepost_gateway.settings import Elsewhere, parse

PAGE = (ROOT / "docs/routing.md").read_text()
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content[0] if len(content) == 1 else list(content)}


def text(size: int, start: str = "") -> str:
    return start + "x" * (size - len(start))


EXAMPLES: dict[str, dict[str, Any]] = {
    '"What is the capital of France?"': {"messages": [user("What is the capital of France?")]},
    "a page of 3,000 bytes to summarise": {"messages": [user(text(3000))]},
    "the same with a picture": {"messages": [user({"type": "text", "text": text(3000)}, PICTURE)]},
    "one question, one tool, an answer by a schema": {
        "messages": [user("Which?")],
        "tools": [TOOL],
        "response_format": SCHEMA,
    },
    "one question with `reasoning_effort: high`": {"messages": [user("Which?")], "reasoning_effort": "high"},
    "a coding agent: 40,000 bytes, 9 turns, 12 tools, code": {
        "messages": [user(text(5000, "```py\n```")) for _ in range(8)] + [user("go on")],
        "tools": [TOOL] * 12,
    },
}


@pytest.mark.parametrize("block", re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
def test_every_file_loads(block: str) -> None:
    assert parse(block, elsewhere=Elsewhere()).layer.models


def test_the_examples_are_judged_as_they_stand_there() -> None:
    rows = re.findall(r"^\| (.+) \| (\d) \| `(simple|medium|complex)` \|$", PAGE, re.MULTILINE)
    assert {request for request, _, _ in rows} == set(EXAMPLES)
    for request, score, tier in rows:
        body = msgspec.json.encode({"model": "auto", **EXAMPLES[request]})
        asked = CALLERS[DialectName.OPENAI_CHAT].read_asked(body)
        assert sum(one for _, one in points(traits_of(asked))) == int(score), request
        assert judge_complexity(asked)[0] == tier, request
