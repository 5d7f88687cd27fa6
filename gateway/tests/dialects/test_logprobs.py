import json

import pytest

from gatepost_gateway.dialects import registry, translation
from gatepost_gateway.dialects.logprobs import read_content, read_result, read_tokens, write_result
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName

from .kit import asked_in

CHAT, RESPONSES, MESSAGES, GENERATE = (
    DialectName.OPENAI_CHAT,
    DialectName.OPENAI_RESPONSES,
    DialectName.ANTHROPIC_MESSAGES,
    DialectName.GEMINI_GENERATE,
)
SIDES = {
    CHAT: registry.OPENAI_CHAT,
    RESPONSES: registry.OPENAI_RESPONSES,
    MESSAGES: registry.ANTHROPIC_MESSAGES,
    GENERATE: registry.GEMINI_GENERATE,
}
TOKENS = [
    {"token": "H\u00e9", "logprob": -0.25, "bytes": [72, 195, 169], "top_logprobs": [
        {"token": "H\u00e9", "logprob": -0.25, "bytes": [72, 195, 169]},
        {"token": "Yo", "logprob": -1.5, "bytes": [89, 111]},
    ]},
    {"token": "!", "logprob": -0.5, "bytes": [33], "top_logprobs": []},
]  # fmt: skip
ASKS = {
    CHAT: {"model": "m", "messages": [{"role": "user", "content": "x"}], "logprobs": True, "top_logprobs": 2},
    RESPONSES: {"model": "m", "input": "x", "include": ["message.output_text.logprobs"], "top_logprobs": 2},
    GENERATE: {
        "contents": [{"role": "user", "parts": [{"text": "x"}]}],
        "generationConfig": {"responseLogprobs": True, "logprobs": 2},
    },
}
WANTED = {
    CHAT: lambda body: (body["logprobs"], body["top_logprobs"]),
    RESPONSES: lambda body: (body["include"] == ["message.output_text.logprobs"], body["top_logprobs"]),
    GENERATE: lambda body: (
        body["generationConfig"]["responseLogprobs"],
        body["generationConfig"]["logprobs"],
    ),
}


@pytest.mark.parametrize("source", ASKS)
@pytest.mark.parametrize("target", [*ASKS, MESSAGES])
def test_a_wish_for_them_is_carried_or_listed(source, target):
    if source is target:
        return
    shape = Shape(model="m", max_output=9)
    body, lost = translation.write_request(asked_in(source, ASKS[source]), SIDES[target], shape)
    if target is MESSAGES:
        assert lost == ("logprobs",)
    else:
        assert (WANTED[target](json.loads(body)), lost) == ((True, 2), ())


def answers(source):
    """The same answer whole and as a stream."""
    if source is CHAT:
        choice = {"index": 0, "message": {"role": "assistant", "content": "H\u00e9!"}, "finish_reason": "stop"}
        yield json.dumps({"choices": [{**choice, "logprobs": {"content": TOKENS, "refusal": None}}]}), False
        pieces = [("H\u00e9", TOKENS[:1]), ("!", TOKENS[1:])]
        chunks = [
            {"choices": [{"index": 0, "delta": {"content": text}, "logprobs": {"content": odds}}]}
            for text, odds in pieces
        ]
        end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        yield "".join(f"data: {json.dumps(one)}\n\n" for one in [*chunks, end]) + "data: [DONE]\n\n", True
    elif source is GENERATE:
        one = {"content": {"parts": [{"text": "H\u00e9!"}], "role": "model"}, "logprobsResult": write_result(TOKENS)}
        body = json.dumps({"candidates": [{**one, "finishReason": "STOP"}], "responseId": "r"})
        yield body, False
        yield f"data: {body}\n\n", True
    else:
        asked = asked_in(RESPONSES)
        chat = list(answers(CHAT))
        asked.stream = False
        yield translation.read_answer(asked, SIDES[CHAT], chat[0][0].encode())[0].decode(), False
        asked.stream = True
        reader = translation.stream_reader(asked, SIDES[CHAT])
        yield (reader.feed(chat[1][0].encode()) + reader.close()).decode(), True


@pytest.mark.parametrize("source", ASKS)
@pytest.mark.parametrize("surface", ASKS)
def test_they_arrive_with_the_text_whole_and_streamed(source, surface):
    for data, stream in answers(source):
        if source is surface:
            continue
        asked = asked_in(surface)
        asked.stream = stream
        side = SIDES[source]
        if stream:
            reader = translation.stream_reader(asked, side)
            out = reader.feed(data.encode()) + reader.close()
            assert (reader.ended, reader.summary.lossy) == (True, ())
            decoder = SIDES[surface].decoder(asked_in(surface))
            events = [*decoder.feed(out), *decoder.close()]
            told = [one for event in events for one in getattr(event, "logprobs", None) or ()]
        else:
            out, summary = translation.read_answer(asked, side, data.encode())
            assert summary.lossy == ()
            told = SIDES[surface].read_reply(out).choices[0].logprobs
        assert [one["token"] for one in told] == ["H\u00e9", "!"]
        assert [one["logprob"] for one in told] == [-0.25, -0.5]
        assert told[0]["bytes"] == TOKENS[0]["bytes"]
        assert [one["token"] for one in told[0]["top_logprobs"]] == ["H\u00e9", "Yo"]


@pytest.mark.parametrize("surface", [MESSAGES, DialectName.OPENAI_COMPLETIONS])
def test_a_format_without_them_says_so(surface):
    for data, stream in answers(CHAT):
        asked = asked_in(surface)
        asked.stream = stream
        if stream:
            reader = translation.stream_reader(asked, SIDES[CHAT])
            reader.feed(data.encode())
            assert reader.summary.lossy == ("logprobs",)
        else:
            assert translation.read_answer(asked, SIDES[CHAT], data.encode())[1].lossy == ("logprobs",)


def test_what_tells_them_in_another_way_is_not_taken_for_them():
    assert read_tokens([{"token": "a"}]) == [{"token": "a"}]
    for odd in (None, [], {}, [1], [{"token": "a"}, {"text": "b"}]):
        assert read_tokens(odd) is None
    assert read_content({"content": TOKENS, "refusal": []}) == TOKENS
    assert read_content({"content": TOKENS, "refusal": TOKENS}) is None
    assert read_content({"tokens": ["a"], "token_logprobs": [0.1]}) is read_content(None) is None
    assert read_result(None) is read_result({"logProbabilitySum": 1.0}) is None
    with pytest.raises(Malformed):
        read_result({"chosenCandidates": [1]})
