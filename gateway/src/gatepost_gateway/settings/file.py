"""`gatepost.yaml` from text to a `Layer`: all of it, or a list of everything that is wrong with it."""

from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import Struct, structs
from pydantic import ValidationError

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.settings.check import check, order, reporter
from gatepost_gateway.settings.declared import Layer
from gatepost_gateway.settings.problems import ConfigurationError, Problem
from gatepost_gateway.settings.references import Elsewhere, check_references
from gatepost_gateway.settings.rules import Load, Placed, check_rules, placed_rules
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


class Examined(Struct, frozen=True):
    """A file with all that is wrong with it in `tree.problems`. `said` None: it has another shape."""

    tree: Tree
    said: FileShape | None
    rules: tuple[Placed, ...] = ()

    def layer(self) -> Layer:
        """What it declares, where it has the right shape."""
        dumped = self.said.model_dump(exclude_none=True) if self.said is not None else {}
        return _layer(dumped, tuple(one.spec for one in self.rules))


def examine(text: str, name: str, elsewhere: Elsewhere | None, *, load: Load | None = None) -> Examined:
    """`load` tries the rules. Raises ConfigurationError for what is no YAML."""
    tree = read(text, name)
    value: Any = {} if tree.value is None else tree.value
    said = check(FileShape, value, reporter(tree))
    if elsewhere is not None:
        check_references(tree, elsewhere)
    seen = said if said is not None else _chains(value)
    dumped = seen.model_dump(exclude_none=True) if seen is not None else {}
    taken = elsewhere.rules if elsewhere is not None else ()
    rules = placed_rules(dumped, taken)
    if load is not None:
        check_rules(tree, rules, dumped.get("policy", ()), taken, load)
    return Examined(tree, said, tuple(rules))


def _chains(value: Any) -> FileShape | None:
    """The chain of a file in which something else is wrong, so that its own mistakes are told at once."""
    said = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    try:
        return FileShape.model_validate({name: said[name] for name in ("policies", "policy") if name in said})
    except ValidationError:
        return None


def parse(
    text: str, name: str = "gatepost.yaml", base: Path | None = None, elsewhere: Elsewhere | None = None
) -> ConfigFile:
    """The checked content of `text`. Raises ConfigurationError with every mistake.

    References can only be checked by who knows what exists beside the file: without `elsewhere` they are left to the
    control plane.
    """
    found = examine(text, name, elsewhere, load=elsewhere.load if elsewhere is not None else None)
    if found.tree.problems or found.said is None:
        raise ConfigurationError(order(found.tree))
    return ConfigFile(text, name, base or Path(), found.layer(), found.said.server or ServerShape(), found.tree)


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
    for beside in ("policies", "policy", "testing"):
        dumped.pop(beside, None)
    for proxy in dumped.get("proxies", ()):
        if "policies" in proxy:
            proxy["policies"] = {"chain": [entry["name"] for entry in proxy["policies"]["chain"]]}
    return structs.replace(msgspec.convert(dumped, Layer), rules=rules)
