"""What a policy may ask about itself and its surroundings, and membership (`in`)."""

from __future__ import annotations

from typing import Final

from gatepost_rego.builtins.operands import array, string
from gatepost_rego.builtins.registry import BuiltinHalt, Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.show import show
from gatepost_rego.values import (
    RegoObject,
    RegoSet,
    Undefined,
    Value,
    equal,
    object_get,
    object_pairs,
)

__all__ = ["BUILTINS"]


def member(ctx: Context, value: Value, holder: Value) -> bool:
    """Say whether a value is an item of an array, a member of a set or a value of an object."""
    if isinstance(holder, RegoSet):
        return value in holder
    if isinstance(holder, list):
        ctx.charge(len(holder))
        return any(equal(value, item) for item in holder)
    if isinstance(holder, (dict, RegoObject)):
        ctx.charge(len(holder))
        return any(equal(value, item) for _, item in object_pairs(holder))
    return False


def member_pair(key: Value, value: Value, holder: Value) -> bool:
    """Say whether a value stands at a key or an index."""
    if isinstance(holder, (dict, RegoObject)):
        found = object_get(holder, key)
        return not isinstance(found, Undefined) and equal(found, value)
    if isinstance(holder, list):
        within = isinstance(key, int) and not isinstance(key, bool) and 0 <= key < len(holder)
        return within and equal(holder[key], value)  # type: ignore[index]
    if isinstance(holder, RegoSet):
        return equal(key, value) and value in holder
    return False


def trace(note: Value) -> bool:
    """Take a note; nothing is kept of it."""
    string(note, 1)
    return True


def template_string(ctx: Context, parts: Value) -> str:
    """Join the parts of an interpolated string, each written as its value reads."""
    done: list[str] = []
    for part in array(parts, 1):
        item = part
        if isinstance(part, RegoSet):
            item = next(iter(part)) if len(part) else None
            if not len(part):
                done.append("<undefined>")
                continue
        done.append(item if isinstance(item, str) else show(item))
        ctx.charge(1 + len(done[-1]) // 16)
        ctx.reserve(1 + len(done[-1]) // 8)
    return "".join(done)


def lookup(name: Value) -> RegoSet:
    """Give the addresses of an address or of this machine; no name server is ever asked."""
    from ipaddress import ip_address

    text = string(name, 1)
    if text == "localhost":
        return RegoSet(["127.0.0.1", "::1"])
    try:
        return RegoSet([str(ip_address(text))])
    except ValueError as error:
        raise BuiltinHalt(f"looking up {text[:100]} needs the network") from error


def runtime() -> dict[str, Value]:
    """Tell nothing of the process; a caller that allows the built-in gets an empty object."""
    return {}


BUILTINS: Final = (
    declare("internal.member_2", member, context=True),
    declare("internal.member_3", member_pair),
    declare("internal.template_string", template_string, context=True),
    declare("trace", trace),
    declare("net.lookup_ip_addr", lookup),
    declare("opa.runtime", runtime, needs="runtime"),
)
