"""`size-limits`: how much a request may say, and an answer."""

from msgspec import Struct

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.deciding import Verdict, check_positive
from gatepost_gateway.policy.kinds.kind import Instance, Kind, Toolbox
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote

_SAID = frozenset({Place.ASSISTANT, Place.REASONING, Place.TOOL_CALL})


class SizeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`max_input_chars` counts all texts of a request together, `max_text_chars` each of them, `max_output_chars` all
    that the model said. None: no limit.
    """

    max_body_bytes: int | None = None
    max_input_chars: int | None = None
    max_text_chars: int | None = None
    max_tools: int | None = None
    max_output_chars: int | None = None
    action: Verdict = "block"
    message: str = ""


class SizeLimits:
    """Implements `CallRule`."""

    reach = Reach.WHOLE

    def __init__(self, instance: Instance, phases: frozenset[Phase]) -> None:
        said: SizeSettings = instance.settings
        self.label: Label = instance.label
        self.phases = phases
        self._said = said

    def judge(self, facts: Facts) -> Vote | None:
        over = self._request(facts) if facts.phase is Phase.REQUEST else self._answer(facts)
        if over is None:
            return None
        code = "input_length_exceeded" if facts.phase is Phase.REQUEST else "output_length_exceeded"
        return Vote(Effect(self._said.action), self._said.message or over, code)

    def _request(self, facts: Facts) -> str | None:
        said, size = self._said, len(facts.asked.body)
        if said.max_body_bytes is not None and size > said.max_body_bytes:
            return f"the request has {size} bytes, {said.max_body_bytes} are allowed"
        if said.max_input_chars is None and said.max_text_chars is None and said.max_tools is None:
            return None
        lengths = [len(leaf.text) for leaf in facts.request.leaves]
        if said.max_input_chars is not None and sum(lengths) > said.max_input_chars:
            return f"the request has {sum(lengths)} characters, {said.max_input_chars} are allowed"
        if said.max_text_chars is not None and max(lengths, default=0) > said.max_text_chars:
            return f"a text of the request has {max(lengths)} characters, {said.max_text_chars} are allowed"
        if said.max_tools is not None and len(facts.request.tools) > said.max_tools:
            return f"the request declares {len(facts.request.tools)} tools, {said.max_tools} are allowed"
        return None

    def _answer(self, facts: Facts) -> str | None:
        most = self._said.max_output_chars
        size = sum(len(leaf.text) for leaf in facts.answer.leaves if leaf.place in _SAID)
        return f"the answer has {size} characters, {most} are allowed" if most is not None and size > most else None


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: SizeSettings = instance.settings
    limits = {name: getattr(said, name) for name in said.__struct_fields__ if name.startswith("max_")}
    check_positive(limits)
    stands = {
        Phase.REQUEST: any(limit is not None for name, limit in limits.items() if name != "max_output_chars"),
        Phase.RESPONSE: said.max_output_chars is not None,
    }
    if not any(stands.values()):
        raise Unloadable((), "no limit is there: such a rule stops nothing")
    return SizeLimits(instance, frozenset(phase for phase in instance.phases if stands[phase]))


SIZE_LIMITS = Kind("size-limits", SizeSettings, load)
