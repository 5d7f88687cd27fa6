"""Holds values against a shape and says, for every mistake, where it stands and what was probably meant."""

import difflib
from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gatepost_gateway.settings.problems import Path, Problem
from gatepost_gateway.settings.yamltext import Tree

ModelT = TypeVar("ModelT", bound=BaseModel)

_TYPES = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be `true` or `false`",
    "list_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "string_too_short": "must not be empty",
    "string_too_long": "must be at most {max_length} characters long",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}

_PREDICATES = ("must ", "is ", "has ", "names ", "looks ")
"""How a validator's words begin when they want the name of the field before them."""


def near(word: str, words: Iterable[str]) -> str:
    """` (did you mean `x`?)` for the nearest of `words`, or nothing."""
    found = difflib.get_close_matches(word, sorted(words), n=1, cutoff=0.55)
    return f": did you mean `{found[0]}`?" if found else ""


def check(shape: type[ModelT], value: Any, report: Callable[[Path, str, bool], None]) -> ModelT | None:
    """`value` as `shape`, or None after `report(path, message, about_the_key)` was called for each mistake."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=True):
            path = tuple(part for part in detail["loc"] if part != "[key]")
            message, about_key = _words(shape, path, detail)
            report(path, message, about_key)
        return None


def _words(shape: type[BaseModel], path: Path, detail: ErrorDetails) -> tuple[str, bool]:
    kind = detail["type"]
    name = str(path[-1]) if path else ""
    context: dict[str, Any] = detail.get("ctx") or {}
    if kind == "extra_forbidden":
        return f"unknown key `{name[:60]}`{near(name, _keys(shape, path[:-1]))}", True
    if kind == "missing":
        return f"`{name}` is missing", False
    if kind == "value_error":
        words = str(context["error"])
        return (_named(path) + words if words.startswith(_PREDICATES) else words), False
    if kind == "literal_error":
        return _choice(shape, path, detail), False
    if kind in _TYPES:
        return _named(path) + _TYPES[kind].format(**context), False
    return _named(path) + detail["msg"][:1].lower() + detail["msg"][1:], False


def _named(path: Path) -> str:
    return f"`{path[-1]}` " if path and isinstance(path[-1], str) else "the value " if path else "the document "


def _choice(shape: type[BaseModel], path: Path, detail: ErrorDetails) -> str:
    choices = [str(one) for one in _literals(_annotation(shape, path))]
    said = detail.get("input")
    one_of = "is not one of " + ", ".join(f"`{choice}`" for choice in choices)
    if isinstance(said, str) and len(said) <= 24:
        return f"`{said}` {one_of}{near(said, choices)}"
    return _named(path) + one_of


def _annotation(shape: type[BaseModel], path: Path) -> Any:
    """The declared type at `path`."""
    at: Any = shape
    for part in path:
        model = _model(at)
        if model is not None and isinstance(part, str):
            at = next(
                (found.annotation for name, found in model.model_fields.items() if _said(name, found) == part), None
            )
        else:
            at = _inner(at)
    return at


def _keys(shape: type[BaseModel], path: Path) -> Collection[str]:
    model = _model(_annotation(shape, path))
    return [_said(name, field) for name, field in model.model_fields.items()] if model is not None else ()


def _said(name: str, field: FieldInfo) -> str:
    """A field as it is written: a name that Python keeps for itself stands under another one."""
    return field.alias or name


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (list, dict):
        return None
    return next((found for part in get_args(annotation) if (found := _model(part)) is not None), None)


def _inner(annotation: Any) -> Any:
    """What a list holds, or a mapping's values are."""
    if get_origin(annotation) in (list, dict):
        return get_args(annotation)[-1]
    return next((_inner(part) for part in get_args(annotation) if get_args(part)), None)


def _literals(annotation: Any) -> list[Any]:
    parts = get_args(annotation)
    if parts and all(isinstance(part, str) for part in parts):
        return list(parts)
    return [found for part in parts for found in _literals(part)]


def reporter(tree: Tree) -> Callable[[Path, str, bool], None]:
    """Notes mistakes in `tree` with their line and column."""

    def report(path: Path, message: str, about_key: bool) -> None:
        tree.problem(tree.at(path, key=about_key), message)

    return report


def order(tree: Tree) -> tuple[Problem, ...]:
    """The mistakes of a document in the order of its lines, each once."""

    def place(problem: Problem) -> tuple[int, int]:
        _, line, column = problem.where.rsplit(":", 2)
        return int(line), int(column)

    return tuple(sorted(dict.fromkeys(tree.problems), key=place))
