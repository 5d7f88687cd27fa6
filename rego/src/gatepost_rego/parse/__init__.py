"""Tokens to syntax tree."""

from gatepost_rego.parse.modules import parse_module, parse_query

__all__ = ["parse_module", "parse_query"]
