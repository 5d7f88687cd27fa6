"""What docs/policies.md and docs/call-rules.md say of files loads, and the first names every kind with its keys."""

import re
from pathlib import Path

import pytest
from e2e.running import ROOT
from tests.detect.tiny_onnx import tiny

from gatepost_gateway.policy.kinds import KINDS
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.settings import Elsewhere, parse

PAGE = (ROOT / "docs/policies.md").read_text()
CALLS = (ROOT / "docs/call-rules.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"^```yaml\n(.*?)^```$", PAGE + CALLS, re.MULTILINE | re.DOTALL))
def test_every_file_loads(block: str, tmp_path: Path) -> None:
    """The paths of a classifier's files are those of one that is there."""
    made = tiny(tmp_path)
    for named, there in (("model.onnx", made.model), ("tokenizer.json", made.tokenizer)):
        block = block.replace(f"/etc/gatepost/guard/{named}", there)
    assert parse(block, elsewhere=Elsewhere(load=lambda spec: load_rule(spec, Toolbox()))).layer.rules


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_there_with_its_keys(kind: object) -> None:
    assert f"`{getattr(kind, 'name', '')}`" in PAGE
