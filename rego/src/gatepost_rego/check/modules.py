"""What a module may import, name and redefine; which names its rules then see.

"Policy Language", sections "Imports" and "Reserved Names"; "Upgrading to v1.0" for what v1 refuses.
"""

from __future__ import annotations

from collections.abc import Iterable

from gatepost_rego.ast import Import, Module
from gatepost_rego.errors import COMPILE, Diagnostic

Globals = dict[str, tuple[str, ...]]


def rule_names(modules: Iterable[Module]) -> dict[tuple[str, ...], Globals]:
    """For every package, map the names of its rules to their full paths."""
    found: dict[tuple[str, ...], Globals] = {}
    for module in modules:
        names = found.setdefault(module.package, {})
        for rule in module.rules:
            names[rule.name] = ("data", *module.package, rule.name)
    return found


def globals_of(module: Module, names: Globals) -> Globals:
    """Give every name a rule of the module may use without declaring it."""
    found = {one.name: one.path for one in module.imports if one.path[0] in ("data", "input")}
    found = {name: path for name, path in found.items() if path != (name,)}
    return {**names, **found}


def check_module(module: Module, errors: list[Diagnostic]) -> None:
    """Refuse imports that hide each other and rules that hide input and data (v1)."""
    if not module.v1:
        return
    seen: dict[str, Import] = {}
    for one in module.imports:
        earlier = seen.get(one.name)
        if earlier is not None:
            text = f"import must not shadow {_written(earlier)}"
            errors.append(Diagnostic.at(one.loc, COMPILE, text))
        else:
            seen[one.name] = one
    for rule in module.rules:
        if rule.name in ("input", "data"):
            text = f"rules must not shadow {rule.name} (use a different rule name)"
            errors.append(Diagnostic.at(rule.loc, COMPILE, text))


def _written(one: Import) -> str:
    text = "import " + ".".join(one.path)
    return f"{text} as {one.alias}" if one.alias else text
