"""All built-in functions by name; one family module each, joined here by hand."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gatepost_rego.builtins import (
    aggregates,
    arithmetic,
    cidr,
    digests,
    encoding,
    formatting,
    glob,
    glob_intersection,
    graph,
    graphql,
    identifiers,
    json_patch,
    json_paths,
    json_text,
    jwt,
    kinds,
    objects,
    reflection,
    regex,
    schema,
    sequences,
    strings,
    syntax,
    templates,
    times,
    units,
    unsupported,
    uris,
    x509,
    yaml_text,
)
from gatepost_rego.builtins.registry import Builtin

_FAMILIES: Final[tuple[tuple[Builtin, ...], ...]] = (
    arithmetic.BUILTINS,
    aggregates.BUILTINS,
    sequences.BUILTINS,
    objects.BUILTINS,
    strings.BUILTINS,
    formatting.BUILTINS,
    templates.BUILTINS,
    regex.BUILTINS,
    glob.BUILTINS,
    glob_intersection.BUILTINS,
    kinds.BUILTINS,
    units.BUILTINS,
    times.BUILTINS,
    encoding.BUILTINS,
    json_text.BUILTINS,
    json_paths.BUILTINS,
    json_patch.BUILTINS,
    cidr.BUILTINS,
    digests.BUILTINS,
    jwt.BUILTINS,
    identifiers.BUILTINS,
    graph.BUILTINS,
    graphql.BUILTINS,
    reflection.BUILTINS,
    unsupported.BUILTINS,
    syntax.BUILTINS,
    schema.BUILTINS,
    uris.BUILTINS,
    x509.BUILTINS,
    yaml_text.BUILTINS,
)

BUILTINS: Final[Mapping[str, Builtin]] = MappingProxyType(
    {builtin.name: builtin for family in _FAMILIES for builtin in family}
)
