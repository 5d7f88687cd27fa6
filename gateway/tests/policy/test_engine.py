"""Deny beats allow in any order, a failing rule denies, observe never acts, and every rule leaves a decision."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects.leaves import open_request
from gatepost_gateway.dialects.openai_chat import read_asked
from gatepost_gateway.dialects.rewriting import rewrite
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.domain.governance import ALLOWED, Effect, Phase, Ruling
from gatepost_gateway.policy.engine import PIECE, Engine
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.rules import Reach, Rule, Vote
from tests.policy.kit import OBSERVE, Says, Words, answered, facts_of, matching

CONTENT = ("messages", 0, "content")


def judge(text: str, *rules: Rule) -> Ruling:
    return Engine(rules, b"key").judge(facts_of(text))


def test_without_rules_it_allows_and_decides_nothing() -> None:
    assert judge("hello") is ALLOWED


def test_a_block_names_its_rule_and_its_reason() -> None:
    ruling = judge("open the Sesame", Words("seed", Effect.BLOCK, ["sesame"]))
    assert (ruling.effect, ruling.rule, ruling.reason, ruling.code) == (Effect.BLOCK, "seed", "seed was said", "seed")
    (said,) = ruling.decisions
    assert (said.rule, said.kind, said.phase, said.effect, said.found) == ("seed", "words", "request", Effect.BLOCK, 1)
    assert [(one.path, one.start, one.end) for one in said.marks] == [("messages[0].content", 9, 15)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_deny_beats_allow_in_any_order(order: tuple[int, ...]) -> None:
    rules = [
        Says("fine", Vote(Effect.ALLOW)),
        Words("swap", Effect.REDACT, ["a"]),
        Says("ask", Vote(Effect.ESCALATE)),
        Words("stop", Effect.BLOCK, ["a"]),
    ]
    ruling = judge("a", *(rules[at] for at in order))
    assert (ruling.effect, ruling.rule, ruling.changes) == (Effect.BLOCK, "stop", {})
    assert {one.rule for one in ruling.decisions} == {"fine", "swap", "ask", "stop"}


def test_a_redaction_is_no_shield_from_a_block() -> None:
    """Rules look at the call as it came, whatever others want replaced in it."""
    swap, stop = Words("swap", Effect.REDACT, ["sesame"]), Words("stop", Effect.BLOCK, ["sesame"])
    assert judge("sesame", swap, stop).effect is judge("sesame", stop, swap).effect is Effect.BLOCK


def test_redactions_of_several_rules_meet_in_one_text() -> None:
    ruling = judge("mail bob@x.org or 123", Words("m", Effect.REDACT, matching("m", r"\w+@\w+\.\w+"), mark="[M]"),
                   Words("n", Effect.REDACT, matching("n", r"\d+"), mark="[N]"))  # fmt: skip
    assert (ruling.effect, ruling.changes) == (Effect.REDACT, {CONTENT: "mail [M] or [N]"})


def test_a_failing_rule_denies_in_its_own_name() -> None:
    ruling = judge("hello", Says("broken", RuntimeError("bob@example.org")), Says("fine", None))
    assert (ruling.effect, ruling.rule, ruling.code) == (Effect.BLOCK, "broken", "policy_error")
    assert "bob@" not in repr(ruling)


def test_a_failing_detector_denies_for_all_who_listen() -> None:
    class Broken(Words):
        def weigh(self, finding: object) -> Vote:
            raise RuntimeError

    assert judge("a", Broken("broken", Effect.ALLOW, ["a"])).code == "policy_error"


def test_observing_never_acts_and_is_recorded() -> None:
    ruling = judge("sesame", Words("stop", Effect.BLOCK, ["sesame"], OBSERVE), Says("no", RuntimeError(), OBSERVE),
                   Words("swap", Effect.REDACT, ["sesame"], OBSERVE))  # fmt: skip
    assert (ruling.effect, ruling.rule, ruling.changes) == (Effect.ALLOW, None, {})
    assert [(one.mode, one.effect) for one in ruling.decisions] == [
        (OBSERVE, Effect.BLOCK),
        (OBSERVE, Effect.BLOCK),
        (OBSERVE, Effect.REDACT),
    ]
    assert ruling.risk == 0.25


def test_an_observer_sends_nobody_anywhere() -> None:
    vote = Vote(Effect.ALLOW, signals=("pii",), tier="secure", max_tokens=5)
    watched = judge("a", Says("s", vote, OBSERVE))
    assert (watched.signals, watched.tier, watched.max_tokens) == (frozenset(), None, None)
    told = judge("a", Says("s", vote), Says("t", Vote(Effect.ALLOW, tier="simple", max_tokens=9)))
    assert (told.signals, told.tier, told.max_tokens) == (frozenset({"pii"}), "secure", 5)


def test_a_rule_reads_only_its_places() -> None:
    rule = Words("stop", Effect.BLOCK, ["sesame"])
    rule.places = frozenset({Place.SYSTEM})
    assert judge("sesame", rule).effect is Effect.ALLOW
    body = {"model": "m", "messages": [{"role": "system", "content": "sesame"}]}
    assert Engine([rule], b"k").judge(facts_of(body)).effect is Effect.BLOCK


def test_a_shared_detector_runs_once() -> None:
    seen: list[str] = []
    inner = matching("d", "a+")

    class Counting:
        name, span = "d", inner.span

        def begin(self):
            seen.append("once")
            return inner.begin()

    one = Counting()
    ruling = judge("aaa", Words("x", Effect.BLOCK, one), Words("y", Effect.REDACT, one))
    assert seen == ["once"]
    assert [said.found for said in ruling.decisions] == [1, 1]


def test_a_call_rule_may_have_things_redacted() -> None:
    vote = Vote(Effect.REDACT, redact=(matching("mail", r"\w+@\w+\.\w+"),))
    ruling = judge("to bob@x.org", Says("rego", vote))
    assert (ruling.effect, ruling.changes) == (Effect.REDACT, {CONTENT: "to [MAIL]"})
    assert ruling.decisions[0].found == 1
    assert judge("to bob@x.org", Says("rego", vote, OBSERVE)).changes == {}


def test_the_response_gate_judges_the_answer() -> None:
    engine = Engine([Words("swap", Effect.REDACT, ["sesame"])], b"k")
    ruling = engine.judge(answered("open sesame"))
    assert ruling.changes == {("choices", 0, "message", "content"): "open [X]"}
    assert ruling.decisions[0].phase == "response"


def test_rules_that_were_never_reached_say_so() -> None:
    engine = Engine([Words("swap", Effect.REDACT, ["a"], OBSERVE)], b"k")
    (said,) = engine.not_run(Phase.RESPONSE, "the request was blocked")
    assert (said.rule, said.effect, said.not_run, said.mode) == ("swap", None, "the request was blocked", OBSERVE)


def test_words_as_numbers_are_refused_not_passed_unread() -> None:
    asked = read_asked(b'{"model":"m","messages":[],"prompt":[1,2]}')
    facts = facts_of("a")
    unread = Facts(Phase.REQUEST, facts.setting, asked, lambda: open_request(asked))
    ruling = Engine([Words("stop", Effect.REDACT, ["a"])], b"k").judge(unread)
    assert (ruling.effect, ruling.code) == (Effect.BLOCK, "unreadable")


def test_a_body_that_cannot_be_read_is_refused_as_such_unless_it_is_only_observed() -> None:
    def unreadable() -> None:
        raise CallerError("a member is there twice")

    facts = facts_of("a")
    broken = Facts(Phase.REQUEST, facts.setting, facts.asked, unreadable)  # type: ignore[arg-type]
    with pytest.raises(CallerError, match="twice"):
        Engine([Words("stop", Effect.BLOCK, ["a"])], b"k").judge(broken)
    broken = Facts(Phase.REQUEST, facts.setting, facts.asked, unreadable)  # type: ignore[arg-type]
    ruling = Engine([Words("stop", Effect.BLOCK, ["a"], OBSERVE)], b"k").judge(broken)
    assert (ruling.effect, ruling.decisions[0].not_run) == (Effect.ALLOW, "a member is there twice")


def test_reach_is_the_farthest_of_its_rules() -> None:
    assert Engine([], b"k").reach is Reach.NOTHING
    assert Engine([Words("a", Effect.BLOCK, ["a"])], b"k").reach is Reach.SPAN
    assert Engine([Words("a", Effect.BLOCK, ["a"]), Says("s", None)], b"k").reach is Reach.WHOLE


words = st.sampled_from(["bob@x.org", "sesame", "12345", "ünï", "\U0001f600", "plain", " "])


@given(st.lists(words, max_size=8).map(" ".join), st.permutations(range(4)))
def test_no_order_changes_a_ruling(text: str, order: list[int]) -> None:
    rules: list[Rule] = [
        Words("mail", Effect.REDACT, matching("m", r"\w+@\w+\.\w+"), mark="[M]"),
        Words("digits", Effect.REDACT, matching("d", r"\d{5}"), mark="[D]"),
        Words("stop", Effect.BLOCK, ["sesame"]),
        Words("see", Effect.BLOCK, ["plain"], OBSERVE),
    ]
    one, other = judge(text, *rules), judge(text, *(rules[at] for at in order))
    assert (one.effect, one.rule, one.changes, one.risk) == (other.effect, other.rule, other.changes, other.risk)
    assert {(d.rule, d.effect, d.marks) for d in one.decisions} == {
        (d.rule, d.effect, d.marks) for d in other.decisions
    }


@given(st.lists(words, max_size=8).map(" ".join))
def test_redaction_touches_no_neighbour_and_is_idempotent(text: str) -> None:
    rule = Words("mail", Effect.REDACT, matching("m", r"\w+@\w+\.\w+"), mark="[M]")
    changes = judge(text, rule).changes
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()
    redacted = json.loads(rewrite(body, changes))["messages"][0]["content"]
    assert redacted == text.replace("bob@x.org", "[M]")
    assert judge(redacted, rule).changes == {}


def test_a_long_text_is_judged_in_steps_to_the_same_ruling() -> None:
    engine = Engine([Words("mail", Effect.REDACT, matching("m", r"\w{1,20}@\w{1,20}\.\w{1,9}"), mark="[M]")], b"k")
    text = "write to bob@x.org and go on " * 500
    steps, count = engine.judging(facts_of(text)), 0
    while True:
        try:
            next(steps)
        except StopIteration as done:
            ruling = done.value
            break
        count += 1
    assert count >= len(text) // PIECE
    assert ruling.changes == {CONTENT: text.replace("bob@x.org", "[M]")}
    assert ruling.changes == engine.judge(facts_of(text)).changes
