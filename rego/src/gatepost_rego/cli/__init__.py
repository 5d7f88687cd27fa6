"""The command `gatepost-rego`: `eval`, `check`, `test` and `fmt`."""

from gatepost_rego.cli.command import main

__all__ = ["main"]
