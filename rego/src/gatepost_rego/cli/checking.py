"""`gatepost-rego check`: looks for mistakes and reports all of them."""

from __future__ import annotations

import argparse

from gatepost_rego.cli.files import load_files
from gatepost_rego.errors import PolicyError
from gatepost_rego.policy import check

__all__ = ["check_files"]


def check_files(options: argparse.Namespace) -> int:
    """Check the policies at some paths."""
    loaded = load_files(options.paths)
    version = "v0" if options.v0 else "v1"
    findings = check(
        loaded.modules, data=loaded.data, version=version, strict=options.strict  # type: ignore[arg-type]
    )
    if findings:
        raise PolicyError(list(findings))
    return 0
