"""Policies and data read from files and folders."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gatepost_rego.numbers import number_of
from gatepost_rego.yaml import YamlError, read_yaml

__all__ = ["Loaded", "UsageError", "load_files", "policy_files", "read_document"]

_DATA: Final = frozenset({".json", ".yaml", ".yml"})


class UsageError(Exception):
    """The command was called in a way that cannot work; its text is for the user."""


@dataclass(slots=True)
class Loaded:
    """Policy texts by file name, and the base documents."""

    modules: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def read_document(path: Path) -> Any:
    """Read a JSON or YAML file, keeping every digit of its numbers."""
    text = _text(path)
    try:
        if path.suffix in (".yaml", ".yml"):
            return read_yaml(text)
        return json.loads(text, parse_float=number_of, parse_int=number_of)
    except (ValueError, YamlError, RecursionError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def _walk(path: Path) -> Iterator[Path]:
    """Give the files at a path in order, leaving hidden ones out."""
    if not path.exists():
        raise UsageError(f"there is no {path}")
    if path.is_file():
        yield path
        return
    for found in sorted(path.iterdir()):
        if not found.name.startswith("."):
            yield from _walk(found)


def policy_files(paths: Sequence[str]) -> list[Path]:
    """List the policy files at some paths."""
    found: list[Path] = []
    for name in paths:
        path = Path(name)
        found += [one for one in _walk(path) if one.suffix == ".rego" or one == path]
    return found


def load_files(paths: Sequence[str]) -> Loaded:
    """Read policies and data; a document within a folder belongs under the folder's names."""
    loaded = Loaded()
    for name in paths:
        path = Path(name)
        for found in _walk(path):
            if found.suffix == ".rego":
                loaded.modules[str(found)] = _text(found)
            elif found.suffix in _DATA:
                prefix = found.relative_to(path).parts[:-1] if path.is_dir() else ()
                _merge(loaded.data, _under(prefix, read_document(found)), str(found))
            elif found == path:
                raise UsageError(f"{path} is neither a policy nor data")
    return loaded


def _under(prefix: tuple[str, ...], document: Any) -> Any:
    for part in reversed(prefix):
        document = {part: document}
    return document


def _merge(data: dict[str, Any], more: Any, name: str) -> None:
    if not isinstance(more, dict):
        raise UsageError(f"{name}: base documents must be an object")
    for key, value in more.items():
        if key in data and isinstance(data[key], dict) and isinstance(value, dict):
            _merge(data[key], value, name)
        elif key in data and data[key] != value:
            raise UsageError(f"{name}: two values for {key}")
        else:
            data[key] = value
