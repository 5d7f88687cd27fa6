"""Checks of syntax trees, and the program they leave."""

from gatepost_rego.check.program import Program, check_program, check_query

__all__ = ["Program", "check_program", "check_query"]
