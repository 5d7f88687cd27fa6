"""Prints policies the way `opa fmt` does."""

from gatepost_rego.layout.module import format_module

__all__ = ["format_module"]
