"""What the documents of a policy mean: its `decision`, or its sets `deny` and `redact_fields`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.domain.rego import PolicyFailed
from gatepost_gateway.policy.rego.fields import FIELDS

DOCUMENTS: Final = ("decision", "deny", "redact_fields")
"""What is asked of each package."""
LONGEST: Final = 300
"""Characters of a reason that are kept."""
_STRENGTH: Final = tuple(Effect)
_ACTIONS: Final[Mapping[str, Effect]] = {
    "allow": Effect.ALLOW,
    "block": Effect.BLOCK,
    "deny": Effect.BLOCK,
    "block_response": Effect.BLOCK,
    "redact": Effect.REDACT,
    "redact_response": Effect.REDACT,
    "escalate": Effect.ESCALATE,
}


class Verdict(Struct, frozen=True):
    """What a policy says of one call. `kinds`: the findings to redact; `rule`: its own name for the case."""

    effect: Effect
    reason: str = ""
    rule: str | None = None
    kinds: tuple[str, ...] = ()


SILENT: Final = Verdict(Effect.ALLOW)


def read_verdict(values: Mapping[str, Any], packages: Sequence[str], phase: Phase) -> Verdict:
    """The strongest of what the packages say. `values` by `package/document`. Raises PolicyFailed."""
    found = [_of_package(values, package, phase) for package in packages]
    if len(found) == 1:
        return found[0]
    strongest = max(found, key=lambda one: _STRENGTH.index(one.effect), default=SILENT)
    if strongest.effect is not Effect.REDACT:
        return strongest
    kinds = tuple(dict.fromkeys(kind for one in found for kind in one.kinds))
    return msgspec.structs.replace(strongest, kinds=kinds)


def _of_package(values: Mapping[str, Any], package: str, phase: Phase) -> Verdict:
    root = package.replace(".", "/")
    if f"{root}/decision" in values:
        return _decided(values[f"{root}/decision"], phase)
    reasons = reasons_of(values.get(f"{root}/deny"))
    if reasons:
        return Verdict(Effect.BLOCK, "; ".join(reasons)[:LONGEST])
    return _redacting(values.get(f"{root}/redact_fields"), None, "")


def _decided(said: Any, phase: Phase) -> Verdict:
    if not isinstance(said, dict):
        raise PolicyFailed("`decision` is not an object")
    decision = cast("dict[str, Any]", said)
    action = decision.get("action")
    rule = _words(decision.get("rule")) or None
    reason = _words(decision.get("reason") or decision.get("message"))
    effect = _ACTIONS.get(action) if isinstance(action, str) else None
    if effect is None:
        return Verdict(Effect.ALLOW, f"the policy's action {_words(action)!r} is not known: it does nothing", rule)
    if effect in (Effect.REDACT, Effect.ALLOW):
        return _redacting(decision.get("redact_fields"), rule, reason)
    if effect is Effect.ESCALATE and phase is Phase.RESPONSE:
        return Verdict(Effect.ALLOW, "escalate: at the response stage this is recorded only", rule)
    return Verdict(effect, reason, rule)


def _redacting(fields: Any, rule: str | None, reason: str) -> Verdict:
    labels = reasons_of(fields)
    if not labels:
        return Verdict(Effect.ALLOW, reason, rule)
    unknown = [label for label in labels if label.lower() not in FIELDS]
    if unknown:
        known = ", ".join(FIELDS)
        raise PolicyFailed(f"`redact_fields` names `{unknown[0][:40]}`, which is none of {known}")
    kinds = tuple(dict.fromkeys(FIELDS[label.lower()] for label in labels))
    return Verdict(Effect.REDACT, reason or "redacts " + ", ".join(kinds), rule, kinds)


def reasons_of(said: Any) -> list[str]:
    """The words of a set, a list, one text, or the keys of an object; `true` alone has none of its own.

    Whatever else is defined and neither false nor empty counts too: a rule that says something odd still says it.
    """
    if said is None or said is False or said in ("", [], {}):
        return []
    if said is True:
        return ["denied by policy"]
    if isinstance(said, dict):
        return [_words(key) for key in cast("dict[str, Any]", said)]
    if isinstance(said, list):
        return [_words(one) for one in cast("list[Any]", said)]
    return [_words(said)]


def _words(said: Any) -> str:
    text = said if isinstance(said, str) else "" if said is None else msgspec.json.encode(said).decode()
    return text[:LONGEST]
