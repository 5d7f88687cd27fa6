"""`onnx-classifier`: an operator's own model says what a text is. Off unless a rule names its files."""

from typing import Literal

from msgspec import Struct

from gatepost_gateway.detect.onnx import Model, ModelError, OnnxDetector, opened
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.policy.kinds.kind import EVERYTHING, Instance, Kind, Toolbox
from gatepost_gateway.policy.kinds.texts import EFFECTS, Action
from gatepost_gateway.policy.kinds.weighed import Weighed, check_threshold
from gatepost_gateway.policy.rules import Rule, Vote

_MOST_SECONDS = 10.0
_MOST_TOKENS = 8192
_MOST_WORKERS = 16
_ACTIONS = (Action.BLOCK, Action.ESCALATE, Action.ALERT)
_FROM_OUTSIDE = (Place.USER, Place.TOOL_RESULT, Place.DOCUMENT)


class OnnxSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`labels` name the outputs of the model in order, `flag` those that count; with one label the output is its odds.

    `seconds`: how long a call may wait for all of its texts; what happens when that is not enough, or the model fails,
    `on_failure` says.
    """

    model: str
    tokenizer: str
    labels: tuple[str, ...]
    flag: tuple[str, ...]
    threshold: float = 0.9
    max_tokens: int = 512
    workers: int = 1
    seconds: float = 0.5
    on_failure: Literal["block", "allow"] = "block"
    action: Action = Action.BLOCK
    message: str = ""
    places: tuple[Place, ...] = _FROM_OUTSIDE


def load(instance: Instance, toolbox: Toolbox) -> Rule:
    said: OnnxSettings = instance.settings
    check_threshold(said.threshold)
    _check(said)
    model = Model(said.model, said.tokenizer, said.labels, said.flag, said.max_tokens, said.workers)
    try:
        detector = toolbox.detector(
            ("onnx", model, said.seconds, said.on_failure),
            lambda: OnnxDetector(opened(model), said.seconds, fails_open=said.on_failure == "allow"),
        )
    except ModelError as error:
        raise Unloadable((error.about,), f"`{error.about}`: {error}") from None
    vote = Vote(EFFECTS[said.action], said.message or "a classifier objects to it", "classifier", ("policy",))
    return Weighed(instance, (detector,), vote, said.threshold).standing(said.places)


def _check(said: OnnxSettings) -> None:
    """Raises Unloadable."""
    if said.action not in _ACTIONS:
        raise Unloadable(("action",), "a classifier speaks of whole texts: `action` is `block`, `escalate` or `alert`")
    if not said.labels or len(set(said.labels)) < len(said.labels):
        raise Unloadable(("labels",), "`labels` names each output of the model once, in order")
    for number, label in enumerate(said.flag):
        if label not in said.labels:
            raise Unloadable(("flag", number), f"`{label[:40]}` is not one of `labels`")
    if not said.flag:
        raise Unloadable(("flag",), "`flag` names the labels that count")
    if not 8 <= said.max_tokens <= _MOST_TOKENS:
        raise Unloadable(("max_tokens",), f"`max_tokens` is from 8 to {_MOST_TOKENS}")
    if not 1 <= said.workers <= _MOST_WORKERS:
        raise Unloadable(("workers",), f"`workers` is from 1 to {_MOST_WORKERS}")
    if not 0 < said.seconds <= _MOST_SECONDS:
        raise Unloadable(("seconds",), f"`seconds` is more than 0 and at most {_MOST_SECONDS:g}")


ONNX_CLASSIFIER = Kind("onnx-classifier", OnnxSettings, load, {Phase.REQUEST: EVERYTHING})
