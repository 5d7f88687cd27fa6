"""Names that must mean something: ids stand once, and what is referred to exists.

Works on the plain values, so that these mistakes are told together with those of shape.
"""

from collections.abc import Collection
from typing import Any, cast

from msgspec import Struct

from gatepost_gateway.domain.routing import AUTO, TIER, Tier
from gatepost_gateway.settings.check import near
from gatepost_gateway.settings.problems import Path, Problem
from gatepost_gateway.settings.rules import Load
from gatepost_gateway.settings.yamltext import Tree

SANDBOX_MODEL = "sandbox/echo"
DEFAULT_PROJECT = "default"


class Elsewhere(Struct, frozen=True):
    """What exists outside the file: made by the API."""

    models: Collection[str] = ()
    projects: Collection[str] = ()
    proxies: Collection[str] = ()
    rules: Collection[str] = ()
    webhooks: Collection[str] = ()
    load: Load | None = None
    """Tries a rule of the policy chain."""
    partial: bool = False
    """More may exist: a name that is not known here is only suspected."""


def check_references(tree: Tree, elsewhere: Elsewhere) -> None:
    """Notes duplicate ids, ids that the API owns already, and names that mean nothing."""
    tree.unsure = [] if elsewhere.partial else None
    models = {*_ids(tree, "models"), *elsewhere.models, SANDBOX_MODEL}
    projects = {*_ids(tree, "projects"), *elsewhere.projects, DEFAULT_PROJECT}
    for section in ("models", "projects", "proxies", "budgets", "limits", "webhooks"):
        _once(tree, section)
    for index, model in _entries(tree, "models"):
        name = model.get("id")
        if name == SANDBOX_MODEL:
            _note(tree, ("models", index, "id"), f"model `{name}` is built in: use another id")
        elif name in elsewhere.models:
            words = f"model `{name}` was registered by the API: delete it there first, or use another id"
            _note(tree, ("models", index, "id"), words)
        _known(tree, ("models", index, "project"), "project", projects)
    for section in ("budgets", "limits"):
        for index, _ in _entries(tree, section):
            _known(tree, (section, index, "project"), "project", projects)
    for index, hook in _entries(tree, "webhooks"):
        _known(tree, ("webhooks", index, "project"), "project", projects)
        if (name := hook.get("id")) in elsewhere.webhooks:
            words = f"webhook `{name}` was made by the API: delete it there first, or use another id"
            _note(tree, ("webhooks", index, "id"), words)
    for index, project in _entries(tree, "projects"):
        if not _names_tier(project.get("default_model")):
            _known(tree, ("projects", index, "default_model"), "model", models)
        _routes(tree, ("projects", index), models)
    for index, proxy in _entries(tree, "proxies"):
        if (name := proxy.get("id")) in elsewhere.proxies:
            words = f"proxy `{name}` was made by the API: delete it there first, or use another id"
            _note(tree, ("proxies", index, "id"), words)
        _known(tree, ("proxies", index, "project"), "project", projects)
        _known(tree, ("proxies", index, "target_model"), "model", models)
    known = {*_ids(tree, "proxies"), *elsewhere.proxies}
    chain: Any = tree.get(("policies", "chain"))
    for index in range(len(cast("list[Any]", chain)) if isinstance(chain, list) else 0):
        _known(tree, ("policies", "chain", index, "proxy"), "proxy", known)
    _routes(tree, (), models)
    _known(tree, ("server", "pass_through_project"), "project", projects)
    _fallbacks(tree, models)


def _fallbacks(tree: Tree, models: Collection[str]) -> None:
    for name, others in _mapping(tree.value, "fallbacks").items():
        if name not in models:
            _missing(tree, ("fallbacks", name), f"model `{name}` is not declared{near(name, models)}", key=True)
        for index in range(len(others) if isinstance(others, list) else 0):  # pyright: ignore[reportUnknownArgumentType]
            _known(tree, ("fallbacks", name, index), "model", models)


def _names_tier(name: Any) -> bool:
    return name == AUTO or (isinstance(name, str) and name.removeprefix(TIER) in [*Tier] and name.startswith(TIER))


def _routes(tree: Tree, at: Path, models: Collection[str]) -> None:
    """The ids in the `tiers` and the weights that stand at `at`."""
    owner = tree.get(at) if at else tree.value
    for tier, ids in _mapping(owner, "tiers").items():
        _known(tree, (*at, "tiers", tier), "model", models)
        for index in range(len(cast("list[Any]", ids)) if isinstance(ids, list) else 0):
            _known(tree, (*at, "tiers", tier, index), "model", models)
    for name in _mapping(_mapping(owner, "routing"), "weights"):
        if name not in models:
            path = (*at, "routing", "weights", name)
            _missing(tree, path, f"model `{name}` is not declared{near(name, models)}", key=True)


def _mapping(value: Any, key: str) -> dict[str, Any]:
    found = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _entries(tree: Tree, section: str) -> list[tuple[int, dict[str, Any]]]:
    value = cast("dict[str, Any]", tree.value).get(section) if isinstance(tree.value, dict) else None
    entries = cast("list[Any]", value) if isinstance(value, list) else []
    return [(index, cast("dict[str, Any]", entry)) for index, entry in enumerate(entries) if isinstance(entry, dict)]


def _ids(tree: Tree, section: str) -> list[str]:
    return [entry["id"] for _, entry in _entries(tree, section) if isinstance(entry.get("id"), str)]


def _note(tree: Tree, path: Path, message: str, *, key: bool = False) -> None:
    tree.problem(tree.at(path, key=key), message)


def _once(tree: Tree, section: str) -> None:
    seen: dict[str, int] = {}
    for index, entry in _entries(tree, section):
        one = entry.get("id")
        if not isinstance(one, str):
            continue
        if one in seen:
            line = tree.at((section, seen[one], "id")).line
            _note(
                tree, (section, index, "id"), f"the id `{one}` stands twice in `{section}`: the first is on line {line}"
            )
        seen.setdefault(one, index)


def _known(tree: Tree, path: Path, what: str, names: Collection[str]) -> None:
    name = tree.get(path)
    if isinstance(name, str) and name not in names:
        _missing(tree, path, f"{what} `{name}` is not declared{near(name, names)}")


def _missing(tree: Tree, path: Path, message: str, *, key: bool = False) -> None:
    if tree.unsure is None:
        _note(tree, path, message, key=key)
    else:
        mark = tree.at(path, key=key)
        tree.unsure.append(Problem(f"{tree.name}:{mark.line}:{mark.column}", message))
