"""`quality-scorer`: an answer's worth by named checks, weighed and held against a threshold."""

from typing import Any, Literal

from msgspec import Struct, field

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.deciding import check_share
from gatepost_gateway.policy.kinds.kind import CHATS, Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.quality_checks import Score, check_of
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote


class Assertion(Struct, frozen=True, forbid_unknown_fields=True):
    """`threshold`: a score below it fails the answer, whatever the others say; None: only the weighted mean counts.

    `severity` is for readers.
    """

    type: str
    name: str = ""
    enabled: bool = True
    weight: float = 1.0
    threshold: float | None = None
    mode: Literal["enforce"] = "enforce"
    severity: str = ""
    config: dict[str, Any] = field(default_factory=dict[str, Any])


class Thresholds(Struct, frozen=True, forbid_unknown_fields=True):
    min_aggregate: float = 0.7


class QualitySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`min_output_chars` and `min_sentences` are checks that must be met in full. `weights`: by the name of a check,
    instead of its own.
    """

    min_output_chars: int | None = None
    min_sentences: int | None = None
    assertions: tuple[Assertion, ...] = ()
    thresholds: Thresholds = Thresholds()
    weights: dict[str, float] = field(default_factory=dict[str, float])
    industry: str = ""
    mock_scoring: bool = False
    providers: tuple[Any, ...] = ()
    benchmarks: dict[str, Any] = field(default_factory=dict[str, Any])
    on_failure: Literal["block", "escalate", "alert", "retry", "fallback_message"] = "block"
    message: str = ""


class Check(Struct, frozen=True):
    name: str
    score: Score
    weight: float
    threshold: float | None


class QualityScorer:
    """Implements `CallRule`."""

    reach = Reach.WHOLE

    def __init__(self, instance: Instance, checks: tuple[Check, ...]) -> None:
        said: QualitySettings = instance.settings
        self.label: Label = instance.label
        self.phases: frozenset[Phase] = instance.phases
        self._checks = checks
        self._least = said.thresholds.min_aggregate
        self._effect = Effect.ALLOW if said.on_failure == "alert" else Effect(said.on_failure)
        self._message = said.message

    def judge(self, facts: Facts) -> Vote | None:
        text = "\n".join(leaf.text for leaf in facts.answer.leaves if leaf.place is Place.ASSISTANT)
        if not text and facts.answer.calls:
            return None
        scores = [(check, check.score(text)) for check in self._checks]
        weight = sum(check.weight for check in self._checks)
        total = sum(check.weight * score for check, score in scores) / weight if weight else 1.0
        words = f"score {total:.2f}: " + ", ".join(f"{check.name} {score:.2f}" for check, score in scores)
        low = [check for check, score in scores if check.threshold is not None and score < check.threshold]
        if total >= self._least and not low:
            return Vote(Effect.ALLOW, words)
        return Vote(self._effect, self._message or f"the answer is not good enough ({words})", "low_quality_output")


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: QualitySettings = instance.settings
    if said.on_failure in ("retry", "fallback_message"):
        words = "an answer is judged when it was made and paid for: it is not asked for again, and not written here"
        raise Unloadable(("on_failure",), words)
    _refuse(said)
    check_share("min_aggregate", said.thresholds.min_aggregate)
    checks = _checks(said)
    if not checks:
        raise Unloadable((), "no check is there: every answer would be good enough")
    names = {check.name for check in checks}
    for name in said.weights:
        if name not in names:
            raise Unloadable(("weights", name), f"no check is called `{name[:40]}`")
    if not sum(check.weight for check in checks):
        raise Unloadable(("weights",), "no check weighs anything")
    return QualityScorer(instance, checks)


def _refuse(said: QualitySettings) -> None:
    """What such rules say elsewhere and is not done here. Raises Unloadable."""
    for key, words in (
        ("industry", "checks are the same in every industry: name those that you want under `assertions`"),
        ("mock_scoring", "scores are never made up"),
        ("providers", "no check asks a model: kind `flagged-review` does"),
        ("benchmarks", "answers are held against checks, not against other answers"),
    ):
        if getattr(said, key):
            raise Unloadable((key,), words)


def _checks(said: QualitySettings) -> tuple[Check, ...]:
    found: list[Check] = []
    for sort, key, most in (
        ("min_length", "min_chars", said.min_output_chars),
        ("min_sentences", "min_sentences", said.min_sentences),
    ):
        if most is not None:
            found.append(Check(sort, check_of(sort, {key: most}), said.weights.get(sort, 1.0), 1.0))
    for number, one in enumerate(said.assertions):
        try:
            score = check_of(one.type, one.config)
            check_share("threshold", one.threshold or 0.0)
        except Unloadable as error:
            raise Unloadable(("assertions", number, *error.path), error.message) from None
        name = one.name or one.type
        weight = said.weights.get(name, one.weight)
        if not 0 <= weight < float("inf"):
            raise Unloadable(("assertions", number, "weight"), "`weight` is at least 0")
        if one.enabled:
            found.append(Check(name, score, weight, one.threshold))
    return tuple(found)


QUALITY_SCORER = Kind("quality-scorer", QualitySettings, load, {Phase.RESPONSE: CHATS})
