"""Which lines of policies were reached, reported as `opa test --coverage` does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gatepost_rego.ast import Module
from gatepost_rego.visit import statements

__all__ = ["coverage_report"]


def _lines(module: Module) -> set[int]:
    """Give the lines of a module that an evaluation can reach."""
    found: set[int] = set()
    for rule in module.rules:
        for link in rule.chain():
            found.add(link.loc.row)
            found.update(stmt.loc.row for stmt in statements(link.body))
    return found


def _ranges(rows: Iterable[int]) -> list[dict[str, Any]]:
    """Gather rows that follow each other."""
    ranges: list[dict[str, Any]] = []
    for row in sorted(rows):
        if ranges and ranges[-1]["end"]["row"] == row - 1:
            ranges[-1]["end"]["row"] = row
        else:
            ranges.append({"start": {"row": row}, "end": {"row": row}})
    return ranges


def _percent(covered: int, missed: int) -> float:
    total = covered + missed
    return round(100 * covered / total, 1) if total else 0.0


def coverage_report(modules: Sequence[Module], reached: set[tuple[str, int]]) -> dict[str, Any]:
    """Report the lines reached and missed, by file and in all."""
    files: dict[str, Any] = {}
    covered_lines = missed_lines = 0
    for module in modules:
        name = module.source.name
        lines = _lines(module)
        covered = {row for row in lines if (name, row) in reached}
        missed = lines - covered
        covered_lines += len(covered)
        missed_lines += len(missed)
        report: dict[str, Any] = {}
        if covered:
            report["covered"] = _ranges(covered)
        if missed:
            report["not_covered"] = _ranges(missed)
        counts = {"covered_lines": len(covered), "not_covered_lines": len(missed)}
        report |= {key: count for key, count in counts.items() if count}
        files[name] = {**report, "coverage": _percent(len(covered), len(missed))}
    return {
        "files": files,
        "covered_lines": covered_lines,
        "not_covered_lines": missed_lines,
        "coverage": _percent(covered_lines, missed_lines),
    }
