"""YAML text becomes plain values, each with its place. Pure: no tag runs code, no number passes through a float.

Numbers are exact: integers, or decimals read from the text itself. What YAML 1.1 would read in surprising ways (`no` as
false, `010` as eight, `1:30` as ninety) is text or a mistake. Aliases are refused: a few lines of them can stand for
gigabytes.
"""
# PyYAML carries no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import re
from decimal import Decimal
from typing import Any, cast

import yaml
from yaml.composer import ComposerError
from yaml.reader import ReaderError

from gatepost_gateway.settings.problems import ConfigurationError, Mark, Path, Problem

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_CORE = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset(_CORE + name for name in ("str", "timestamp", "merge", "value"))
_BOOLEANS = {"true": True, "false": False}


class Tree:
    """A document as plain values, and where each of them, and each key, stands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.value: Any = None
        self.marks: dict[Path, Mark] = {(): Mark(1, 1)}
        self.keys: dict[Path, Mark] = {}
        self.problems: list[Problem] = []
        self.unsure: list[Problem] | None = None
        """Names that may be known elsewhere; None: they are problems, everything that exists is known."""

    def problem(self, mark: Mark, message: str) -> None:
        self.problems.append(Problem(f"{self.name}:{mark.line}:{mark.column}", message))

    def get(self, path: Path) -> Any:
        """The value at `path`, None when there is none."""
        at = self.value
        for part in path:
            at = cast("dict[Any, Any]", at).get(part) if isinstance(at, dict) else _item(at, part)
        return at

    def at(self, path: Path, *, key: bool = False) -> Mark:
        """Where `path` stands, or the nearest thing around it that stands anywhere."""
        if key and path in self.keys:
            return self.keys[path]
        while path not in self.marks:
            path = path[:-1]
        return self.marks[path]


def _item(value: Any, part: str | int) -> Any:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return items[part] if isinstance(part, int) and part < len(items) else None


class _Composer(yaml.SafeLoader):
    """Builds nodes only, refuses aliases and deep nesting."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise ComposerError(None, None, "an alias is not read here: write the value out", mark)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = self.peek_event().start_mark
            raise ComposerError(None, None, f"nested deeper than {MAX_DEPTH} levels", mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read(text: str, name: str) -> Tree:
    """The document in `text`, and the mistakes that leave it readable. Raises ConfigurationError when it is no YAML."""
    tree = Tree(name)
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        raise ConfigurationError((Problem(f"{name}:1:1", "the file is larger than 1 MiB"),))
    try:
        node = _Composer(text).get_single_node()
    except yaml.YAMLError as error:
        raise ConfigurationError((_syntax(error, name),)) from error
    if node is not None:
        tree.value = _value(tree, node, ())
    return tree


def _syntax(error: yaml.YAMLError, name: str) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        words = error.problem or error.context or "not YAML"
        if mark is not None:
            return Problem(f"{name}:{mark.line + 1}:{mark.column + 1}", f"not YAML: {words}")
        return Problem(f"{name}:1:1", f"not YAML: {words}")
    if isinstance(error, ReaderError):
        return Problem(f"{name}:1:1", f"not YAML: character number {error.position + 1} is not allowed")
    return Problem(f"{name}:1:1", "not YAML")


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def _value(tree: Tree, node: yaml.Node, path: Path) -> Any:
    tree.marks[path] = _mark(node)
    if isinstance(node, yaml.MappingNode) and node.tag == _CORE + "map":
        return _mapping(tree, node, path)
    if isinstance(node, yaml.SequenceNode) and node.tag == _CORE + "seq":
        return [_value(tree, child, (*path, index)) for index, child in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(tree, node)
    tree.problem(_mark(node), f"the tag `{node.tag}` is not read here: remove it")
    return None


def _mapping(tree: Tree, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, child in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            tree.problem(_mark(key_node), "a key must be plain text")
            continue
        key = str(key_node.value)
        if key in found:
            first = tree.keys[(*path, key)].line
            tree.problem(_mark(key_node), f"the key `{key}` stands here twice: the first is on line {first}")
            continue
        tree.keys[(*path, key)] = _mark(key_node)
        found[key] = _value(tree, child, (*path, key))
    return found


def _scalar(tree: Tree, node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    kind = node.tag.removeprefix(_CORE)
    if node.tag in _TEXT_TAGS:
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return _BOOLEANS.get(text.lower(), text)
    if kind == "int" and _INTEGER.fullmatch(text):
        return int(text) if len(text) <= 30 else _refuse(tree, node, "the number is too long")
    if kind == "float" and _DECIMAL.fullmatch(text):
        return Decimal(text)
    if kind in ("int", "float"):
        return _refuse(tree, node, f"`{text[:40]}` is not a plain decimal number: quote it if it is text")
    return _refuse(tree, node, f"the tag `{node.tag}` is not read here: remove it")


def _refuse(tree: Tree, node: yaml.Node, message: str) -> None:
    tree.problem(_mark(node), message)
