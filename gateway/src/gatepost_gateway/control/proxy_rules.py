"""The chain of a proxy that came in by the API: rules in place become the proxy's own, names must mean rules."""

from typing import Any

from msgspec import Struct, structs

from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.settings.check import near
from gatepost_gateway.settings.declared import DeclaredProxy, Document, Layer
from gatepost_gateway.settings.problems import Problem
from gatepost_gateway.settings.rules import Placed, placed_rules


class ChainSaid(Struct, frozen=True):
    """What a chain comes to: the names of its rules, those that stand in place, and what is wrong with it."""

    names: tuple[str, ...]
    rules: tuple[RuleSpec, ...]
    problems: tuple[Problem, ...] = ()


def chain_said(wanted: str, policies: dict[str, Any] | None, document: Document) -> ChainSaid:
    """The chain of proxy `wanted`, as its shape gives it."""
    entries: list[dict[str, Any]] = policies["chain"] if policies else []
    known = {rule.name for rule in (*document.file.rules, *document.api.rules)}
    own = own_rules(wanted, document.api)
    problems: list[Problem] = []
    placed = placed_rules({"proxies": [{"id": wanted, "policies": policies or {"chain": []}}]}, known)
    names = [entry["name"] for entry in entries]
    for one in placed:
        name = one.spec.name
        if one.named:
            words = f"rule `{name}` does not exist{near(name, known)}"
        elif name in known - own or names.count(name) > 1:
            words = f"the name `{name}` is taken: use another one, or name the rule that has it"
        else:
            problems += _unloadable(one)
            continue
        problems.append(Problem(f"policies.chain[{one.at[-1]}]", words))
    return ChainSaid(tuple(names), tuple(one.spec for one in placed), tuple(problems))


def _unloadable(one: Placed) -> list[Problem]:
    try:
        load_rule(one.spec, Toolbox())
    except Unloadable as error:
        path = "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in error.path)
        return [Problem(f"policies.chain[{one.at[-1]}]{path}", error.message)]
    return []


def own_rules(wanted: str, layer: Layer) -> set[str]:
    """The names of the rules that go when proxy `wanted` goes: its chain names them, and they are for it alone."""
    chains = {proxy.id: proxy.policies.chain for proxy in layer.proxies}
    return {rule.name for rule in layer.rules if rule.proxy == wanted and rule.name in chains.get(wanted, ())}


def with_chain(layer: Layer, proxies: tuple[DeclaredProxy, ...], wanted: str, said: ChainSaid) -> Layer:
    """`layer` with other proxies, and the rules of proxy `wanted` as its chain now says them."""
    gone = own_rules(wanted, layer) - {*said.names}
    new = {rule.name: rule for rule in said.rules}
    kept = [new.pop(rule.name, rule) for rule in layer.rules if rule.name not in gone]
    return structs.replace(layer, proxies=proxies, rules=(*kept, *new.values()))


def check_named(document: Document) -> None:
    """Raises CallerError (409) when the chain of a proxy would name a rule that is not there."""
    rules = {rule.name for rule in (*document.file.rules, *document.api.rules)}
    for proxy in (*document.file.proxies, *document.api.proxies):
        for name in proxy.policies.chain:
            if name not in rules:
                raise CallerError(
                    f"rule `{name}` is named by the chain of proxy `{proxy.id}`: take it out there first",
                    code=Code.CONFLICT,
                    status=409,
                )
