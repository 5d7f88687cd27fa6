"""A recorded call judged by a draft, from what its record holds. What the record cannot tell is said, never guessed.

A rule that the draft shares with the configuration that the call met counts by its recorded decision. Any other rule is
asked again, on the texts as they were kept: those that masking or a redaction altered cannot be read again, but what
was masked in them is known by its kind.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects.leaves import open_answer, open_request
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.registry import CALLERS, WHOLE_CALLERS
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.findings import Finding, Place, Texts
from gatepost_gateway.domain.governance import Effect, Mode, Phase, Principal
from gatepost_gateway.domain.records import Closed, Hidden, Stored
from gatepost_gateway.domain.rego import RegoEntry
from gatepost_gateway.domain.routing import Tier
from gatepost_gateway.domain.snapshot import ModelEntry, ProjectEntry, Snapshot, SnapshotDocument
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts, Said, Setting
from gatepost_gateway.policy.marks import path_text
from gatepost_gateway.policy.masking import detectors
from gatepost_gateway.policy.rego.document import MASKED, ROUTE
from gatepost_gateway.policy.rego.here import Here
from gatepost_gateway.policy.rego.rule import RegoRule
from gatepost_gateway.policy.rules import AskingRule, Rule, TextRule
from gatepost_gateway.policy.trial import Draft
from gatepost_gateway.policy.verdict import STRENGTH

NO_TEXT = "text was not stored"
ALTERED = "it may read what was masked"
ASKS = "it asks a judge outside, who is not asked again"
NO_MODEL = "the model is not known any more"
_ALL = "*"
_MASKED_KINDS = frozenset({"pii-detector", "secret-detector"})
_BY_NAMES = {"agent-firewall": frozenset({Place.NAME, Place.TOOL})}
"""Kinds that read only these texts of a body."""
_STOPS = (Effect.BLOCK, Effect.ESCALATE)


class Version(Struct, frozen=True):
    """A configuration, compiled, and what each of its rules does, by its name."""

    draft: Draft
    does: dict[str, bytes]
    specs: dict[str, str]
    """The kinds of the chain's rules by their names."""
    models: dict[str, ModelEntry]
    secure: frozenset[str] = frozenset()
    """The projects that have a tier for what is private."""


class Word(Struct, frozen=True):
    """What a rule says: its effect, and what it found that routing acts on."""

    effect: Effect = Effect.ALLOW
    signals: frozenset[str] = frozenset()


class Heard(Struct, frozen=True):
    """One enforced rule at one gate. `unknown`: why nobody can say what it would say."""

    rule: str
    phase: Phase
    effect: Effect = Effect.ALLOW
    unknown: str | None = None
    signals: frozenset[str] = frozenset()


class Judgement(Struct, frozen=True):
    """`effect` None: it cannot be told, because of `unknown`."""

    effect: Effect | None
    heard: tuple[Heard, ...] = ()
    unknown: tuple[Heard, ...] = ()

    @property
    def signals(self) -> frozenset[str]:
        """What the request gate found: `pii`, `secret`, `injection`."""
        return frozenset(signal for one in self.heard if one.phase is Phase.REQUEST for signal in one.signals)

    @property
    def rule(self) -> str | None:
        return next((one.rule for one in self.heard if one.effect is self.effect), None)


def version_of(document: SnapshotDocument, draft: Draft) -> Version:
    """`draft`: the rules of `document`, compiled."""
    does = {
        spec.name: msgspec.json.encode(
            (spec.kind, sorted(spec.phases), sorted(spec.operations), spec.project, spec.proxy, spec.settings),
            order="deterministic",
        )
        for spec in document.rules
    }
    entries: Iterator[RegoEntry] = (entry for owner in (*document.projects, *document.proxies) for entry in owner.rego)
    for entry in entries:
        does[entry.name] = msgspec.json.encode((entry.source, entry.packages, entry.phase, entry.fails_open))
    kinds = {spec.name: spec.kind for spec in document.rules}
    snapshot = Snapshot(document)
    secure = frozenset(one.id for one in document.projects if snapshot.tier(one, Tier.SECURE))
    return Version(draft, does, kinds, {model.id: model for model in document.models}, secure)


def recorded(version: Version, record: Closed) -> Judgement:
    """What the rules of the configuration that the call met have said."""
    return _fold([_told(rule, phase, rule.label.name, record) for phase, rule in _rules(version, record)])


async def rejudged(version: Version, before: Version, record: Closed, stored: Stored | None, here: Here) -> Judgement:
    """What the draft `version` would have said; `before` is the configuration that the call met."""
    known = {does: name for name, does in before.does.items()}
    again = _Again(version, record, stored, here)
    heard: list[Heard] = []
    for phase, rule in _rules(version, record):
        does = version.does[rule.label.name]
        if does in known:
            heard.append(_told(rule, phase, known[does], record))
        else:
            heard.append(await again.ask(rule, phase))
    return _fold(heard)


def _rules(version: Version, record: Closed) -> list[tuple[Phase, Rule]]:
    """The enforced rules that concern a call, gate by gate."""
    project, proxy = record.project or "", record.proxy
    chain = version.draft.chains.engine(project, proxy, Operation(record.operation))
    policies = version.draft.policies
    asked = policies.requests(project, proxy) if policies is not None else None
    answers = policies.joined(chain, project, proxy) if policies is not None else chain
    found: list[tuple[Phase, Rule]] = [(Phase.REQUEST, rule) for _, rule in chain.stage(Phase.REQUEST).rules]
    found += [(Phase.REQUEST, rule) for rule in (asked[1] if asked is not None else ())]
    found += [(Phase.RESPONSE, rule) for _, rule in answers.stage(Phase.RESPONSE).rules]
    return [(phase, rule) for phase, rule in found if rule.label.mode is Mode.ENFORCE]


def _told(rule: Rule, phase: Phase, name: str, record: Closed) -> Heard:
    """By its decisions. One that did not run said nothing. Of several (a target each) the weakest let the call pass."""
    said = [one for one in record.decisions if one.rule == name and one.phase == phase.value and one.effect is not None]
    effect = min((one.effect for one in said if one.effect), key=STRENGTH.__getitem__, default=Effect.ALLOW)
    return Heard(rule.label.name, phase, effect, signals=frozenset(signal for one in said for signal in one.signals))


def _fold(heard: Sequence[Heard]) -> Judgement:
    """The strongest word of each gate; the response gate counts where the request gate let the call pass."""
    strongest = Effect.ALLOW
    unknown: tuple[Heard, ...] = ()
    for phase in Phase:
        here = [one for one in heard if one.phase is phase]
        unsure = tuple(one for one in here if one.unknown is not None)
        effect = max(
            (one.effect for one in here if one.unknown is None), key=STRENGTH.__getitem__, default=Effect.ALLOW
        )
        if effect is Effect.BLOCK:
            return Judgement(effect if not unknown else None, tuple(heard), unknown)
        unknown += unsure
        strongest = max(strongest, effect, key=STRENGTH.__getitem__)
        if effect is Effect.ESCALATE:
            break
    return Judgement(strongest if not unknown else None, tuple(heard), unknown)


class _Again:
    """One call's rules asked anew."""

    def __init__(self, version: Version, record: Closed, stored: Stored | None, here: Here) -> None:
        self._version = version
        self._record = record
        self._stored = stored
        self._here = here
        self._target = version.models.get(record.model or "")

    async def ask(self, rule: Rule, phase: Phase) -> Heard:
        name = rule.label.name
        if phase is Phase.RESPONSE and self._record.outcome == "blocked" and not self._body(phase):
            # Whoever stopped it before stops it no more, or it would not be asked: there is no answer to judge.
            return Heard(name, phase)
        try:
            said = await self._asked(rule, phase)
        except (GatewayError, Malformed):
            return Heard(name, phase, Effect.BLOCK)
        if isinstance(said, str):
            return Heard(name, phase, unknown=said)
        return Heard(name, phase, said.effect, signals=said.signals)

    async def _asked(self, rule: Rule, phase: Phase) -> Word | str:
        """What it says, or why that cannot be told."""
        kind = self._version.specs.get(rule.label.name, "")
        if kind == "model-allowlist":
            return _judged(rule, self._facts(phase, Texts(()), bare=True))
        if self._stored is None or not self._body(phase):
            return NO_TEXT
        if isinstance(rule, AskingRule):
            return ASKS
        if isinstance(rule, TextRule):
            return self._text_rule(rule, kind, phase)
        return await self._call_rule(rule, kind, phase)

    def _text_rule(self, rule: TextRule, kind: str, phase: Phase) -> Word | str:
        texts = self._texts(phase)
        altered = self._altered(phase)
        whole = _ALL not in altered
        hidden = [one for one in self._hidden(phase) if not rule.places or one.place in rule.places]
        votes = [rule.weigh(Finding(0, 1, one.kind, one.detector, one.score)) for one in _found_by(rule, hidden)]
        masked = Word(
            max((vote.effect for vote in votes), key=STRENGTH.__getitem__, default=Effect.ALLOW),
            frozenset(signal for vote in votes for signal in vote.signals),
        )
        if kind in _MASKED_KINDS and len(rule.detectors) == 1:
            return masked if whole or masked.effect is not Effect.ALLOW else ALTERED
        clean = tuple(leaf for leaf in texts.leaves if whole and path_text(leaf.path) not in altered)
        read = _judged(rule, self._facts(phase, msgspec.structs.replace(texts, leaves=clean)))
        effect = max((read.effect, masked.effect), key=STRENGTH.__getitem__)
        left = any(not rule.places or leaf.place in rule.places for leaf in texts.leaves if leaf not in clean)
        return ALTERED if left and effect is Effect.ALLOW else Word(effect, read.signals | masked.signals)

    async def _call_rule(self, rule: Rule, kind: str, phase: Phase) -> Word | str:
        sides = {Phase.REQUEST, phase}
        places = _BY_NAMES.get(kind)
        for side in sides:
            if not self._body(side):
                return NO_TEXT
            altered = self._altered(side)
            if altered and (places is None or _ALL in altered or self._touches(side, altered, places)):
                return ALTERED
        if places is None and self._masked_headers():
            return ALTERED
        facts = self._facts(phase, self._texts(phase))
        if isinstance(rule, RegoRule):
            if rule.document.names & ROUTE and self._target is None:
                return NO_MODEL
            await rule.prepare(facts, self._here)
        return _judged(rule, facts)

    def _touches(self, side: Phase, altered: frozenset[str], places: frozenset[Place]) -> bool:
        return any(leaf.place in places and path_text(leaf.path) in altered for leaf in self._texts(side).leaves)

    def _masked_headers(self) -> bool:
        said = (self._stored.headers if self._stored is not None else None) or {}
        return any("[" in value for name, value in said.items() if value != MASKED and name != "host")

    def _body(self, phase: Phase) -> bytes:
        stored = self._stored
        if stored is None:
            return b""
        return stored.request if phase is Phase.REQUEST else stored.answer

    def _altered(self, phase: Phase) -> frozenset[str]:
        stored = self._stored
        return frozenset(path for side, path in (stored.altered if stored is not None else ()) if side == phase.value)

    def _hidden(self, phase: Phase) -> list[Hidden]:
        stored = self._stored
        return [one for one in (stored.hidden if stored is not None else ()) if one.side == phase.value]

    def _texts(self, phase: Phase) -> Texts:
        return open_request(self._request()) if phase is Phase.REQUEST else open_answer(self._body(phase))

    def _request(self, *, bare: bool = False) -> Asked:
        record = self._record
        operation = Operation(record.operation)
        if bare or self._stored is None:
            return Asked(operation, DialectName.OPENAI_CHAT, record.model_asked or "", record.stream, b"{}", {})
        dialect = DialectName(self._stored.dialect)
        side = CALLERS.get(dialect) or WHOLE_CALLERS[dialect]
        asked = side.read_asked(self._stored.request)
        asked.model, asked.stream, asked.operation = record.model_asked or "", record.stream, operation
        return asked

    def _facts(self, phase: Phase, texts: Texts, *, bare: bool = False) -> Facts:
        record = self._record
        said: Mapping[str, str] = (self._stored.headers if self._stored is not None else None) or {}
        principal = Principal(record.key_id or "", record.org or "", record.project or "", record.proxy, record.user)
        setting = Setting(
            principal,
            ProjectEntry(principal.project, principal.org),
            record.surface,
            {name.encode(): value.encode() for name, value in said.items()},
            record.properties or {},
            dict,
            record.session_id,
            record.turn or 1,
            record.at,
            record.session_path,
        )
        asked = self._request(bare=bare)
        if phase is Phase.REQUEST:
            return Facts(phase, setting, asked, lambda: texts, self._target)
        facts = Facts(Phase.REQUEST, setting, asked, lambda: open_request(asked), self._target)
        facts.answered(Said(self._body(phase), record.usage, record.finish), lambda: texts)
        return facts


def _found_by(rule: TextRule, hidden: Sequence[Hidden]) -> list[Hidden]:
    """What was masked that the rule's own detectors look for."""
    names = {detector.name for detector in detectors()}
    kinds = {
        (detector.name, pattern.kind)
        for detector in rule.detectors
        if detector.name in names
        for pattern in getattr(detector, "patterns", ())
    }
    return [one for one in hidden if (one.detector, one.kind) in kinds]


def _judged(rule: Rule, facts: Facts) -> Word:
    ruling = Engine([rule], b"", [frozenset({facts.phase})]).judge(facts)
    return Word(ruling.effect, ruling.signals)
