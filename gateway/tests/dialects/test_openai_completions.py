import msgspec
import pytest

from gatepost_gateway.dialects import openai_chat_request, openai_completions, registry, translation
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import Losses
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.usage import Usage

from ..recordings import need

COMPLETIONS = DialectName.OPENAI_COMPLETIONS


def read(**body):
    return openai_completions.read_asked(msgspec.json.encode({"model": "m", "prompt": "Hi", **body}))


def to_chat(asked):
    body, lossy = translation.write_request(asked, registry.OPENAI_CHAT, Shape(model="m", stream=asked.stream))
    return msgspec.json.decode(body), lossy


@pytest.mark.parametrize(
    ("body", "choices", "cap", "predicted"),
    [
        ({}, 1, None, 0),
        ({"prompt": [1, 2, 3]}, 1, None, 0),
        ({"prompt": ["a", "b"], "n": 3, "max_tokens": 9}, 6, 9, 0),
        ({"prompt": [[1], [2, 3]], "best_of": 4}, 8, None, 0),
        ({"prompt": "Hello", "echo": True}, 1, None, 7),
    ],
)
def test_what_may_be_billed_is_counted(body, choices, cap, predicted):
    asked = read(**body)
    assert (asked.choices, asked.max_output, asked.predicted) == (choices, cap, predicted)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"prompt": []}, "`prompt`"),
        ({"prompt": {"a": 1}}, "text completion request"),
        ({"n": 0}, "`n`"),
        ({"best_of": 129}, "`best_of`"),
        ({"max_tokens": 0}, "`max_tokens`"),
        ({"model": ""}, "`model`"),
        ({"Prompt": "x"}, "did you mean `prompt`"),
    ],
)
def test_what_is_wrong_is_named(body, words):
    with pytest.raises(CallerError, match=words):
        read(**body)


def test_the_same_format_keeps_every_byte_but_what_must_change():
    body = b'{ "model":"m","prompt":"H\xc3\xa4","logprobs" : 2,"x":1 }'
    asked = openai_completions.read_asked(body)
    assert openai_completions.pass_request(asked, Shape(model="m")) is body
    capped = openai_completions.pass_request(asked, Shape(model="n", cap=5))
    assert msgspec.json.decode(capped) == {"model": "n", "prompt": "Hä", "logprobs": 2, "x": 1, "max_tokens": 5}
    streamed = read(stream=True)
    sent = msgspec.json.decode(openai_completions.pass_request(streamed, Shape(model="m", stream=True)))
    assert sent["stream_options"] == {"include_usage": True}


def test_a_prompt_becomes_one_message_and_what_has_no_place_is_listed():
    body, lossy = to_chat(
        read(
            prompt=["Say hi"], max_tokens=4, stop="\n", temperature=0, n=2, seed=1, suffix="end", echo=True, logprobs=1
        )
    )
    assert body["messages"] == [{"role": "user", "content": "Say hi"}]
    assert (body["max_completion_tokens"], body["stop"], body["temperature"], body["n"]) == (4, ["\n"], 0, 2)
    assert set(lossy) == {"suffix", "echo", "logprobs"}
    assert to_chat(read(suffix="", echo=False, best_of=1, logit_bias={}))[1] == ()


@pytest.mark.parametrize("prompt", [["a", "b"], [1, 2], [[1]]])
def test_several_prompts_or_tokens_are_refused_before_anything_is_sent(prompt):
    with pytest.raises(CallerError) as caught:
        to_chat(read(prompt=prompt))
    assert (caught.value.code, caught.value.status) == (Code.NOT_TRANSLATABLE, 422)


def test_a_chat_is_not_sent_to_who_only_completes():
    asked = registry.CALLERS[DialectName.OPENAI_CHAT].read_asked(b'{"model":"m","messages":[]}')
    with pytest.raises(CallerError, match="does not chat"):
        openai_completions.write_request(openai_chat_request.read_request(asked), Shape(model="m"), Losses())
    with pytest.raises(ValueError, match="none"):
        openai_completions.refuse_reply(b"{}")


def test_an_answer_in_another_format_becomes_text():
    asked = read()
    asked.at, asked.name = 7, "abc"
    said = {
        "model": "claude",
        "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "hey"}],
        "stop_reason": "max_tokens",
        "usage": {"input_tokens": 3, "output_tokens": 5},
    }
    body, summary = translation.read_answer(asked, registry.ANTHROPIC_MESSAGES, msgspec.json.encode(said))
    assert msgspec.json.decode(body) == {
        "id": "cmpl-abc",
        "object": "text_completion",
        "created": 7,
        "model": "claude",
        "choices": [{"text": "hey", "index": 0, "logprobs": None, "finish_reason": "length"}],
        "usage": {
            "prompt_tokens": 3,
            "completion_tokens": 5,
            "total_tokens": 8,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }
    assert (summary.lossy, summary.usage) == (("content.reasoning",), Usage(input=3, output=5))


def test_every_recording_passes_unchanged_with_its_usage():
    seen = 0
    for row in need("provider-recordings/openai.jsonl"):
        if row["operation"] != "completions" or row["response"]["status"] != 200:
            continue
        body = row["request"]["body"]
        asked = openai_completions.read_asked(msgspec.json.encode(body))
        assert openai_completions.pass_request(asked, Shape(model=body["model"])) is asked.body
        answer = msgspec.json.encode(row["response"]["body"])
        passed, summary = translation.read_answer(asked, registry.OPENAI_COMPLETIONS, answer)
        usage = row["response"]["body"].get("usage")
        assert passed is answer
        if usage:
            assert summary.usage.input + summary.usage.output == usage["total_tokens"], row["id"]
        assert len(summary.finish) == len(row["response"]["body"]["choices"])
        seen += 1
    assert seen > 15


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b"\xff", b'{"choices":3}'])
def test_what_is_no_completion_is_not_one(body):
    with pytest.raises(Malformed):
        openai_completions.summarise(body)
