"""What the real detectors redact: twice is once, neighbours stay, whatever the script and the cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.dialects.frame_readers import FRAMES
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.findings import Texts
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts, Said
from gatepost_gateway.policy.gate import Gates
from tests.detect.secrets.made import base62
from tests.policy.kinds.making import engine, spec
from tests.policy.kit import facts_of
from tests.policy.streams import FORMATS, Step

TOKEN = "ghp_" + base62(36)
KNOWN = {
    "jo.doe@example.com": "[EMAIL]",
    "4111 1111 1111 1111": "[CARD]",
    "GB82 WEST 1234 5698 7654 32": "[IBAN]",
    TOKEN: "[GITHUB_TOKEN]",
}
BLANKS = (" ", "\n", " — ", "、", " 🙂 ")
MARKS = "aéßñ жд αβ 漢字かな 한글 ไทย हिन्दी עברית سلام 🙂👩👧 e\u0301 \u200d\u202e.,;!?\n"
BESIDE = st.text(st.sampled_from(MARKS), min_size=1, max_size=24).map(lambda text: text.strip() or "…")
CHAIN = (spec("pii-detector", action="redact"), spec("secret-detector", action="redact"))


@pytest.fixture(scope="module")
def chain() -> Engine:
    return engine(*CHAIN)


def redacted(chain: Engine, text: str) -> str:
    ruling = chain.judge(facts_of(text))
    return ruling.changes.get(("messages", 0, "content"), text)


def answered(texts: Texts) -> Facts:
    facts = facts_of("hello")
    facts.answered(Said(b""), lambda: texts)
    return facts


def streamed(chain: Engine, text: str, cuts: list[int]) -> str:
    """What goes out of an answer that comes in these pieces."""
    places = sorted({0, len(text), *(place for place in cuts if place < len(text))})
    pieces = tuple(text[start:end] for start, end in itertools.pairwise(places))
    chat = FORMATS["openai_chat"]
    gate = Gates(chain).open(FRAMES[DialectName("openai_chat")](), answered)
    out = b"".join(gate.feed(event) for event in chat.stream([Step("text", pieces)])) + gate.close()
    (said,) = {words for words in chat.read_stream(out).values() if words}
    return said


@given(
    st.lists(st.tuples(BESIDE, st.sampled_from(sorted(KNOWN)), st.sampled_from(BLANKS)), min_size=1, max_size=4), BESIDE
)
def test_neighbours_stay_where_they_are_and_twice_is_once(
    chain: Engine, parts: list[tuple[str, str, str]], last: str
) -> None:
    text = "".join(f"{beside}{blank}{known}{blank}" for beside, known, blank in parts) + last
    wanted = "".join(f"{beside}{blank}{KNOWN[known]}{blank}" for beside, known, blank in parts) + last
    assert redacted(chain, text) == wanted
    assert redacted(chain, wanted) == wanted


@given(BESIDE, st.sampled_from(sorted(KNOWN)), BESIDE, st.lists(st.integers(0, 120), max_size=6))
def test_every_cut_of_an_answer_reads_like_the_whole(
    chain: Engine, before: str, known: str, after: str, cuts: list[int]
) -> None:
    text = f"{before} {known} {after}"
    assert streamed(chain, text, cuts) == f"{before} {KNOWN[known]} {after}"


@given(st.sampled_from(sorted(KNOWN)), BESIDE)
def test_no_record_shows_what_was_found(chain: Engine, known: str, beside: str) -> None:
    ruling = chain.judge(facts_of(f"{beside} {known} {beside}"))
    assert ruling.effect is Effect.REDACT
    assert known not in repr(ruling.decisions)
    assert known not in repr((ruling.reason, ruling.code, ruling.rule))
