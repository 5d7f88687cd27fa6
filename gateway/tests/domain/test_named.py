import msgspec

from gatepost_gateway.domain.named import Named


class Colour(Named):
    RED = "red"


class Painted(msgspec.Struct):
    colour: Colour


def test_it_is_its_value_like_every_other_string_enum():
    assert Colour.RED.value == "red"
    assert Colour.RED == "red"
    assert f"{Colour.RED}" == "red"
    assert Colour("red") is Colour.RED
    assert type(Colour.RED.value) is str


def test_it_travels_as_its_value():
    assert msgspec.json.encode(Painted(Colour.RED)) == b'{"colour":"red"}'
    assert msgspec.json.decode(b'{"colour":"red"}', type=Painted).colour is Colour.RED
