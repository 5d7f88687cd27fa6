import json

import pytest

from gatepost_gateway.dialects.frames import Frame, Grain
from gatepost_gateway.dialects.gemini_generate_frames import GeminiFrames
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.domain.findings import Place


def event(*parts, index=0, **more) -> bytes:
    candidate = {"content": {"parts": list(parts), "role": "model"}, "index": index, **more}
    return b"data: " + json.dumps({"candidates": [candidate], "modelVersion": "m"}).encode() + b"\r\n\r\n"


def said(frame: Frame):
    return [(slot.text, slot.key, slot.grain) for slot in frame.slots]


def test_parts_of_one_kind_are_one_text_and_another_kind_parts_them():
    reader = GeminiFrames()
    grows = Grain.GROWS
    assert said(reader.read(event({"text": "a", "thought": True}))) == [("a", (0, 1, "thought"), grows)]
    frame = reader.read(event({"text": "b"}))
    assert (said(frame), frame.ends) == ([("b", (0, 2, "text"), grows)], ((0, 1),))
    frame = reader.read(event({"text": "c"}))
    assert (said(frame), frame.ends) == ([("c", (0, 2, "text"), grows)], ())
    frame = reader.read(event({"functionCall": {"name": "f", "args": {"q": "x"}}}, {"text": "d"}))
    assert frame.ends == ((0, 2), (0, "calls", 1))
    assert said(frame) == [
        ("f", (0, "calls", 1), Grain.CALLS),
        ("x", (0, "calls", 1), Grain.ALONE),
        ("d", (0, 4, "text"), grows),
    ]
    assert frame.slots[0].arguments == '{"q":"x"}'
    assert reader.read(event({"text": ""}, finishReason="STOP")).ends == ((0,),)


def test_thoughts_have_their_place():
    (slot,) = GeminiFrames().read(event({"text": "a", "thought": True, "thoughtSignature": "s"})).slots
    assert slot.place is Place.REASONING


def test_a_call_in_pieces_is_put_together():
    reader = GeminiFrames()
    path = {"jsonPath": "$.q"}
    first = reader.read(event({"functionCall": {"name": "f", "willContinue": True}}))
    assert (said(first), first.ends) == ([("f", (0, "calls", 1), Grain.CALLS)], ())
    more = reader.read(event({"functionCall": {"partialArgs": [{**path, "stringValue": "ab"}], "willContinue": True}}))
    assert said(more)[1] == ("ab", (0, "calls", 1, "$.q"), Grain.GROWS)
    last = reader.read(event({"functionCall": {"partialArgs": [{**path, "stringValue": "c"}]}}))
    assert (last.slots[0].arguments, last.ends) == ('{"q":"abc"}', ((0, "calls", 1),))


def test_other_words_stand_alone_and_media_are_none():
    media = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    frame = GeminiFrames().read(event(media, {"executableCode": {"language": "PYTHON", "code": "print()"}}))
    assert ("print()", Grain.ALONE) in [(slot.text, slot.grain) for slot in frame.slots]
    assert "AAAA" not in [slot.text for slot in frame.slots]


def test_tokens_that_say_more_than_their_text_go():
    odds = {"chosenCandidates": [{"token": "secret"}]}
    assert GeminiFrames().read(event({"text": "a"}, logprobsResult=odds)).stale == (
        ("candidates", 0, "logprobsResult"),
    )
    assert GeminiFrames().read(event({"text": "secret"}, logprobsResult=odds)).stale == ()


def test_what_is_no_json_is_refused():
    assert GeminiFrames().read(b": x\n\n").slots == ()
    with pytest.raises(Malformed):
        GeminiFrames().read(b"data: {\n\n")
