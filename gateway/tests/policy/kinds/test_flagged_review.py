"""`flagged-review`: what the judge reads, the modes, and reviews of reviews."""

import json
from typing import Any

import msgspec
import pytest

from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.domain.governance import Effect, Mode, Ruling
from gatepost_gateway.domain.review import Inquiry, NoVerdict
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.flagged_review import DEPTH_HEADER
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.pipeline.fakes import entry
from tests.policy.kinds.making import engine, spec
from tests.policy.kit import answered

PROVIDER = {"endpoint": "https://judge.test/v1/chat/completions", "model": "j"}
AT = 1_700_000_000


def reviewed(answer: Any, facts: Facts | None = None, **settings: Any) -> tuple[Inquiry | None, Ruling]:
    """The question, and the ruling after the judge's answer."""
    facts = facts or answered("it is fine")
    facts.setting = msgspec.structs.replace(facts.setting, at=AT * 1_000_000)
    steps = engine(spec("flagged-review", **{"provider": PROVIDER, **settings})).judging(facts)
    asked = None
    while True:
        try:
            inquiries = next(steps)
        except StopIteration as done:
            return asked, done.value
        if inquiries:
            (asked,) = inquiries
            content = json.dumps(answer)
            said = {"choices": [{"message": {"role": "assistant", "content": content}}]}
            facts.elsewhere[asked.key] = answer if isinstance(answer, NoVerdict) else json.dumps(said).encode()


FLAGGED = {"flagged": True, "categories": ["leak"], "rationale": "it quotes bob@example.org"}


def test_the_judge_reads_question_and_answer_as_data() -> None:
    asked, ruling = reviewed({"flagged": False})
    assert asked is not None
    body = json.loads(asked.body)
    assert (body["model"], body["temperature"]) == ("j", 0)
    assert json.loads(body["messages"][1]["content"]) == {"question": ["hello"], "answer": ["it is fine"]}
    assert (ruling.effect, ruling.decisions[0].not_run) == (Effect.ALLOW, None)


@pytest.mark.parametrize(
    ("mode", "effect"),
    [("judge", Effect.BLOCK), ("escalate", Effect.ESCALATE), ("review_and_return", Effect.ALLOW)],
)
def test_a_mode_says_what_becomes_of_a_flagged_answer(mode: str, effect: Effect) -> None:
    for name in ("mode", "review"):
        _, ruling = reviewed(FLAGGED, **{name: mode})
        (decision,) = ruling.decisions
        assert (ruling.effect, decision.effect, decision.code) == (effect, effect, "flagged")
        assert decision.reason == "a review flags it: leak"
        assert decision.mode is Mode.ENFORCE


def test_an_audit_only_observes() -> None:
    _, ruling = reviewed(FLAGGED, review="audit_only")
    (decision,) = ruling.decisions
    assert (ruling.effect, decision.mode, decision.code) == (Effect.ALLOW, Mode.OBSERVE, "flagged")


def test_reasons_are_recorded_only_where_that_is_wanted_and_masked() -> None:
    assert reviewed(FLAGGED)[1].decisions[0].rationale is None
    assert reviewed(FLAGGED, rationale_capture=True)[1].decisions[0].rationale == "it quotes [EMAIL]"
    fine = {"flagged": False, "rationale": "x" * 1000}
    assert reviewed(fine, rationale_capture=True)[1].decisions[0].rationale == "x" * 500


def depth_header(asked: Inquiry | None) -> bytes:
    assert asked is not None
    return dict(asked.headers)[DEPTH_HEADER]


def under(header: bytes) -> Facts:
    facts = answered("it is fine")
    facts.setting = msgspec.structs.replace(facts.setting, headers={DEPTH_HEADER: header})
    return facts


def test_a_review_is_not_reviewed_for_ever() -> None:
    header = depth_header(reviewed({"flagged": False})[0])
    asked, ruling = reviewed(FLAGGED, under(header))
    assert asked is None
    assert ruling.decisions[0].not_run == "this call is a review itself"
    deeper, _ = reviewed({"flagged": False}, under(header), recursion_depth_max=2)
    assert depth_header(deeper).startswith(b"2.")


@pytest.mark.parametrize("forge", [b"9.%d.%s" % (AT, b"0" * 32), b"9", b"", b"1.1." + b"a" * 32])
def test_a_caller_cannot_say_that_it_is_a_review(forge: bytes) -> None:
    assert reviewed(FLAGGED, under(forge))[1].effect is Effect.BLOCK


def test_an_old_depth_is_none() -> None:
    header = depth_header(reviewed({"flagged": False})[0])
    depth, at, mac = header.split(b".")
    assert reviewed(FLAGGED, under(b".".join((depth, b"%d" % (int(at) - 601), mac))))[1].effect is Effect.BLOCK


def test_a_judge_may_have_to_be_elsewhere() -> None:
    facts = answered("it is fine")
    facts.target = entry(base_url="https://judge.test/v1")
    asked, ruling = reviewed({"flagged": False}, facts, provider_isolation=True)
    assert (asked, ruling.code) == (None, "not_reviewed")
    facts = answered("it is fine")
    facts.target = entry(base_url="https://other.test/v1")
    assert reviewed({"flagged": False}, facts, provider_isolation=True)[1].effect is Effect.ALLOW


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mode": "judge", "review": "escalate"}, "say one of them"),
        ({"recursion_depth_max": 0}, "at least 1"),
        ({"criteria": " "}, "nothing would be flagged"),
        ({"max_chars": 0}, "at least 1"),
        ({"provider": {**PROVIDER, "secret_key_ref": {"env": "GATEPOST_X"}}}, "gateway's own"),
        ({"provider": {**PROVIDER, "timeout_ms": 0}}, "timeout_ms"),
        ({"provider": {"model": "j"}}, "`endpoint` is missing"),
    ],
)
def test_what_cannot_be_carried_out_does_not_load(settings: Any, words: str) -> None:
    with pytest.raises(Unloadable, match=words):
        load_rule(RuleSpec(name="r", kind="flagged-review", settings={"provider": PROVIDER, **settings}), Toolbox())
