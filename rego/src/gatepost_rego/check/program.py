"""All checks in OPA's order: each stage stops the ones after it when it finds something."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gatepost_rego.ast import Body, Call, Module, Rule
from gatepost_rego.builtins.registry import Builtin
from gatepost_rego.check.annotations import with_metadata
from gatepost_rego.check.calls import Functions
from gatepost_rego.check.mocks import with_mocks
from gatepost_rego.check.modules import Globals, check_module, globals_of, rule_names
from gatepost_rego.check.names import NameResolver, Scope
from gatepost_rego.check.recursion import check_recursion, terms_of_rule
from gatepost_rego.check.safety import Safety
from gatepost_rego.check.tree import Group, Node, check_base, grow, place, plant
from gatepost_rego.check.typing import TypeChecker
from gatepost_rego.errors import TYPE, Diagnostic, PolicyError


@dataclass(slots=True)
class Program:
    """Checked modules: the tree of documents, and the rules in it with ordered bodies."""

    root: Node
    groups: list[Group]
    functions: Functions
    modules: list[Module]
    types: TypeChecker
    names: dict[tuple[str, ...], Globals] = field(default_factory=dict)


def _stop(errors: list[Diagnostic]) -> None:
    if errors:
        raise PolicyError(errors)


def _change_rules(modules: list[Module], change: Callable[[Module, Rule], Rule]) -> list[Module]:
    return [replace(m, rules=[change(m, rule) for rule in m.rules]) for m in modules]


def _resolved(
    modules: list[Module],
    names: dict[tuple[str, ...], Globals],
    errors: list[Diagnostic],
    strict: bool,
) -> list[Module]:
    """Check each module by itself, and give every name in its rules its meaning."""
    for module in modules:
        check_module(module, errors)
    _stop(errors)
    seen = {id(module): globals_of(module, names[module.package]) for module in modules}
    found = _change_rules(
        modules, lambda module, rule: NameResolver(seen[id(module)], errors, strict).rule(rule)
    )
    _stop(errors)
    return found


def check_program(
    modules: Sequence[Module],
    builtins: Mapping[str, Builtin],
    refused: Mapping[str, Builtin],
    data: object = None,
    strict: bool = False,
) -> Program:
    """Check modules as one policy. Raises PolicyError with all findings of the failing stage."""
    errors: list[Diagnostic] = []
    names = rule_names(modules)
    found = _resolved(list(modules), names, errors, strict)
    found = with_metadata(found)
    root = grow(found)
    placed = [place(module, rule) for module in found for rule in module.rules]
    groups = plant(root, placed, errors)
    check_base(root, data, errors)
    _stop(errors)
    functions = Functions(root, groups, with_mocks(found, builtins, refused), refused, errors)
    _change_placed(groups, functions.rule)
    _stop(errors)
    safety = Safety(errors, functions.arity)
    _change_placed(groups, safety.rule)
    _stop(errors)
    graph = check_recursion(root, groups, errors)
    _stop(errors)
    types = TypeChecker(root, functions, errors)
    types.program(graph, groups)
    _stop(errors)
    _check_deprecated(groups, functions, errors)
    _stop(errors)
    return Program(root, groups, functions, found, types, names)


def _change_placed(groups: list[Group], change: Callable[[Rule], Rule]) -> None:
    for group in groups:
        for one in group.everything():
            one.rule = change(one.rule)


def _check_deprecated(groups: list[Group], functions: Functions, errors: list[Diagnostic]) -> None:
    """v1 refuses built-ins that are deprecated."""
    for group in groups:
        for one in group.everything():
            if one.module.v1:
                _note_deprecated(one.rule, functions, errors)


def _note_deprecated(rule: Rule, functions: Functions, errors: list[Diagnostic]) -> None:
    for term in terms_of_rule(rule):
        if isinstance(term, Call) and term.name not in functions.rules:
            builtin = functions.builtins.get(term.name)
            if builtin is not None and builtin.deprecated:
                text = f"deprecated built-in function calls in expression: {term.name}"
                errors.append(Diagnostic.at(term.loc, TYPE, text))


def check_query(
    program: Program, body: Body, package: tuple[str, ...] = (), imports: Globals | None = None
) -> tuple[Body, list[str]]:
    """Check a query against a program; give its ordered body and the names it declares.

    The names map back to what the query wrote by :func:`gatepost_rego.check.names.plain`.
    """
    errors: list[Diagnostic] = []
    scope = Scope(None)
    names = {**(imports or {}), **(program.names.get(package, {}) if package else {})}
    resolved = NameResolver(names, errors).body(body, scope)
    _stop(errors)
    functions = Functions(
        program.root, program.groups, program.functions.builtins, program.functions.refused, errors
    )
    functions.check_body(resolved)
    settled = functions.body(resolved)
    _stop(errors)
    ordered, safe = Safety(errors, functions.arity).body(settled, set())
    _stop(errors)
    known = program.types
    TypeChecker(program.root, functions, errors, known.known, known.signatures).query(ordered)
    _stop(errors)
    return ordered, sorted(safe)
