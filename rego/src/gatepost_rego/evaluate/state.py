"""What one evaluation knows: input, base documents, budget, and the documents made so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gatepost_rego.builtins.registry import BuiltinError, BuiltinHalt
from gatepost_rego.errors import CONFLICT, Diagnostic, EvaluationError, Location
from gatepost_rego.evaluate.access import index
from gatepost_rego.evaluate.meter import Meter
from gatepost_rego.values import UNDEFINED, Undefined

Path = tuple[str, ...]


class Missing:
    """Stands in the cache for a document that was not made yet."""

    __slots__ = ()


MISSING: Final = Missing()
Change = tuple[str, Any, Any]


class Site:
    """A node of the document tree as evaluation needs it."""

    __slots__ = ("children", "document", "index", "path")

    def __init__(self, path: Path, index_: int) -> None:
        self.path = path
        self.index = index_
        self.children: dict[str, Site] = {}
        self.document: int | None = None


class State:
    """One evaluation, or the part of one inside a ``with``, which has documents of its own."""

    __slots__ = (
        "base", "documents", "fired", "functions", "input", "lines", "makers", "meter", "overrides",
        "sites", "strict",
    )  # fmt: skip

    def __init__(
        self,
        makers: Sequence[Callable[[State], Any]],
        sites: Sequence[Site],
        input_: Any,
        base: Any,
        meter: Meter,
    ) -> None:
        self.makers = makers
        self.sites = sites
        self.input = input_
        self.base = base
        self.meter = meter
        self.documents: list[Any] = [MISSING] * len(makers)
        self.overrides: tuple[Path, ...] = ()
        self.functions: Mapping[str, Any] | None = None
        self.strict: list[EvaluationError] | None = None
        self.fired: list[Any] | None = None
        self.lines: set[Any] | None = None

    def failed(self, error: BuiltinError | BuiltinHalt, name: str, at: Location) -> Undefined:
        """Make a failed built-in undefined.

        Raises EvaluationError for failures that end the evaluation; where errors are strict, they
        all do so once it is over.
        """
        found = EvaluationError(Diagnostic.at(at, error.code, f"{name}: {error.message}"))
        if isinstance(error, BuiltinHalt):
            raise found from error
        if self.strict is not None:
            self.strict.append(found)
        return UNDEFINED

    def conflict(self, at: Location, text: str) -> EvaluationError:
        """Build the error of two values where there may be one."""
        return EvaluationError(Diagnostic.at(at, CONFLICT, text))

    def under(self, changes: Sequence[Change], at: Location) -> State:
        """Begin a ``with``: a state with other input, base documents or functions."""
        self.meter.charge(10 + len(self.makers) // 4)
        made = State(self.makers, self.sites, self.input, self.base, self.meter)
        made.overrides, made.functions = self.overrides, self.functions
        made.strict, made.fired, made.lines = self.strict, self.fired, self.lines
        for kind, target, value in changes:
            if kind == "function":
                made.functions = {**(made.functions or {}), target: value}
            elif kind == "input":
                made.input = replaced(made.input, target, value, at)
            else:
                made.base = replaced(made.base, target, value, at)
                made.overrides = (*made.overrides, target)
        return made

    def overridden(self, path: Path) -> bool:
        """Say whether ``with`` replaced the document at the path or one above it."""
        return any(path[: len(target)] == target for target in self.overrides)

    def base_at(self, path: Path) -> Any:
        """Give the base document at a path."""
        found = self.base
        for part in path:
            found = index(found, part)
        return found

    def document(self, number: int) -> Any:
        """Give the whole document of a node: base documents, and what rules say above them."""
        site = self.sites[number]
        if site.document is not None:
            return self.rule(site.document)
        base = self.base_at(site.path)
        if self.overrides and self.overridden(site.path):
            return base
        made = dict(base) if isinstance(base, dict) else {}
        for name, child in site.children.items():
            found = self.document(child.index)
            if found is not UNDEFINED:
                made[name] = found
        return made

    def rule(self, number: int) -> Any:
        """Give the document of a rule, made at most once."""
        found = self.documents[number]
        return self.makers[number](self) if found is MISSING else found

    def step(self, place: Any, key: Any) -> Any:
        """Go one key down from a place, which is a site or a value."""
        if type(place) is not Site:
            return index(place, key)
        child = place.children.get(key) if type(key) is str else None
        if child is None or (self.overrides and self.overridden(place.path)):
            return index(self.base_at(place.path), key)
        return self.rule(child.document) if child.document is not None else child

    def keys(self, place: Site) -> list[Any]:
        """Give the keys below a site, in order; those without a value are among them."""
        base = self.base_at(place.path)
        found = set(base) if isinstance(base, dict) else set()
        if not (self.overrides and self.overridden(place.path)):
            found.update(place.children)
        self.meter.charge(len(found))
        return sorted(found)

    def settle(self, place: Any) -> Any:
        """Turn a place into its value."""
        return self.document(place.index) if type(place) is Site else place


def replaced(document: Any, path: Sequence[Any], value: Any, at: Location) -> Any:
    """Copy a document along a path and put the value at its end."""
    if not path:
        return value
    if not all(type(part) is str for part in path):
        raise EvaluationError(Diagnostic.at(at, CONFLICT, "bad document path"))
    made = dict(document) if isinstance(document, dict) else {}
    first, *rest = path
    made[first] = replaced(made.get(first, UNDEFINED), rest, value, at)
    return made
