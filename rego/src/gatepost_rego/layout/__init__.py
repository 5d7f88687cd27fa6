"""Prints policies the way `opa fmt` does."""

from __future__ import annotations

from gatepost_rego.errors import PARSE, Abort, Diagnostic, PolicyError
from gatepost_rego.layout.module import format_module

__all__ = ["format"]


def format(text: str, *, name: str = "policy.rego", version: str = "v1") -> str:
    """Print a policy the way `opa fmt` does. Raises PolicyError where it cannot be parsed."""
    try:
        return format_module(name, text, version)
    except Abort as error:
        raise PolicyError([error.diagnostic]) from error
    except RecursionError as error:
        raise PolicyError([Diagnostic(PARSE, "policy is nested too deep")]) from error
