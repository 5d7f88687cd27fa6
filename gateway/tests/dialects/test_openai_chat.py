import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects import openai_chat
from gatepost_gateway.dialects.envelope import LONGEST_MODEL, MAX_TOKENS
from gatepost_gateway.dialects.openai_chat import WireUsage, read_usage, summarise
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.usage import Usage

MESSAGES = '"messages":[{"role":"user","content":"hi"}]'


def read(body):
    return openai_chat.read_asked(body if isinstance(body, bytes) else body.encode())


def write_request(one, **shape):
    return openai_chat.pass_request(one, Shape(**shape))


def asked(**members):
    return read(msgspec.json.encode({"model": "m", "messages": [], **members}))


def refusal(body):
    with pytest.raises(CallerError) as caught:
        read(body)
    assert caught.value.status == 400
    return caught.value.public, caught.value.code


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(min_size=1, max_size=8).filter(lambda name: name.casefold() not in openai_chat._GOVERNED)
UNKNOWN = st.dictionaries(NAMES, JSON, max_size=5)


@settings(deadline=None, derandomize=True)
@given(UNKNOWN, st.sampled_from([(",", ":"), (", ", ": "), (" ,\n\t", " :\r\n")]))
def test_what_the_gateway_does_not_know_survives_byte_for_byte(unknown, marks):
    import json

    body = json.dumps({**unknown, "model": "m", "messages": [], "zz": 1}, separators=marks).encode()
    one = read(body)
    assert write_request(one, model="m", cap=None) is one.body
    sent = write_request(one, model="other", cap=None)
    assert list(msgspec.json.decode(sent)) == list(msgspec.json.decode(body))
    for name, raw in one.fields.items():
        if name != "model":
            assert bytes(raw) in sent


def test_numbers_keep_their_spelling_when_another_member_is_changed():
    sent = write_request(
        read('{"temperature":1.0e0,"model":"m","seed":10000000000000000000000,"messages":[]}'), model="x", cap=None
    )
    assert sent == b'{"temperature":1.0e0,"model":"x","seed":10000000000000000000000,"messages":[]}'


def test_nothing_that_was_not_set_is_sent():
    assert write_request(asked(), model="x", cap=None) == b'{"model":"x","messages":[]}'


@pytest.mark.parametrize(
    ("members", "field", "sent"),
    [
        ({}, "max_tokens", {"max_tokens": 9}),
        ({}, "max_completion_tokens", {"max_completion_tokens": 9}),
        ({"max_tokens": 50}, "max_completion_tokens", {"max_tokens": 9}),
        ({"max_completion_tokens": 50}, "max_tokens", {"max_completion_tokens": 9}),
        ({"max_tokens": None}, "max_completion_tokens", {"max_tokens": 9}),
        ({"max_tokens": 50, "max_completion_tokens": 60}, "x", {"max_tokens": 9, "max_completion_tokens": 9}),
    ],
)
def test_an_imposed_cap_is_written_where_the_caller_looks(members, field, sent):
    body = msgspec.json.decode(write_request(asked(**members), model="m", cap=9, cap_field=field))
    assert {name: value for name, value in body.items() if name not in ("model", "messages")} == sent


def test_a_stream_asks_for_its_usage_and_keeps_the_other_options():
    one = asked(stream=True, stream_options={"include_obfuscation": False})
    assert not one.wants_usage
    body = msgspec.json.decode(write_request(one, model="m", cap=None))
    assert body["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    for options in (None, {}, {"include_usage": False}, {"include_usage": None}):
        body = write_request(asked(stream=True, stream_options=options), model="m", cap=None)
        assert msgspec.json.decode(body)["stream_options"]["include_usage"] is True
    wanted = asked(stream=True, stream_options={"include_usage": True})
    assert write_request(wanted, model="m", cap=None) is wanted.body


def test_the_envelope():
    one = asked(stream=True, n=3, user="u", max_tokens=5)
    assert (one.model, one.stream, one.choices, one.user, one.max_output, one.media) == ("m", True, 3, "u", 5, 0)
    plain = asked(stream=None, n=None, max_tokens=None)
    assert (plain.stream, plain.choices, plain.user, plain.max_output) == (False, 1, None, None)


def test_of_two_caps_the_larger_is_what_a_server_may_spend():
    assert asked(max_tokens=5, max_completion_tokens=900).max_output == 900
    assert asked(max_tokens=900, max_completion_tokens=5).max_output == 900


def test_a_prediction_is_counted_because_what_is_not_used_is_billed():
    assert asked(prediction={"type": "content", "content": "x" * 100}).predicted > 100


@pytest.mark.parametrize(
    "member",
    [
        '"stream":"true"',
        '"stream":1',
        '"max_tokens":1.5',
        '"max_tokens":1e2',
        '"max_tokens":"5"',
        '"max_tokens":true',
        '"max_completion_tokens":[]',
        '"n":2.0',
        '"n":"2"',
        '"user":5',
        '"stream_options":[]',
        '"stream_options":true',
        '"stream_options":{"include_usage":"yes"}',
    ],
)
def test_a_member_of_the_wrong_type_is_named(member):
    name = member.split('"')[1]
    words, code = refusal("{" + MESSAGES + ',"model":"m",' + member + "}")
    assert name in words
    assert code is Code.INVALID_REQUEST


@pytest.mark.parametrize(
    ("member", "match"),
    [
        ('"max_tokens":-1', "max_tokens"),
        ('"max_tokens":0', "max_tokens"),
        (f'"max_tokens":{MAX_TOKENS + 1}', "max_tokens"),
        ('"max_completion_tokens":' + "9" * 40, "max_completion_tokens"),
        ('"n":0', "`n`"),
        ('"n":-1', "`n`"),
        ('"n":129', "`n`"),
        ('"n":' + "9" * 400, "`n`"),
    ],
)
def test_a_number_out_of_its_bounds_is_named(member, match):
    words, code = refusal("{" + MESSAGES + ',"model":"m",' + member + "}")
    assert match in words
    assert code is Code.INVALID_REQUEST


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("{}", "model"),
        ('{"model":"m"}', "messages"),
        ("{" + MESSAGES + "}", "model"),
        ("[]", "object"),
        ("null", "object"),
        ('"x"', "object"),
        ('{"model":5,"messages":[]}', "model"),
        ('{"model":"","messages":[]}', "empty"),
        ('{"model":null,"messages":[]}', "model"),
        ('{"model":"m","messages":{}}', "not a list"),
        ('{"model":"m","messages":"[]"}', "not a list"),
        ('{"model":"m","messages":null}', "not a list"),
    ],
)
def test_what_is_no_chat_request_is_told_why(body, match):
    words, code = refusal(body)
    assert match in words
    assert code is Code.INVALID_REQUEST


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"model":"m","messages":[]}x',
        b'{"model":"m","messages":[],}',
        b'\xef\xbb\xbf{"model":"m"}',
        b'{"model":"m","messages":[],"x":NaN}',
        b'{"model":"m","messages":[],"x":Infinity}',
        b'{"model":"m","messages":[],"x":01}',
        b'{"model":"\\ud800","messages":[]}',
        b'{"model":"m","messages":[],"x":"\xff"}',
        b'{"model":"m","messages":["\xc3\x28"]}',
        b'{"model":"m","messages":[{"content":[{"type":"image\xff"}]}]}',
    ],
)
def test_garbage_is_not_json(body):
    words, code = refusal(body)
    assert "not valid JSON" in words
    assert code is Code.INVALID_JSON


@pytest.mark.parametrize("place", ['"messages":%s,"x":0', '"messages":[],"x":%s', '"messages":["image",%s]'])
def test_json_that_is_too_deep_is_refused(place):
    deep = "[" * 100_000 + "]" * 100_000
    words, code = refusal('{"model":"m",' + place % deep + "}")
    assert "too deeply" in words
    assert code is Code.TOO_DEEP


@pytest.mark.parametrize(
    "members",
    [
        '"model":"cheap","model":"dear",{m}',
        '"model":"m","model":"m",{m}',
        '"model":"m",{m},{m}',
        '"model":"m",{m},"max_tokens":1,"max_tokens":100000',
        '"model":"m",{m},"max_tokens":1,"max_\\u0074okens":100000',
        '"x":1,{m},"model":"m","x":[1,2]',
        '"x":[1,{{"x":1}}],{m},"model":"m","x":[1]',
        '"x":{{"":"","model":"m"}},{m},"model":"m","x":{{"":""}}',
        '"x":12,{m},"model":"m","x":1',
        '"x":"a\\",\\"b\\":1",{m},"model":"m","x":"a"',
    ],
)
@pytest.mark.parametrize("spaced", [False, True])
def test_a_member_that_is_there_twice_is_refused(members, spaced):
    body = "{" + members.format(m=MESSAGES) + "}"
    words, code = refusal(body.replace(",", " , ") if spaced else body)
    assert "twice" in words
    assert code is Code.INVALID_REQUEST


@pytest.mark.parametrize(
    "name", ["Model", "MAX_TOKENS", "max_to\\u212aens", "max_token\\u017f", "N", "Stream", "Messages"]
)
def test_a_member_that_another_server_would_take_for_ours_is_refused(name):
    words, code = refusal('{"model":"m",' + MESSAGES + f',"{name}":1' + "}")
    assert "did you mean" in words
    assert code is Code.INVALID_REQUEST


def test_an_escaped_name_is_the_name():
    assert read('{"m\\u006fdel":"a",' + MESSAGES + ',"max_t\\u006fkens":7}').max_output == 7


def test_a_model_name_of_megabytes_is_refused_at_once():
    began = time.perf_counter()
    words, code = refusal('{"model":"' + "x" * 5_000_000 + '","messages":[]}')
    assert f"longer than {LONGEST_MODEL}" in words
    assert code is Code.INVALID_REQUEST
    assert time.perf_counter() - began < 2


def part(**members):
    return asked(messages=[{"role": "user", "content": [{"type": "text", "text": "hi"}, members]}]).media


@pytest.mark.parametrize(
    "kind",
    [
        "image_url",
        "input_audio",
        "file",
        "input_image",
        "video_url",
        "audio_url",
        "image",
        "document",
        ["image_url"],
        5,
    ],
)
def test_parts_that_bytes_do_not_bound_are_counted(kind):
    assert part(type=kind, image_url={"url": "http://x.test/image"}) == 1


def test_a_part_without_a_type_may_be_anything():
    assert part(image_url="http://x.test/1.png") == 1


def test_text_about_images_is_no_image():
    assert part(type="text", text="an image, a file and input_audio") == 0
    assert (
        asked(messages=[{"content": "image_url"}, "image", None, {"content": None}, {"content": ["file", 5]}]).media
        == 0
    )


def test_media_is_seen_through_escapes_and_in_every_message():
    body = (
        '{"model":"m","messages":[{"content":[{"ty\\u0070e":"\\u0069mage_url"}]},{"content":[{"type":"fi\\u006ce"}]}]}'
    )
    assert read(body).media == 2


@pytest.mark.parametrize(
    ("wire", "used"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}, Usage(10, 4)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}}, Usage(4, 4, 6)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "prompt_cache_hit_tokens": 6}, Usage(4, 4, 6)),
        (
            {"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 60}},
            Usage(0, 4, 10),
        ),
        ({"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": -6}}, Usage(10, 4)),
        (
            {"prompt_tokens": 10, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 3}},
            Usage(10, 4, reasoning=3),
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 4,
                "total_tokens": 17,
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            Usage(10, 7, reasoning=3),
        ),
        ({"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 30}, Usage(10, 20)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 2,
                "total_tokens": 386,
                "prompt_tokens_details": {"audio_tokens": 375},
            },
            Usage(384, 2),
        ),
        ({"prompt_tokens": 10}, Usage(10, 0)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 3}, Usage(10, 4)),
        ({"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 10**18}, Usage(10, 4)),
        ({}, None),
        ({"total_tokens": 5}, None),
        ({"prompt_tokens": -10, "completion_tokens": 4}, None),
        ({"prompt_tokens": 10, "completion_tokens": -4}, None),
        ({"prompt_tokens": 10**30, "completion_tokens": 4}, None),
    ],
)
def test_usage_in_every_shape_becomes_disjoint_buckets(wire, used):
    assert read_usage(msgspec.convert(wire, WireUsage)) == used


def test_no_usage_is_none():
    assert read_usage(None) is None


def reply(*choices, **more):
    return msgspec.json.encode({"id": "1", "model": "m-1", "choices": choices, **more})


def test_a_whole_answer_says_what_it_used_and_why_it_ended():
    calls = [{"id": "c", "function": {"name": "f"}}, {"id": "d", "function": {"name": "g"}}]
    body = reply(
        {"finish_reason": "tool_calls", "message": {"tool_calls": calls}},
        {"finish_reason": "stop", "message": {"content": "x"}},
        usage={"prompt_tokens": 1, "completion_tokens": 2},
        system_fingerprint="fp",
    )
    summary = summarise(body)
    assert (summary.upstream_id, summary.model, summary.fingerprint) == ("1", "m-1", "fp")
    assert (summary.finish, summary.tool_calls, summary.usage) == (("tool_calls", "stop"), ("f", "g"), Usage(1, 2))
    assert summary.text_bytes == len(body)


@pytest.mark.parametrize("choice", [{}, {"message": None}, {"message": {"tool_calls": None}}, {"finish_reason": None}])
def test_an_answer_may_leave_things_out(choice):
    assert summarise(reply(choice)).finish == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"error":{"message":"x"}}',
        b'{"choices":null}',
        b'{"choices":{}}',
        b'{"choices":[1]}',
        b'{"choices":[],"usage":"x"}',
        b"[" * 100_000,
        b'{"choices":[],"id":"\xff"}',
    ],
)
def test_what_is_no_answer_is_an_error(body):
    with pytest.raises(ValueError, match=r"."):
        summarise(body)
