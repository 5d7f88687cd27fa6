"""Rules that can never say anything, or never be heard. No rule hides another by its place in the chain."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.governance import Effect, Mode
from gatepost_gateway.policy.kinds.kind import Loaded
from gatepost_gateway.policy.verdict import STRENGTH

_ACTS = ("action", "replacement", "message", "redaction", "response")
"""Settings that say what becomes of a finding, and not what is found."""


class Unheard(Struct, frozen=True):
    """A rule by its place in the chain, and why it is never heard."""

    number: int
    message: str


def unheard(rules: Sequence[Loaded], proxies: Mapping[str, str]) -> list[Unheard]:
    """`proxies`: the project of each."""
    return [Unheard(number, words) for number in range(len(rules)) for words in _reasons(rules, number, proxies)]


def _reasons(rules: Sequence[Loaded], number: int, proxies: Mapping[str, str]) -> Iterator[str]:
    spec = rules[number].spec
    if spec.project is not None and spec.proxy is not None and proxies.get(spec.proxy, spec.project) != spec.project:
        yield f"proxy `{spec.proxy}` is of project `{proxies[spec.proxy]}`: no call of `{spec.project}` comes by it"
    for phase, operations in rules[number].operations.items():
        if not operations:
            yield f"at the {phase.value} gate it has nothing to look at in {', '.join(spec.operations)}"
    names = _wildcards(rules[number])
    if names:
        yield f"`{names}` holds `*`: it lets everything pass"
    for other, rule in enumerate(rules):
        if other != number and (words := _hidden_by(rule, rules[number], earlier=other < number)):
            yield words


def _wildcards(rule: Loaded) -> str | None:
    """The list that lets everything pass, where nothing else of the rule stops anything."""
    said = rule.spec.settings
    if rule.spec.kind == "model-allowlist" and "*" in said.get("models", ()):
        return "models"
    if rule.spec.kind == "agent-firewall" and "*" in said.get("allowed_tools", ()) and not said.get("blocked_tools"):
        return "allowed_tools"
    return None


def _hidden_by(strong: Loaded, weak: Loaded, *, earlier: bool) -> str | None:
    """Why `weak` adds nothing to `strong`, which finds the same wherever it does."""
    if not _covers(strong, weak) or strong.spec.mode is not Mode.ENFORCE or weak.spec.mode is not Mode.ENFORCE:
        return None
    one, other = _strength(strong), _strength(weak)
    if one is None or other is None or one < other or (one == other and not earlier):
        return None
    said = "says the same" if one == other else "says more"
    return f"rule `{strong.spec.name}` finds the same in the same calls and {said}: this one changes nothing"


def _covers(strong: Loaded, weak: Loaded) -> bool:
    wide, narrow = strong.spec, weak.spec
    if wide.kind != narrow.kind or _sought(strong) != _sought(weak):
        return False
    if wide.project not in (None, narrow.project) or wide.proxy not in (None, narrow.proxy):
        return False
    return all(operations <= strong.operations.get(phase, frozenset()) for phase, operations in weak.operations.items())


def _sought(rule: Loaded) -> bytes:
    seen = {name: value for name, value in rule.spec.settings.items() if name not in _ACTS}
    return msgspec.json.encode(seen, order="deterministic")


def _strength(rule: Loaded) -> int | None:
    """Of the action that it says; None where two redactions may differ in what they put."""
    said = rule.spec.settings
    told = said.get("response")
    action = told.get("action") if isinstance(told, dict) else said.get("action")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    if action is None:
        return STRENGTH[Effect.BLOCK] if rule.spec.kind == "keyword" else None
    return {"alert": 0, **{effect.value: strength for effect, strength in STRENGTH.items()}}.get(str(action))  # pyright: ignore[reportUnknownArgumentType]
