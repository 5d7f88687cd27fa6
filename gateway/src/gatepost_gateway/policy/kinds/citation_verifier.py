"""`citation-verifier`: what an answer cites must stand in what it was given.

Sources are the texts of the request. An address must be there itself, a quotation word for word.
"""

from collections.abc import Sequence

from msgspec import Struct

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Leaf, Place
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.citations import Citation, Sort, citations, plain
from gatepost_gateway.policy.kinds.deciding import Reaction, check_share
from gatepost_gateway.policy.kinds.kind import CHATS, Instance, Kind, Toolbox
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote

MOST = 1000
"""Citations of one answer that are looked up; an answer with more is not verified."""


class OutputAction(Struct, frozen=True, forbid_unknown_fields=True):
    """`unverified_action`: nothing is cited, or there was nothing to cite. `hallucination_action`: a citation stands
    in no source.
    """

    unverified_action: Reaction = "block"
    hallucination_action: Reaction = "block"


class Report(Struct, frozen=True, forbid_unknown_fields=True):
    include_verification_report: bool = False


class CitationSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`min_groundedness`: the share of citations that must be found in `sources`, all of them where nothing is said;
    `min_confidence` is another name for it.
    """

    require_sources: bool = False
    require_source_match: bool = True
    min_groundedness: float | None = None
    min_confidence: float | None = None
    min_quote_chars: int = 20
    extract_patterns: tuple[Sort, ...] = (Sort.URL, Sort.QUOTE)
    sources: tuple[Place, ...] = (Place.SYSTEM, Place.USER, Place.TOOL_RESULT, Place.DOCUMENT)
    output_action: OutputAction = OutputAction()
    response: Report = Report()
    message: str = ""


class CitationVerifier:
    """Implements `CallRule`."""

    reach = Reach.WHOLE

    def __init__(self, instance: Instance) -> None:
        said: CitationSettings = instance.settings
        self.label: Label = instance.label
        self.phases: frozenset[Phase] = instance.phases
        self._said = said
        shares = [one for one in (said.min_groundedness, said.min_confidence) if one is not None]
        self._least = max(shares, default=1.0)

    def judge(self, facts: Facts) -> Vote | None:
        said = self._said
        texts = [leaf.text for leaf in facts.answer.leaves if leaf.place is Place.ASSISTANT]
        made = {one for text in texts for one in citations(text, said.extract_patterns, said.min_quote_chars)}
        if not made:
            words = "the answer cites nothing"
            return (
                self._vote(said.output_action.unverified_action, words, "no_sources") if said.require_sources else None
            )
        if not said.require_source_match:
            return None
        if len(made) > MOST:
            return self._vote(said.output_action.unverified_action, f"it cites more than {MOST} times", "unverified")
        found = self._found(made, facts.request.leaves)
        words = f"{found} of {len(made)} citations stand in the sources"
        if found < self._least * len(made):
            return self._vote(said.output_action.hallucination_action, words, "citation_unverified")
        return Vote(Effect.ALLOW, words)

    def _found(self, made: set[Citation], leaves: Sequence[Leaf]) -> int:
        said = self._said
        given = [leaf.text for leaf in leaves if leaf.place in said.sources]
        named = [sort for sort in said.extract_patterns if sort is not Sort.QUOTE]
        known = {one for text in given for one in citations(text, named, 0)}
        quoted = [one for one in made if one.sort is Sort.QUOTE]
        sources = [plain(text) for text in given] if quoted else []
        return len(made & known) + sum(any(one.key in source for source in sources) for one in quoted)

    def _vote(self, action: Reaction, words: str, code: str) -> Vote:
        if action == "alert":
            return Vote(Effect.ALLOW, words, code)
        return Vote(Effect(action), self._said.message or words, code)


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: CitationSettings = instance.settings
    check_share("min_groundedness", said.min_groundedness or 0.0)
    check_share("min_confidence", said.min_confidence or 0.0)
    if said.response.include_verification_report:
        words = "the trace tells how many citations stand in the sources; answers are not written on"
        raise Unloadable(("response", "include_verification_report"), words)
    if not said.extract_patterns:
        raise Unloadable(("extract_patterns",), "`extract_patterns` is empty: nothing is looked for")
    if not said.sources:
        raise Unloadable(("sources",), "`sources` is empty: no citation could stand there")
    if not said.require_sources and not said.require_source_match:
        raise Unloadable((), "without `require_sources` and `require_source_match` the rule stops nothing")
    return CitationVerifier(instance)


CITATION_VERIFIER = Kind("citation-verifier", CitationSettings, load, {Phase.RESPONSE: CHATS})
