"""All built-in functions by name; one family module each, joined here by hand."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gatepost_rego.builtins.registry import Builtin

_FAMILIES: Final[tuple[tuple[Builtin, ...], ...]] = ()

BUILTINS: Final[Mapping[str, Builtin]] = MappingProxyType(
    {builtin.name: builtin for family in _FAMILIES for builtin in family}
)
