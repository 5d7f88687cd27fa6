"""`external-moderation`: a service outside says whether texts may pass."""

from typing import Any

from msgspec import Struct

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Leaf, Place
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.domain.review import Inquiry
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.deciding import Reaction, check_share
from gatepost_gateway.policy.kinds.kind import TEXTS, Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.reviewing import (
    Failure,
    Judge,
    KeyRef,
    Opinion,
    check_key,
    judge_of,
    opinion,
    shown,
    texts_of,
)
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote


class ModerationSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`categories`: those that count; empty: all. `threshold`: from which score on; None: what the service flags."""

    endpoint: str
    model: str = ""
    secret_key_ref: KeyRef | None = None
    timeout_ms: int = 2000
    max_concurrent: int = 16
    max_chars: int = 200_000
    on_failure: Failure = Failure.BLOCK
    action: Reaction = "block"
    categories: tuple[str, ...] = ()
    threshold: float | None = None
    message: str = ""
    places: tuple[Place, ...] = ()


class ExternalModeration:
    """Implements `AskingRule`."""

    reach = Reach.WHOLE

    def __init__(self, instance: Instance, judge: Judge) -> None:
        said: ModerationSettings = instance.settings
        self.label: Label = instance.label
        self.phases = instance.phases
        self._judge = judge
        self._said = said
        self._places = frozenset(said.places)
        self._effect = Effect.ALLOW if said.action == "alert" else Effect(said.action)

    def inquiry(self, facts: Facts, leaves: tuple[Leaf, ...]) -> Inquiry | None:
        """Raises NoVerdict where the texts are more than the service is to get."""
        texts = texts_of(leaves, self._places, self._said.max_chars)
        body: dict[str, Any] = {"model": self._said.model} if self._said.model else {}
        return self._judge.inquiry(facts, self.label, {**body, "input": texts}) if texts else None

    def judge(self, facts: Facts) -> Vote | None:
        found = opinion(facts, self.label, self._judge)
        if isinstance(found, Vote):
            return found
        counted = self._counted(found)
        if counted is None:
            return None
        return Vote(self._effect, self._said.message or f"moderation flags it{shown(counted)}", "flagged")

    def _counted(self, found: Opinion) -> tuple[str, ...] | None:
        """The categories that were flagged and count; None: nothing that does."""
        said = self._said
        if said.threshold is not None and found.scores:
            names = tuple(name for name, score in found.scores.items() if score >= said.threshold)
        elif not found.flagged:
            return None
        elif not said.categories or not found.categories:
            return found.categories
        else:
            names = found.categories
        names = tuple(name for name in names if not said.categories or name in said.categories)
        return names or None


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: ModerationSettings = instance.settings
    check_key(said.secret_key_ref)
    if said.threshold is not None:
        check_share("threshold", said.threshold)
    if said.max_chars < 1:
        raise Unloadable(("max_chars",), "`max_chars` is at least 1")
    return ExternalModeration(
        instance, judge_of(said.endpoint, (said.timeout_ms, said.max_concurrent, said.on_failure))
    )


EXTERNAL_MODERATION = Kind("external-moderation", ModerationSettings, load, TEXTS)
