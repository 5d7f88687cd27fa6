"""Metadata blocks: the comments that begin with ``# METADATA``.

"Policy Language", section "Annotations". A block belongs to the package, import or rule that
follows it; its text is YAML.
"""

from __future__ import annotations

import re
from typing import Any, Final

from gatepost_rego.ast import Annotations, Module
from gatepost_rego.errors import PARSE, Abort, Location
from gatepost_rego.yaml import YamlError, read_yaml

SCOPES: Final = ("rule", "document", "package", "subpackages")
_KEPT: Final = ("title", "description", "entrypoint", "custom", "organizations")
_AUTHOR: Final = re.compile(r"(?P<name>[^<]*?)\s*(?:<(?P<email>[^>]*)>)?$")


def attach(module: Module) -> list[Annotations]:
    """Read the metadata blocks of a module. Raises Abort for one that cannot be read."""
    starts = sorted({rule.loc.row for rule in module.rules} | {module.loc.row})
    others = {one.loc.row for one in module.imports}
    found: list[Annotations] = []
    for at, text in _blocks(module.comments):
        following = min((row for row in (*starts, *others) if row > at), default=None)
        if following is None:
            continue
        place = Location(module.source, at, 1)
        if following in others:
            choices = "'rule', 'document', 'package', or 'subpackages'"
            raise Abort(place, PARSE, f"invalid annotation scope 'import'. Use one of {choices}")
        found.append(_read(text, following, following == module.loc.row, place))
    return found


def _blocks(comments: list[tuple[int, int, str]]) -> list[tuple[int, str]]:
    """Give the row and text of every block: comment lines without a gap after its first."""
    found: list[tuple[int, list[str]]] = []
    last = -1
    for row, column, text in comments:
        if column == 1 and text.strip() == "METADATA":
            found.append((row, []))
            last = row
        elif found and row == last + 1 and column == 1:
            found[-1][1].append(text[1:] if text.startswith(" ") else text)
            last = row
    return [(row, "\n".join(lines)) for row, lines in found]


def _read(text: str, row: int, package: bool, at: Location) -> Annotations:
    if not text.strip():
        raise Abort(at, PARSE, "expected METADATA block, found whitespace")
    try:
        raw = read_yaml(text)
    except YamlError as error:
        raise Abort(at, PARSE, str(error)) from error
    if not isinstance(raw, dict):
        raise Abort(at, PARSE, "expected METADATA block to hold keys")
    usual = "package" if package else "document" if raw.get("entrypoint") else "rule"
    scope = raw.get("scope", usual)
    if scope not in SCOPES:
        raise Abort(at, PARSE, f"invalid annotation scope {scope!r}")
    values: dict[str, Any] = {key: raw[key] for key in _KEPT if raw.get(key) is not None}
    values["scope"] = scope
    if raw.get("authors"):
        values["authors"] = [_author(one) for one in raw["authors"]]
    if raw.get("related_resources"):
        values["related_resources"] = [_resource(one) for one in raw["related_resources"]]
    if raw.get("schemas"):
        values["schemas"] = [
            _schema(path, one) for each in raw["schemas"] for path, one in each.items()
        ]
    if "custom" in values:
        values["custom"] = _string_keys(values["custom"])
    return Annotations(values, scope, Location(at.source, row, 1))


def _author(one: Any) -> Any:
    if not isinstance(one, str):
        return one
    found = _AUTHOR.match(one.strip())
    pairs = found.groupdict() if found is not None else {"name": one}
    return {key: value for key, value in pairs.items() if value}


def _resource(one: Any) -> Any:
    return {"ref": one} if isinstance(one, str) else one


def _schema(path: str, one: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"path": path.split(".")}
    if isinstance(one, str):
        made["schema"] = one.split(".")
    else:
        made["definition"] = one
    return made


def _string_keys(value: Any) -> Any:
    """Give objects string keys at every depth, as JSON has."""
    if isinstance(value, dict):
        return {str(key): _string_keys(one) for key, one in value.items()}
    return [_string_keys(one) for one in value] if isinstance(value, list) else value
