"""From a rule instance as it is configured to a rule that judges; what it cannot honour is refused here, with why."""

import difflib
import re
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.chain import RuleSpec, Streaming, Unloadable
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.policy.kinds import BY_NAME
from gatepost_gateway.policy.kinds.kind import Instance, Kind, Loaded, Toolbox
from gatepost_gateway.policy.rules import Label, Reach, Rule, reach_of

_WHERE = re.compile(r" - at `\$\.?(.*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_TYPES = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_ENUM = re.compile(r"Invalid enum value")
_WORDS = {
    "array": "a list",
    "str": "text",
    "bool": "`true` or `false`",
    "int": "a whole number",
    "float": "a number",
    "object": "a mapping of keys to values",
}


def load_rule(spec: RuleSpec, toolbox: Toolbox) -> Loaded:
    """Raises Unloadable."""
    kind = BY_NAME.get(spec.kind)
    if kind is None:
        raise Unloadable(("kind",), f"kind `{spec.kind[:60]}` is not known{_near(spec.kind, BY_NAME)}")
    where = _operations(spec, kind)
    settings = _settings(spec, kind)
    label = Label(spec.name, spec.kind, spec.mode, spec.streaming_mode is Streaming.BUFFERED)
    rule = kind.load(Instance(label, frozenset(where), settings), toolbox)
    where = _stands(spec, where, rule)
    if spec.streaming_mode is Streaming.REALTIME and Phase.RESPONSE in where and reach_of(rule) is Reach.WHOLE:
        raise Unloadable(
            ("streaming_mode",),
            "this rule must see the whole answer, so that a stream cannot go out while it comes: say `buffered`",
        )
    return Loaded(spec, rule, where)


def _operations(spec: RuleSpec, kind: Kind) -> Mapping[Phase, frozenset[Operation]]:
    """Where the instance judges: what it asks for, as far as its kind has something to look at."""
    for number, phase in enumerate(spec.phases):
        if phase not in kind.honours:
            stands = " and ".join(f"`{one.value}`" for one in kind.honours)
            words = f"kind `{kind.name}` cannot judge at the {phase.value} gate, only at {stands}"
            raise Unloadable(("phases", number), words)
    gates = {phase: kind.honours[phase] for phase in spec.phases or kind.honours}
    known = {operation.value: operation for operation in Operation}
    asked: set[Operation] = set()
    for number, name in enumerate(spec.operations):
        operation = known.get(name)
        if operation is None:
            raise Unloadable(("operations", number), f"operation `{name[:40]}` is not known{_near(name, known)}")
        if not any(operation in honoured for honoured in gates.values()):
            words = f"kind `{kind.name}` has nothing to look at in `{name}`"
            raise Unloadable(("operations", number), words)
        asked.add(operation)
    return {phase: honoured & asked if asked else honoured for phase, honoured in gates.items()}


def _stands(
    spec: RuleSpec, where: Mapping[Phase, frozenset[Operation]], rule: Rule
) -> Mapping[Phase, frozenset[Operation]]:
    """Where the rule judges, now that its settings are known: one may leave a gate nothing to look at."""
    for number, phase in enumerate(spec.phases):
        if phase not in rule.phases:
            words = f"with these settings the rule has nothing to look at at the {phase.value} gate"
            raise Unloadable(("phases", number), words)
    if not rule.phases:
        raise Unloadable((), "with these settings the rule has nothing to look at")
    # What an agent does and what it is told goes to no provider: there nothing is to be undone.
    apart = {Operation.ACTION} if getattr(rule, "reversible", False) else set[Operation]()
    return {phase: operations - apart for phase, operations in where.items() if phase in rule.phases}


def _settings(spec: RuleSpec, kind: Kind) -> Struct:
    try:
        return msgspec.convert(spec.settings, kind.settings)
    except msgspec.ValidationError as error:
        raise _explained(str(error), kind.settings) from None


def _explained(said: str, settings: type[Struct]) -> Unloadable:
    """A mistake of shape in our words, at its place."""
    found = _WHERE.search(said)
    path = _path(found[1]) if found else ()
    said = said[: found.start()] if found else said
    if unknown := _UNKNOWN.match(said):
        names = settings.__struct_fields__ if not path else ()
        words = f"unknown key `{unknown[1][:60]}`{_near(unknown[1], names)}"
        return Unloadable((*path, unknown[1]), words, about_key=True)
    if missing := _MISSING.match(said):
        return Unloadable(path, f"`{missing[1]}` is missing")
    if types := _TYPES.match(said):
        wanted = _WORDS.get(types[1].removesuffix(" | null"), types[1])
        return Unloadable(path, f"`{_last(path)}` must be {wanted}")
    if _ENUM.match(said):
        return Unloadable(path, f"`{_last(path)}` has a value that it cannot have: {_choices(settings, path)}")
    return Unloadable(path, f"`{_last(path)}`: {said[:1].lower()}{said[1:]}")


def _path(text: str) -> tuple[str | int, ...]:
    steps = re.findall(r"[^.\[\]]+", text)
    return tuple(int(step) if step.isdigit() else step for step in steps if step != "...")


def _last(path: tuple[str | int, ...]) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "settings")


def _choices(settings: type[Struct], path: tuple[str | int, ...]) -> str:
    """What may stand there, from the settings' own types."""
    schema = msgspec.json.schema(settings)
    found: list[str] = []
    top = schema["$defs"][settings.__name__]["properties"].get(path[0] if path else "", {})
    for one in (top, top.get("items", {})):
        named = schema["$defs"].get(str(one.get("$ref", "")).rpartition("/")[2], one)
        found += [str(value) for value in named.get("enum", ())]
    return "one of " + ", ".join(f"`{one}`" for one in found) if found else "see the documentation of its kind"


def _near(word: str, words: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, sorted(words), n=1, cutoff=0.5)
    return f": did you mean `{found[0]}`?" if found else ""
