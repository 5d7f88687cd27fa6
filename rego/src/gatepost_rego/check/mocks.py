"""Built-ins that are refused, yet stand in a policy because its tests replace them.

"Policy Testing", section "Data and Function Mocking". Where some ``with`` replaces such a built-in,
its calls may stay; one that no ``with`` reaches ends the evaluation and does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gatepost_rego.ast import Module, Ref, Rule, Scalar, Term, Var
from gatepost_rego.builtins.registry import Builtin, BuiltinHalt
from gatepost_rego.check.calls import unavailable
from gatepost_rego.visit import bodies_in, statements


def _halt(*_: Any) -> Any:
    raise BuiltinHalt("not allowed, and not replaced by a with here")


def _name(target: Term) -> str | None:
    if isinstance(target, Var):
        return target.name
    if not (isinstance(target, Ref) and isinstance(target.head, Var)):
        return None
    parts = [part.value for part in target.path if isinstance(part, Scalar)]
    return ".".join([target.head.name, *map(str, parts)])


def _replaced(rules: Iterable[Rule]) -> Iterator[str | None]:
    for rule in rules:
        for link in rule.chain():
            heads = [term for term in (link.key, link.value) if term is not None]
            for body in (link.body, *(body for term in heads for body in bodies_in(term))):
                for stmt in statements(body):
                    yield from (_name(one.target) for one in stmt.withs)


def with_mocks(
    modules: Iterable[Module], builtins: Mapping[str, Builtin], refused: Mapping[str, Builtin]
) -> Mapping[str, Builtin]:
    """Add the refused built-ins that some ``with`` replaces, as calls that can only end."""
    names = {name for module in modules for name in _replaced(module.rules)}
    found = dict(builtins)
    for name in names:
        builtin = refused.get(name or "") or builtins.get(name or "")
        if builtin is None or (name in builtins and unavailable(builtin) is None):
            continue
        found[builtin.name] = replace(builtin, call=_halt, unsupported=None, modules=())
    return found
