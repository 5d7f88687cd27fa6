import pytest

from gatepost_gateway.dialects import members
from gatepost_gateway.dialects.members import Malformed, rest_of, split_data_url


@pytest.mark.parametrize(
    ("read", "good", "bad"),
    [
        (members.as_object, [({"a": 1}, {"a": 1})], [None, 1, "x", []]),
        (members.as_list, [(None, []), ([1], [1])], [1, "x", {}]),
        (members.as_text, [(None, ""), ("x", "x")], [1, [], {}]),
        (members.as_whole, [(None, None), (3, 3), (3.0, 3)], [True, "3", 3.5, []]),
        (members.as_number, [(None, None), (3, 3), (0.5, 0.5)], [True, "3", []]),
        (members.as_flag, [(None, None), (True, True), (False, False)], [0, "true", []]),
    ],
)
def test_a_member_has_its_shape_or_is_named(read, good, bad):
    for value, expected in good:
        assert read(value, "here") == expected
    for value in bad:
        with pytest.raises(Malformed, match="`here`"):
            read(value, "here")


def test_what_is_not_json_is_malformed():
    assert members.decoded(b'{"a":[1]}') == {"a": [1]}
    for body in (b"{", b'"\xff"', b"[" * 100_000):
        with pytest.raises(Malformed):
            members.decoded(body)


def test_the_rest_is_what_says_something():
    said = {"a": 1, "b": None, "c": [], "d": {}, "e": False, "f": 0}
    assert rest_of(said, frozenset({"a"})) == {"e": False, "f": 0}
    assert rest_of({"a": 1}, frozenset({"a"})) is None


def test_data_urls():
    assert split_data_url("https://x/y") is None
    assert split_data_url("data:image/png;base64,AAA=") == ("image/png", "AAA=")
    assert split_data_url("data:text/plain;charset=utf-8;base64,AAA=") == ("text/plain", "AAA=")
    assert split_data_url("data:;base64,AA") == ("application/octet-stream", "AA")
    for wrong in ("data:image/png,AAA", "data:image/png;base64"):
        with pytest.raises(Malformed):
            split_data_url(wrong)


def test_a_number_beyond_what_a_float_can_hold_does_not_stop_the_reading():
    assert members.parsed(b'{"a":[1e400,2]}') == {"a": [None, 2]}
    for body in (b'{"a":1e400', b"[1e400,}", b"[" * 100_000):
        with pytest.raises(Malformed):
            members.parsed(body)


@pytest.mark.parametrize(
    "number",
    ["1", "1.0", "0.10", "1E+5", "-0.0", "12345678901234567890123", "0.1000000000000000055511151231257827", "1E+400"],
)
def test_each_number_is_as_it_was_written(number):
    body = b'{"a":[%s]}' % number.encode()
    assert members.encode(members.exactly(body)) == body
    assert bytes(members.object_text(body.decode())) == body


def test_a_number_is_read_as_near_as_can_be_where_one_is_wanted():
    assert members.as_number(members.exactly(b"0.10"), "x") == 0.1
    assert members.as_whole(members.exactly(b"2e1"), "x") == 20
    for body in (b"1E400", b"1E99999"):
        with pytest.raises(Malformed):
            members.as_number(members.exactly(body), "x")
        with pytest.raises(Malformed):
            members.as_whole(members.exactly(body), "x")
    for body in (b"{", b"1E99999999999999999999999", b"[" * 100_000):
        with pytest.raises(Malformed):
            members.exactly(body)


def test_the_text_of_an_object_is_kept_but_for_its_spaces():
    assert bytes(members.object_text(' {"a": 1.50,\n "a": "x  y"}\n')) == b'{"a":1.50,"a":"x  y"}'
    assert bytes(members.object_text("")) == bytes(members.object_text(" ")) == b"{}"
    for wrong in ("[1]", "null", "1", '"x"', "{", '{"a":1}{}', "{" * 100_000):
        assert members.object_text(wrong) is None


def test_an_object_of_nulls_says_nothing():
    assert rest_of({"a": {"b": None, "c": []}, "d": {"e": 0}}, frozenset()) == {"d": {"e": 0}}
