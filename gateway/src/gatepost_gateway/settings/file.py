"""`gatepost.yaml` from text to a `Layer`: all of it, or a list of everything that is wrong with it."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.settings.check import check, order, reporter
from gatepost_gateway.settings.declared import Layer
from gatepost_gateway.settings.problems import ConfigurationError, Problem
from gatepost_gateway.settings.references import Elsewhere, check_references
from gatepost_gateway.settings.rules import check_rules, placed_rules
from gatepost_gateway.settings.shapes import FileShape, ServerShape
from gatepost_gateway.settings.yamltext import MAX_BYTES, Tree, read


class ConfigFile(Struct, frozen=True):
    """A checked file. `base`: the folder that its relative paths start from."""

    text: str
    name: str
    base: Path
    layer: Layer
    server: ServerShape
    tree: Tree


def parse(
    text: str, name: str = "gatepost.yaml", base: Path | None = None, elsewhere: Elsewhere | None = None
) -> ConfigFile:
    """The checked content of `text`. Raises ConfigurationError with every mistake.

    References can only be checked by who knows what exists beside the file: without `elsewhere` they are left to the
    control plane.
    """
    tree = read(text, name)
    value: Any = {} if tree.value is None else tree.value
    said = check(FileShape, value, reporter(tree))
    if elsewhere is not None:
        check_references(tree, elsewhere)
    dumped = said.model_dump(exclude_none=True) if said is not None else {}
    rules = placed_rules(dumped, elsewhere.rules if elsewhere is not None else ())
    if elsewhere is not None and elsewhere.load is not None:
        check_rules(tree, rules, dumped.get("policy", ()), elsewhere.rules, elsewhere.load)
    if tree.problems or said is None:
        raise ConfigurationError(order(tree))
    layer = _layer(dumped, tuple(one.spec for one in rules))
    return ConfigFile(text, name, base or Path(), layer, said.server or ServerShape(), tree)


def read_file(path: Path) -> str:
    """The text of a configuration file. Raises ConfigurationError when it cannot be read."""
    try:
        with path.open("rb") as source:
            data = source.read(MAX_BYTES + 1)
        return data.decode()
    except OSError as error:
        raise ConfigurationError((Problem(str(path), f"cannot be read: {error.strerror}"),)) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError((Problem(str(path), "is not UTF-8 text"),)) from error


def _layer(dumped: dict[str, Any], rules: tuple[RuleSpec, ...]) -> Layer:
    server: dict[str, Any] = dumped.pop("server", {})
    dumped["server"] = {key: server[key] for key in ("pass_through_project", "timeouts") if key in server}
    dumped.pop("policies", None)
    for proxy in dumped.get("proxies", ()):
        if "policies" in proxy:
            proxy["policies"] = {"chain": [entry["name"] for entry in proxy["policies"]["chain"]]}
    return structs.replace(msgspec.convert(dumped, Layer), rules=rules)
