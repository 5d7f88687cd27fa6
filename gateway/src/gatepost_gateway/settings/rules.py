"""The policy chains of a file: what each instance says, where it stands, and what is wrong with it.

Chains stand in `policies.chain`, in `projects[].policies.chain` and in `proxies[].policies.chain`. An entry is an
instance, or the name of a kind whose settings stand in `policy.<kind>`; the kind is then the name of the instance too.
A proxy's chain may also name a rule that stands elsewhere.
"""

from collections.abc import Callable, Collection, Iterator
from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.settings.check import near
from gatepost_gateway.settings.problems import Path
from gatepost_gateway.settings.yamltext import Tree

Load = Callable[[RuleSpec], object]
"""Tries to make a rule. Raises Unloadable."""
OURS = ("name", "kind", "mode", "phases", "operations", "streaming_mode", "project", "proxy")
"""Keys of an instance that are not its kind's."""
_MODES = ("enforce", "observe")


class Placed(Struct, frozen=True):
    """An instance: where it stands, and where its settings do. `named`: only its name stands there."""

    at: Path
    settings_at: Path
    spec: RuleSpec
    named: bool = False


def placed_rules(file: dict[str, Any], taken: Collection[str] = ()) -> list[Placed]:
    """Every instance of a file that has the right shape, in the order of the chain: everyone's, then the projects',
    then the proxies'. `taken`: the names of the rules that the API made, which a proxy's chain may name.
    """
    kinds: dict[str, dict[str, Any]] = file.get("policy") or {}
    found = list(_chain(file.get("policies"), ("policies", "chain"), kinds, {}))
    for number, project in enumerate(file.get("projects") or ()):
        at = ("projects", number, "policies", "chain")
        found += _chain(project.get("policies"), at, kinds, {"project": project["id"]})
    proxies: list[dict[str, Any]] = file.get("proxies") or []
    known = {one.spec.name for one in found} | {*taken} | {entry["name"] for entry in _in_place(proxies)}
    for number, proxy in enumerate(proxies):
        at = ("proxies", number, "policies", "chain")
        made = list(_chain(proxy.get("policies"), at, kinds, {"proxy": proxy["id"]}))
        found += [one for one in made if not (one.named and one.spec.name in known)]
        known |= {one.spec.name for one in made}
    return found


def _in_place(proxies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The instances that stand whole in the chains of proxies."""
    chains: list[list[dict[str, Any]]] = [proxy["policies"]["chain"] for proxy in proxies if "policies" in proxy]
    return [entry for chain in chains for entry in chain if "alone" not in entry]


def _chain(
    policies: dict[str, list[dict[str, Any]]] | None,
    at: Path,
    kinds: dict[str, dict[str, Any]],
    scope: dict[str, str],
) -> Iterator[Placed]:
    for number, entry in enumerate(policies.get("chain", ()) if policies else ()):
        said: dict[str, Any] = {name: value for name, value in entry.items() if value is not None}
        named = said.pop("alone", False)
        if named:
            settings_at: Path = ("policy", said["kind"])
            rest = dict(kinds.get(said["kind"], {}))
            if rest.get("mode") in _MODES:
                said["mode"] = rest.pop("mode")
        else:
            settings_at = (*at, number)
            rest = {name: said.pop(name) for name in [*said] if name not in OURS}
        spec = msgspec.convert({**said, **scope, "settings": plain(rest)}, RuleSpec)
        yield Placed((*at, number), settings_at, spec, named)


def plain(value: Any) -> Any:
    """Exact decimals as numbers of JSON."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list):
        return [plain(one) for one in cast("list[Any]", value)]
    return value


def check_rules(tree: Tree, placed: list[Placed], kinds: Collection[str], taken: Collection[str], load: Load) -> None:
    """Notes names that stand twice, settings that no chain uses, and every rule that cannot be carried out.

    `kinds`: the sections of `policy`; `taken`: the names of the rules that the API made.
    """
    seen: dict[str, Placed] = {}
    for one in placed:
        name = one.spec.name
        if name in seen:
            line = tree.at(seen[name].at).line
            _note(tree, (*one.at, "name"), f"the rule `{name}` stands twice: the first is on line {line}")
        elif name in taken:
            _note(tree, (*one.at, "name"), f"rule `{name}` was made by the API: delete it there, or use another name")
        seen.setdefault(name, one)
        try:
            load(one.spec)
        except Unloadable as error:
            ours = error.path[:1] and error.path[0] in OURS
            at = (*(one.at if ours or not error.path else one.settings_at), *error.path)
            words = error.message
            if one.named and one.spec.proxy is not None and error.path == ("kind",):
                others = {*(rule.spec.name for rule in placed), *taken} - {name}
                words = f"rule `{name}` is not declared{near(name, others)}"
            tree.problem(tree.at(at, key=error.about_key), words)
    used = {one.spec.kind for one in placed if one.settings_at[0] == "policy"}
    for kind in kinds:
        if kind not in used:
            words = f"`policy.{kind}` is used by no chain: name it in `policies.chain`{near(kind, used)}"
            tree.problem(tree.at(("policy", kind), key=True), words)


def _note(tree: Tree, path: Path, message: str) -> None:
    tree.problem(tree.at(path), message)
