"""`strings.render_template`, a Go template over the members of an object."""

from __future__ import annotations

from typing import Final

from gatepost_rego.builtins.json_text import weigh
from gatepost_rego.builtins.operands import is_number, object_of, string
from gatepost_rego.builtins.registry import BuiltinError, BuiltinHalt, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.verbs import Tagged
from gatepost_rego.numbers import number_text
from gatepost_rego.show import json_key
from gatepost_rego.values import RegoObject, RegoSet, Value, ordered_pairs

__all__ = ["BUILTINS"]

_LONGEST: Final = 20_000


def _plain(value: Value) -> object:
    """Turn a value into what Go's JSON decoder would give a template."""
    if is_number(value):
        return Tagged(number_text(value), "json.Number")
    if isinstance(value, (list, RegoSet)):
        return [_plain(item) for item in (value if isinstance(value, list) else value.ordered())]
    if isinstance(value, (dict, RegoObject)):
        return {json_key(key): _plain(item) for key, item in ordered_pairs(value)}
    return value


def render(ctx: Context, template: Value, variables: Value) -> str:
    """Fill a template in; what is missing reads `<undefined>`."""
    # Few policies render templates, and every process would pay for reading these modules.
    from gatepost_rego.golang.template_parsing import TemplateError, parse_template
    from gatepost_rego.golang.template_running import run_template

    text, data = string(template, 1), object_of(variables, 2)
    if len(text) > _LONGEST:
        raise BuiltinHalt("template too long")
    ctx.charge(len(text))
    weigh(ctx, data)

    def claim(characters: int) -> None:
        ctx.charge(1 + characters // 16)
        ctx.reserve(1 + characters // 8)

    try:
        found = run_template(parse_template(text), _plain(data), claim)
    except (TemplateError, RecursionError) as error:
        raise BuiltinError(str(error)) from error
    return found.replace("<no value>", "<undefined>")


BUILTINS: Final = (declare("strings.render_template", render, context=True),)
