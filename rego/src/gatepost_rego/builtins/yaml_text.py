"""YAML as text (OPA policy reference, section Encoding), by the package PyYAML.

Anchors are refused: a few lines of them can stand for more than any memory holds.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from gatepost_rego.builtins.json_text import read_json, weigh
from gatepost_rego.builtins.operands import string
from gatepost_rego.builtins.registry import BuiltinError, BuiltinHalt, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.show import json_text
from gatepost_rego.values import Value

__all__ = ["BUILTINS"]

_LONGEST: Final = 1_000_000


def _load(ctx: Context, text: str) -> Value:
    """Read the first document of a text into what JSON can say."""
    import yaml

    ctx.charge(len(text) * 4)
    ctx.reserve(len(text))
    if len(text) > _LONGEST:
        raise BuiltinHalt("yaml: text too long")
    try:
        found = next(iter(yaml.load_all(text, Loader=_loader(ctx))), None)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BuiltinError(f"yaml: {error}") from error
    return _value(found)


def _loader(ctx: Context) -> Any:
    """Make a loader that counts its work and leaves dates as text, as Go's does."""
    import yaml

    class Plain(yaml.SafeLoader):
        """SafeLoader without timestamps and aliases."""

        yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way
            first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
            for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def fetch_more_tokens(self) -> Any:
            ctx.charge(40)
            return super().fetch_more_tokens()

        def compose_node(self, parent: Any, index: Any) -> Any:
            ctx.charge(40)
            if self.check_event(yaml.AliasEvent):
                raise BuiltinError("yaml: aliases are not supported")
            return super().compose_node(parent, index)

    return Plain


def _value(found: Any) -> Value:
    if isinstance(found, dict):
        return {_key(key): _value(item) for key, item in found.items()}
    if isinstance(found, list):
        return [_value(item) for item in found]
    if found is None or isinstance(found, (bool, int, float, str)):
        return found
    raise BuiltinError("yaml: a value that JSON does not know")


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, (int, float)):
        return str(key)
    raise BuiltinError("yaml: a key that JSON does not know")


def unmarshal(ctx: Context, value: Value) -> Value:
    """Read YAML."""
    return _load(ctx, string(value, 1))


def is_valid(ctx: Context, value: Value) -> bool:
    """Say whether a string is YAML."""
    if not isinstance(value, str):
        return False
    try:
        _load(ctx, value)
    except BuiltinError:
        return False
    return True


def marshal(ctx: Context, value: Value) -> str:
    """Write YAML, its keys in order."""
    import yaml

    weigh(ctx, value)
    plain = read_json(ctx, json_text(value))
    found: str = yaml.safe_dump(
        plain, default_flow_style=False, allow_unicode=True, width=float("inf")
    )
    return re.sub(r"\n\.\.\.\n\Z", "\n", found)


_declare: Final = partial(declare, context=True, extra="yaml", modules=("yaml",))

BUILTINS: Final = (
    _declare("yaml.marshal", marshal),
    _declare("yaml.unmarshal", unmarshal),
    _declare("yaml.is_valid", is_valid),
)
