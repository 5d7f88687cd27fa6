"""A text on its way: settled as far as nothing can change it, replaced where and when that is sure."""

from gatepost_gateway.domain.findings import Finding, Leaf, Place
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.redaction import Replacement
from gatepost_gateway.policy.rules import Rule, Vote
from gatepost_gateway.policy.tallies import Tallies
from gatepost_gateway.policy.window import Window, ears_of
from tests.policy.kit import OBSERVE, Words, matching

LEAF = Leaf(("answer",), Place.ASSISTANT, "")


def window(*rules: Rule, whole: bool = False, keep: bool = False) -> tuple[Window, Tallies]:
    stage = Engine(rules, b"k").stage(Phase.RESPONSE)
    tallies = Tallies(stage.phase, stage.rules, b"k")
    return Window(ears_of(stage, Place.ASSISTANT), tallies, LEAF, whole=whole, keep=keep), tallies


def test_without_a_listener_all_is_settled():
    made, _ = window()
    made.add("hello")
    made.scan()
    assert (made.end, made.safe, made.changed, made.reads(0, "hello")) == (5, 5, False, "hello")


def test_a_text_is_settled_behind_the_widest_span():
    made, _ = window(Words("a", Effect.REDACT, ["sesame"]), Words("b", Effect.REDACT, matching("b", "x{2,20}")))
    made.add("." * 100)
    made.scan()
    assert made.reach is not None
    assert made.safe == 100 - made.reach
    made.scan(ended=True)
    assert made.safe == 100


def test_what_only_observes_holds_nothing_back():
    made, tallies = window(Words("a", Effect.BLOCK, matching("a", "x.*y"), OBSERVE))
    made.add("x and ")
    made.scan()
    assert made.safe == 6
    made.add("y")
    made.scan(ended=True)
    assert tallies.effect is Effect.ALLOW
    assert tallies.ruling(dict).decisions[0].effect is Effect.BLOCK


def test_a_run_is_replaced_where_it_begins_and_swallows_the_rest():
    made, _ = window(Words("a", Effect.REDACT, matching("a", "x{3,9}"), mark="[X]"))
    made.add("..xxxx..")
    made.scan(ended=True)
    assert [made.reads(0, "..xx"), made.changed, made.reads(4, "xx"), made.reads(6, "..")] == ["..[X]", True, "", ".."]
    assert not made.changed


def test_overlapping_runs_are_one_and_read_like_the_first():
    made, _ = window(
        Words("a", Effect.REDACT, ["bcd"], mark="[a]"),
        Words("b", Effect.REDACT, ["abc"], mark="[b]"),
        Words("c", Effect.REDACT, ["ab"], mark="[c]"),
    )
    made.add("zabcdz")
    made.scan(ended=True)
    assert made.reads(0, "zabcdz") == "z[b]z"


def test_of_a_long_text_only_the_end_is_kept():
    made, _ = window(Words("a", Effect.REDACT, ["sesame"], mark="[a]"))
    piece = "0123456 sesame. "
    for number in range(1000):
        made.add(piece)
        made.scan()
        if number:
            assert made.reads((number - 1) * len(piece), piece) == "0123456 [a]. "
    assert len(made.whole_leaf.text) < 10_000


def test_a_failing_detector_denies():
    class Broken(Words):
        def weigh(self, finding: Finding) -> Vote:
            raise RuntimeError

    made, tallies = window(Broken("a", Effect.REDACT, ["sesame"]))
    made.add("sesame")
    made.scan(ended=True)
    assert tallies.effect is Effect.BLOCK
    assert tallies.ruling(dict).code == "policy_error"


def test_a_whole_text_is_settled_when_it_is_finished():
    made, _ = window(Words("a", Effect.REDACT, ["sesame"], mark="[a]"), whole=True)
    made.add("open sesame now")
    made.scan(ended=True)
    assert (made.safe, made.whole_leaf.text) == (0, "open sesame now")
    made.want(Replacement(0, -4, 1, "[call]"))
    made.finish()
    assert (made.safe, made.reads(0, "open sesame now")) == (15, "[call] [a] now")


def test_a_long_text_that_is_kept_whole_is_not_copied_with_every_piece():
    made, tallies = window(
        Words("a", Effect.REDACT, ["sesame"], mark="[a]"), Words("b", Effect.BLOCK, matching("b", "x.*y")), whole=True
    )
    for _ in range(1000):
        made.add("0123456 sesame. ")
        made.scan()
    assert len(made._text) < 10_000
    assert len(made.whole_leaf.text) == 16_000
    made.add("x and y")
    made.scan(ended=True)
    assert tallies.effect is Effect.BLOCK
