"""Each kind of rule has cases, which `gatepost policy test` runs too, and an example in the docs that loads."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatepost_gateway.control.cases import find_tests
from gatepost_gateway.control.testing import run_tests
from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.policy.kinds import BY_NAME
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.settings.rules import OURS

CASES = Path(__file__).parent / "cases"
DOCS = Path(__file__).parents[4] / "docs"
OF_FILES = frozenset({"onnx-classifier"})
"""Kinds whose examples name a model's files, which are not here: their own tests make them."""
FEWEST = 3
_BLOCK = re.compile(r"^```ya?ml\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_every_kind_has_cases_and_nothing_else_has() -> None:
    assert {one.stem for one in CASES.glob("*.yaml")} == set(BY_NAME) - OF_FILES


@pytest.mark.parametrize("kind", sorted(set(BY_NAME) - OF_FILES))
def test_the_cases_of_a_kind_pass_and_reach_all_of_its_rules(kind: str) -> None:
    (tests,) = find_tests(CASES / f"{kind}.yaml")
    report = asyncio.run(run_tests(tests))
    assert [(one.case.said.note, one.differences) for one in report.failed] == []
    assert len(report.ran) >= FEWEST
    assert {case.target for case in tests.cases} == {kind}
    heard = {one.rule for ran in report.ran if ran.tried is not None for one in ran.tried.decisions}
    assert heard == {one.rule for one in report.covered}


def examples() -> Iterator[dict[str, Any]]:
    """Every rule that stands in a chain in the docs."""
    for page in sorted(DOCS.glob("*.md")):
        for block in _BLOCK.findall(page.read_text()):
            said = yaml.safe_load(block)
            owners = [said, *said.get("projects", ()), *said.get("proxies", ())] if isinstance(said, dict) else []
            for owner in owners:
                policies = owner.get("policies") if isinstance(owner, dict) else None
                chain = policies.get("chain", ()) if isinstance(policies, dict) else ()
                yield from (one for one in chain if isinstance(one, dict) and "kind" in one)


@pytest.mark.parametrize("kind", sorted(BY_NAME))
def test_every_kind_has_an_example_in_the_docs_that_loads(kind: str) -> None:
    found = [one for one in examples() if one["kind"] == kind]
    assert found, f"no page of the docs shows a rule of kind {kind}"
    for one in found if kind not in OF_FILES else ():
        settings = {name: value for name, value in one.items() if name not in OURS}
        load_rule(RuleSpec(name=one["name"], kind=kind, settings=settings), Toolbox())


@pytest.mark.parametrize("kind", sorted(BY_NAME))
def test_a_setting_that_is_misspelt_is_refused_with_the_nearest_name(kind: str) -> None:
    known = BY_NAME[kind].settings.__struct_fields__[0]
    with pytest.raises(Unloadable, match=f"did you mean `{known}`"):
        load_rule(RuleSpec(name="r", kind=kind, settings={f"{known}x": 1}), Toolbox())
