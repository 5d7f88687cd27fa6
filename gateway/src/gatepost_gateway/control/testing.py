"""Test cases run against a policy: what became of each, and which rules said something in any of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from gatepost_gateway.control.cases import Case, Tests
from gatepost_gateway.control.compose import DEFAULT_ORG
from gatepost_gateway.dialects.leaves import open_answer, open_request
from gatepost_gateway.dialects.registry import CALLERS, WHOLE_CALLERS
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.findings import Leaf, Place
from gatepost_gateway.domain.governance import Effect, Mode, Principal
from gatepost_gateway.domain.snapshot import ProjectEntry, Snapshot
from gatepost_gateway.policy.facts import Said, Setting
from gatepost_gateway.policy.marks import path_text
from gatepost_gateway.policy.rego.here import Here, written_rules
from gatepost_gateway.policy.trial import Draft, Question, Tried, try_call
from gatepost_gateway.settings import DEFAULT_PROJECT, SANDBOX_MODEL
from gatepost_gateway.settings.cases import InputShape
from gatepost_gateway.settings.rules import plain

_OPERATIONS: Mapping[DialectName, Operation] = {
    DialectName.OPENAI_EMBEDDINGS: Operation.EMBED,
    DialectName.GEMINI_EMBED: Operation.EMBED,
    DialectName.GEMINI_BATCH_EMBED: Operation.EMBED,
    DialectName.OPENAI_IMAGES: Operation.IMAGE,
}
_IN_PATH = frozenset({DialectName.GEMINI_GENERATE, DialectName.GEMINI_EMBED, DialectName.GEMINI_BATCH_EMBED})
"""Formats that name the model beside the body."""
_MESSAGE = frozenset({"role", "content", "tool_calls", "refusal", "reasoning_content"})


class Ran(Struct, frozen=True):
    """One case: what became of it, and how that differs from what was wanted."""

    case: Case
    tried: Tried | None
    differences: tuple[str, ...] = ()


class Covered(Struct, frozen=True):
    """One rule, and whether it said anything in any case. `where`: its line, for Rego."""

    rule: str
    kind: str
    where: str | None
    fired: bool


class Report(Struct):
    """What a run came to."""

    ran: list[Ran] = field(default_factory=list[Ran])
    covered: list[Covered] = field(default_factory=list[Covered])

    @property
    def failed(self) -> list[Ran]:
        return [one for one in self.ran if one.differences]

    @property
    def percent(self) -> float:
        """Of the rules that said something; 100 where there is no rule."""
        fired = sum(1 for one in self.covered if one.fired)
        return round(100 * fired / len(self.covered), 1) if self.covered else 100.0


async def run_tests(tests: Tests) -> Report:
    """Every case, in its order."""
    document = tests.policy.document
    assert document is not None
    here = Here(traced=True)
    snapshot = Snapshot(document)
    drafts = tests.policy.draft(), tests.policy.draft(answers=True)
    report = Report()
    known = {name for rule in document.rules for name in (rule.name, rule.kind)}
    for case in tests.cases:
        if case.target is not None and case.target not in known:
            report.ran.append(Ran(case, None, (f"`{case.target}` is no rule and no kind of this policy",)))
            continue
        draft = drafts[case.said.input.answer is not None]
        report.ran.append(await _run(case, draft, snapshot, here))
    report.covered = [*_chain(tests, report.ran), *_rego(tests, here)]
    return report


async def _run(case: Case, draft: Draft, snapshot: Snapshot, here: Here) -> Ran:
    try:
        question = question_of(case.said.input, snapshot)
    except GatewayError as error:
        return Ran(case, None, (f"its input is no request: {error.public}",))
    tried = await try_call(draft, question, here)
    return Ran(case, tried, tuple(_differences(case, tried, question)))


def question_of(said: InputShape, snapshot: Snapshot) -> Question:
    """A case's input as a call. Raises GatewayError for a body that its format does not allow."""
    proxy = snapshot.proxies.get(said.proxy or "")
    project_id = proxy.project if proxy is not None else said.project or DEFAULT_PROJECT
    project = snapshot.projects.get(project_id) or ProjectEntry(project_id, DEFAULT_ORG)
    asked = _asked(said, project.default_model or SANDBOX_MODEL)
    setting = Setting(
        Principal(said.key or "test", project.org, project.id, said.proxy, said.user),
        project,
        "anthropic" if asked.dialect is DialectName.ANTHROPIC_MESSAGES else "openai",
        {name.lower().encode(): value.encode() for name, value in said.headers.items()},
        said.properties,
        lambda: plain(said.metadata),
        said.session_id,
        said.turn or 1,
        session_path=said.session_path,
    )
    entries = snapshot.called(project.id, said.target or asked.model)
    answer = Said(_answer(said)) if said.answer is not None else None
    judges = {rule: msgspec.json.encode(plain(verdict)) for rule, verdict in said.judges.items()}
    return Question(setting, asked, entries[0] if entries else None, answer, judges)


def _asked(said: InputShape, model: str) -> Asked:
    dialect = DialectName(said.format or DialectName.OPENAI_CHAT)
    if said.body is not None:
        body: dict[str, Any] = plain(said.body)
    else:
        messages = said.messages if said.messages is not None else [{"role": "user", "content": said.text}]
        body = {"messages": plain(messages), **({"tools": plain(said.tools)} if said.tools else {})}
    if dialect not in _IN_PATH and (said.model is not None or "model" not in body):
        body = {"model": said.model or model, **{name: one for name, one in body.items() if name != "model"}}
    side = CALLERS.get(dialect) or WHOLE_CALLERS[dialect]
    asked = side.read_asked(msgspec.json.encode(body))
    if dialect in _IN_PATH:
        asked.model = said.model or model
    asked.operation = _OPERATIONS.get(dialect, Operation.CHAT)
    return asked


def _answer(said: InputShape) -> bytes:
    """A text or a message is an answer of OpenAI's chat; everything else is the answer's body."""
    answer: Any = plain(said.answer)
    if isinstance(answer, str):
        answer = {"role": "assistant", "content": answer}
    elif said.format not in (None, DialectName.OPENAI_CHAT.value) or not answer.keys() <= _MESSAGE:
        return msgspec.json.encode(answer)
    return msgspec.json.encode({"choices": [{"index": 0, "message": {"role": "assistant", **answer}}]})


def _differences(case: Case, tried: Tried, question: Question) -> Iterator[str]:
    want = case.said.want
    told = (
        ("verdict", want.verdict, tried.effect.value),
        ("rule", want.rule, tried.rule),
        ("phase", want.phase, tried.phase.value if tried.phase is not None else None),
        ("code", want.code, tried.code),
    )
    for name, wanted, got in told:
        if wanted is not None and wanted != got:
            why = f" ({tried.reason})" if name == "verdict" and tried.reason else ""
            yield f"{name} is `{got}`, not `{wanted}`{why}"
    if want.reason is not None and want.reason not in (tried.reason or ""):
        yield f"reason is `{tried.reason}`, which does not hold `{want.reason}`"
    if want.observed is not None and sorted(want.observed) != (seen := _observed(tried)):
        yield f"observed is {seen}, not {sorted(want.observed)}"
    yield from _texts(case, tried, question)


def _observed(tried: Tried) -> list[str]:
    acted = (one for one in tried.decisions if one.mode is Mode.OBSERVE and one.effect not in (None, Effect.ALLOW))
    return sorted({one.rule for one in acted})


def _texts(case: Case, tried: Tried, question: Question) -> Iterator[str]:
    want = case.said.want
    if want.text is None and not want.texts:
        return
    if tried.effect in (Effect.BLOCK, Effect.ESCALATE):
        yield "nothing goes on: there is no text"
        return
    leaves = _leaves(tried, question)
    place = Place.ASSISTANT if tried.answer is not None else Place.USER
    text = "\n".join(one.text for one in leaves if one.place is place)
    if want.text is not None and text != want.text:
        yield f"text is `{text}`, not `{want.text}`"
    found = {path_text(one.path): one.text for one in leaves}
    for path, wanted in want.texts.items():
        if found.get(path) != wanted:
            yield f"the text at `{path}` is `{found.get(path)}`, not `{wanted}`"


def _leaves(tried: Tried, question: Question) -> Sequence[Leaf]:
    """Of the side that goes on last."""
    if tried.answer is not None:
        return open_answer(tried.answer).leaves
    return open_request(msgspec.structs.replace(question.asked, body=tried.request)).leaves


def _chain(tests: Tests, ran: Iterable[Ran]) -> Iterator[Covered]:
    fired = {
        one.rule
        for case in ran
        for one in (case.tried.decisions if case.tried is not None else ())
        if one.found or one.effect not in (None, Effect.ALLOW)
    }
    document = tests.policy.document
    for rule in document.rules if document is not None else ():
        yield Covered(rule.name, rule.kind, None, rule.name in fired)


def _rego(tests: Tests, here: Here) -> Iterator[Covered]:
    """Each rule that is written in a policy. The same text at two places is one policy."""
    document = tests.policy.document
    owners = (*document.projects, *document.proxies) if document is not None else ()
    sources = {entry.source: entry.name for owner in owners for entry in owner.rego}
    for source, name in sources.items():
        fired = here.fired.get(source, set())
        for rule in written_rules(source):
            yield Covered(f"{name}: {rule.name}", "rego", f"line {rule.line}", rule.line in fired)
