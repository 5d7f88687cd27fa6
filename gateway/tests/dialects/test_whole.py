import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects import whole
from gatepost_gateway.dialects.registry import BEDROCK_EMBED, GEMINI_EMBED, OPENAI_EMBEDDINGS
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.ports import Answered

from .making_kit import asked_in

ASKED = {
    DialectName.OPENAI_EMBEDDINGS: {"model": "m", "input": ["a"], "brand_new": {"x": 1}},
    DialectName.GEMINI_EMBED: {"content": {"parts": [{"text": "a"}]}, "brandNew": 1},
    DialectName.GEMINI_BATCH_EMBED: {
        "requests": [{"model": "models/m", "content": {"parts": [{"text": "a"}]}, "x": 1}]
    },
}
SIDES = {"openai": OPENAI_EMBEDDINGS, "gemini": GEMINI_EMBED, "bedrock": BEDROCK_EMBED}


@pytest.mark.parametrize("dialect", ASKED)
def test_what_is_not_known_survives_on_the_same_format(dialect: DialectName) -> None:
    raw = json.dumps(ASKED[dialect], indent=1).encode()
    side = next(side for side in SIDES.values() if side.same and dialect in side.same.dialects)
    assert whole.write_request(asked_in(dialect, raw), side, Shape(model="m")) == ([raw], ())


def test_what_is_nested_too_deeply_to_be_passed_is_the_callers_mistake() -> None:
    """The depth at which that is so hangs on the stack: somewhere in here it is met behind the reading."""
    refused: list[int] = []
    for depth in range(900, 1000):
        nested = b'{"a":' * depth + b"1" + b"}" * depth
        requests = b'[{"model":' + nested + b',"content":{"parts":[{"text":"x"}]}}]'
        asked = asked_in(DialectName.GEMINI_BATCH_EMBED, ASKED[DialectName.GEMINI_BATCH_EMBED])
        asked.body, asked.fields = b'{"requests":' + requests + b"}", {"requests": msgspec.Raw(requests)}
        try:
            whole.write_request(asked, GEMINI_EMBED, Shape(model="m"))
        except CallerError as error:
            refused.append(error.status)
    assert set(refused) == {400}


def test_the_answer_of_the_same_format_passes_as_it_came() -> None:
    said = b'{ "data" : [ {"embedding": "AAAA", "new": 1} ], "usage": {"prompt_tokens": 2}, "more": [] }'
    body, summary = whole.read_answer(
        asked_in(DialectName.OPENAI_EMBEDDINGS, ASKED[DialectName.OPENAI_EMBEDDINGS]),
        OPENAI_EMBEDDINGS,
        [Answered(said)],
    )
    assert body is said
    assert summary.usage is not None
    assert summary.usage.input == 2


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("dialect", ASKED)
def test_no_member_is_sent_that_says_nothing(dialect: DialectName, side: str) -> None:
    written, _ = whole.write_request(
        asked_in(dialect, ASKED[dialect]), SIDES[side], Shape(model="cohere.embed-english-v3")
    )
    assert b"null" not in b"".join(written)


def test_a_call_becomes_so_many_requests_and_no_more() -> None:
    def ask(count: int) -> int:
        body = {"model": "m", "input": ["a"] * count}
        asked = asked_in(DialectName.OPENAI_EMBEDDINGS, body)
        return len(whole.write_request(asked, BEDROCK_EMBED, Shape(model="amazon.titan-embed-text-v2:0"))[0])

    assert ask(whole.MOST_REQUESTS) == whole.MOST_REQUESTS
    with pytest.raises(CallerError, match="256 are the most") as refused:
        ask(whole.MOST_REQUESTS + 1)
    assert refused.value.status == 422


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(sorted(SIDES)), st.sampled_from(sorted(ASKED)))
def test_garbage_is_an_error_and_never_an_answer(data: bytes, side: str, dialect: DialectName) -> None:
    with pytest.raises(ValueError):
        whole.read_answer(asked_in(dialect, ASKED[dialect]), SIDES[side], [Answered(data)])
