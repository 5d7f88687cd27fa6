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
