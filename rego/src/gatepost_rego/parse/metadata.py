"""Placeholder for attach until metadata is written."""

from __future__ import annotations

from gatepost_rego.ast import Module


def attach(module: Module) -> None:
    """Attach annotations."""
