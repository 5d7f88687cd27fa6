"""OPA's own cases and those of regorus, where they are at hand; see CONFORMANCE.md.

The cases lie in the folder that GATEPOST_FIXTURES names, or in `../shared/fixtures` beside the
repository.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from gatepost_rego.conformance import Outcome, reason, score

_ROOT: Final = Path(__file__).resolve().parents[1]
_NAMED: Final = os.environ.get("GATEPOST_FIXTURES")
_FIXTURES: Final = Path(_NAMED) if _NAMED else _ROOT.parents[1] / "shared" / "fixtures"
_CASES: Final = _FIXTURES / "rego-cases"
_REPORT: Final = _ROOT / "CONFORMANCE.md"

pytestmark = [
    pytest.mark.skipif(
        not _CASES.is_dir(),
        reason="the case files are not here; set GATEPOST_FIXTURES to their folder",
    ),
    # One of OPA's certificates has the serial number 0, which OPA reads and cryptography warns of.
    pytest.mark.filterwarnings("ignore:Parsed a serial number"),
]


def _misses(file: str) -> tuple[int, list[Outcome]]:
    outcomes = list(score(_CASES / f"{file}.jsonl"))
    return len(outcomes), [one for one in outcomes if not one.passed]


@pytest.mark.parametrize("file", ["opa-v1", "opa-v0"])
def test_every_case_of_a_supported_built_in_passes(file: str) -> None:
    count, misses = _misses(file)
    assert count > 0
    assert [f"{one.note}: {one.got}" for one in misses if reason(one) == "not explained"] == []


def test_the_cases_of_regorus_pass_with_the_codes_of_opa() -> None:
    count, misses = _misses("regorus")
    assert len(misses) <= 0.03 * count, [f"{one.note}: {one.got}" for one in misses]


@pytest.mark.skipif(not _REPORT.exists(), reason="there is no CONFORMANCE.md yet")
@pytest.mark.parametrize("file", ["opa-v1", "opa-v0", "regorus"])
def test_the_report_names_every_miss(file: str) -> None:
    told = _REPORT.read_text(encoding="utf-8").partition("## What passed")[0]
    _, misses = _misses(file)
    assert [one.note for one in misses if one.note.replace("|", "\\|") not in told] == []
